"""What leads from a withdrawal to the recalls, and what retention keeps for them and for packs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.family import asset
from tests.test_recalls import (
    RECIPIENT,
    asked,
    days_later,
    exported,
    packs,
    taken_back,
    workspace,
)
from tests.workspaces import Workspace

__all__ = ["asked", "days_later", "exported", "taken_back", "workspace"]
UNSAID = "schema: dam/photo/1\nphotographer: rachid-azzouzy\n"


def listed(workspace: Workspace) -> set[str]:
    """The photographs whose originals would go."""
    items = workspace.ask("retention")["items"]
    return {item["id"] for item in items if item["what"].endswith("_originals")}


def answer(workspace: Workspace, recipient: str, out: Path) -> None:
    (letter,) = workspace.ask("recall", packs(workspace)[recipient], "--out", str(out))["letters"]
    workspace.ask("recall", "ack", letter["recall"], "--by", "press-officer")


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", "2 recipients have packs with them: see dam recall list"),
        ("fr", "2 destinataires ont des dossiers de presse qui les contiennent : voir "),
        ("ar", "مستلمان لديهما حزم فيها منها: انظر dam recall list"),
    ],
)
def test_whoever_takes_back_is_told_of_the_recalls(
    workspace: Workspace, lang: str, told: str
) -> None:
    words = ("consent", "withdraw", "C-1", "--by", "parent")
    rehearsed = workspace.run("--lang", lang, *words, "--dry-run").stdout.decode()
    assert "dam recall list" not in rehearsed
    shown = workspace.run("--lang", lang, *words).stdout.decode()
    assert told in re.sub("[\u2068\u2069]", "", shown)
    assert len(workspace.ask("recall", "list")["recalls"]) == 2


def test_an_original_stays_for_an_open_recall_alone(
    asked: Workspace, tmp_path: Path, days_later: Callable[[int], None]
) -> None:
    alone, group = asset(asked, "a.jpg"), asset(asked, "g.jpg")
    # The pack itself has ended long before; what was asked back counts.
    days_later(1200)
    assert listed(asked) == set()
    answer(asked, RECIPIENT, tmp_path / "letters")
    # The other recipient has not answered.
    assert listed(asked) == set()
    assert "restricted" not in asked.ask("retention", "--apply")["erased"]
    answer(asked, "Akhbar", tmp_path / "others")
    assert listed(asked) == {alone, group}
    erased = asked.ask("retention", "--apply")["erased"]
    assert (erased["restricted"], erased["refused"]) == (1, 1)


def test_an_answered_recall_ends_what_the_pack_needed(
    asked: Workspace, tmp_path: Path, days_later: Callable[[int], None]
) -> None:
    """The pack goes on with its other pictures; the one that was taken back may go."""
    alone = asset(asked, "a.jpg")
    for recipient in (RECIPIENT, "Akhbar"):
        answer(asked, recipient, tmp_path / recipient)
    days_later(30)
    until = datetime.now().astimezone().date() + timedelta(60)
    assert asked.ask("packs", "show", packs(asked)[RECIPIENT])["until"] > until.isoformat()
    rules = asked.root / "rules" / "retention.yaml"
    text = rules.read_text().replace("restricted_originals\n    keep: 1y", "restricted_originals\n"
                                     "    keep: 30d")  # fmt: skip
    rules.write_text(text)
    days_later(31)
    assert listed(asked) == {alone}


def test_an_original_stays_for_a_pack_that_may_still_be_used(
    asked: Workspace, tmp_path: Path, days_later: Callable[[int], None]
) -> None:
    hall = asset(asked, "hall.jpg")
    until = (datetime.now().astimezone().date() + timedelta(1300)).isoformat()
    asked.run("export", "press", "--asset", hall, "--until", until, "--recipient", "Yabiladi",
              "--out", str(tmp_path / "hall"))  # fmt: skip
    # Nobody may use it any more, and nobody asked for it back.
    asked.say("hall.jpg", UNSAID)
    asked.ingest()
    assert asked.ask("show", hall)["disposition"] == "held"
    days_later(1290)
    assert hall not in listed(asked)
    days_later(1302)
    assert hall in listed(asked)
