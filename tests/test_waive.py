"""`dam waive`: what a waiver does to a photograph, where it is told of, and how it ends."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from dam.adapters.lock import WorkspaceLock
from dam.cli import context
from dam.core import errors
from tests import photos
from tests.test_consent_commands import ask, run
from tests.test_consents import spoken, written
from tests.workspaces import Json, Workspace, by_source, environment, once

BY = "safeguarding-officer"
SECRET = "Fatima's mother phoned"
RULE = "in-time"


def sidecar(number: int, **said: object) -> str:
    """A child whose consent ended in 2022, and a caption that names no place."""
    told = spoken(number, **{"valid_until": "2022-10-31", **said})
    return written(told | {"caption": {"fr": "Un atelier", "ar": "ورشة", "en": "A workshop"}})


def later(days: int) -> str:
    return (context.now().date() + timedelta(days=days)).isoformat()


def words(asset: str, rule: str = RULE, *more: str, until: str = "") -> tuple[str, ...]:
    end = until or later(30)
    return ("waive", asset, rule, "--by", BY, "--until", end, "--reason", SECRET, *more)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


@pytest.fixture(scope="session")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a photograph that is held by `in-time` and nothing else."""

    def make(folder: Path) -> None:
        workspace = Workspace.init(folder / "w")
        workspace.drop("1.jpg", photos.jpeg(1, 480, 320), sidecar(1))
        run(workspace, "ingest")
        (asset,) = workspace.ask("list")["assets"]
        assert workspace.rules(asset["asset"]) == {RULE}

    return once(tmp_path_factory, "waiting", make) / "w"


@pytest.fixture
def held(workspace: Workspace, waiting: Path) -> str:
    """The photograph; its workspace is a copy of that one."""
    shutil.rmtree(workspace.root)
    shutil.copytree(waiting, workspace.root, symlinks=True)
    ((asset,),) = workspace.rows("SELECT id FROM assets")
    return str(asset)


def listed(workspace: Workspace, *more: str) -> list[Json]:
    found = ask(workspace, "waive", "list", *more)["waivers"]
    assert isinstance(found, list)
    return found


@pytest.fixture
def days_later(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Sets the clock on by so many days."""

    def move(days: int) -> None:
        def moved() -> datetime:
            return real() + timedelta(days=days)

        monkeypatch.setattr(context, "now", moved)

    real = context.now
    return move  # type: ignore[return-value]


# Giving --------------------------------------------------------------------------------------


def test_a_waiver_files_the_picture_and_is_told_of_everywhere(
    workspace: Workspace, held: str, tmp_path: Path
) -> None:
    done = ask(workspace, *words(held))
    (given,) = done["waivers"]
    assert (given["rule"], given["by"], given["until"]) == (RULE, BY, later(30))
    assert "archive" in given["purposes"]
    (outcome,) = done["photos"]["assets"]
    assert outcome["disposition"] == "approved"
    assert [w["waiver"] for w in outcome["waived"]] == [given["waiver"]]
    assert len(workspace.filed()) == 1

    shown = ask(workspace, "show", held)
    assert [w["waiver"] for w in shown["waivers"]] == [given["waiver"]]
    archive = next(d for d in shown["decisions"] if d["purpose"] == "archive")
    assert [(w["rule"], w["by"], w["until"]) for w in archive["waived"]] == [(RULE, BY, later(30))]
    assert archive["waived"][0]["reason"]["subjects"] == ["S-0001"]
    assert archive["holds_until"] == later(31)
    assert ask(workspace, "explain", held)["decision"]["waived"] == archive["waived"]
    (row,) = ask(workspace, "list")["assets"]
    assert [w["rule"] for w in row["waivers"]] == [RULE]
    assert ask(workspace, "status")["waivers"] == 1
    audit = ask(workspace, "audit")
    assert audit["totals"]["waivers"] == 1
    assert audit["assets"][0]["waivers"] == [given["waiver"]]
    (finding,) = [f for f in audit["findings"] if f["kind"] == "waiver"]
    assert (finding["asset"], finding["subjects"]) == (held, ["S-0001"])
    assert RULE in finding["message"]
    assert BY in finding["message"]
    workspace.run("audit", "--fail-on", "waiver", code=errors.FINDINGS)
    order = ("export", "press", "--recipient", "R", "--out", str(tmp_path / "pack"))
    for pack in (ask(workspace, *order, "--dry-run"), ask(workspace, *order)):
        (item,) = pack["included"]
        assert [w["waiver"] for w in item["waived"]] == [given["waiver"]]
    inside = b"".join(p.read_bytes() for p in sorted((tmp_path / "pack").rglob("*")) if p.is_file())
    for word in (given["waiver"], BY, RULE, SECRET, "waive"):
        assert word.encode() not in inside

    for command in (("show", held), ("list",), ("audit",), ("explain", held)):
        assert RULE in run(workspace, *command), command
    assert "under a waiver" in run(workspace, *order[:-1], str(tmp_path / "other"))


def test_the_reason_is_shown_to_whom_asks_for_it_and_nowhere_else(
    workspace: Workspace, held: str
) -> None:
    said = run(workspace, *words(held))
    order = ("export", "press", "--recipient", "R", "--out", str(workspace.root / "p"), "--dry-run")
    for command in (("show", held), ("explain", held), ("list",), ("audit",), ("status",), order):
        said += run(workspace, *command) + json.dumps(ask(workspace, *command))
    said += run(workspace, "waive", "list", "--all") + json.dumps(listed(workspace, "--all"))
    assert SECRET not in said
    assert SECRET not in repr(workspace.rows("SELECT * FROM events"))
    assert SECRET not in repr(workspace.rows("SELECT * FROM decisions"))
    (one,) = listed(workspace, "--personal")
    assert one["reason"] == SECRET
    assert listed(workspace)[0]["reason"] == "(on record)"
    bodies = [json.loads(b) for (b,) in workspace.rows(
        "SELECT body FROM events WHERE type = 'waiver.given'"
    )]  # fmt: skip
    assert [(b["rule"], b["by"], b["waiver"]) for b in bodies] == [(RULE, BY, one["waiver"])]


def test_a_pack_for_another_purpose_needs_a_waiver_of_its_own(
    workspace: Workspace, held: str, tmp_path: Path
) -> None:
    run(workspace, *words(held))
    assert workspace.rules(held, "donor") == {"purpose-and-territory"}
    order = ("export", "donor", "--recipient", "R", "--out", str(tmp_path / "pack"))
    assert ask(workspace, *order)["included"] == []
    told = run(workspace, *words(held, "purpose-and-territory", "--purpose", "donor"))
    assert "(donor)" in told
    (item,) = ask(workspace, *order)["included"]
    assert {w["rule"] for w in item["waived"]} == {RULE, "purpose-and-territory"}


def test_a_waiver_for_the_press_alone_leaves_the_archive_held(
    workspace: Workspace, held: str
) -> None:
    run(workspace, *words(held, RULE, "--purpose", "press"))
    assert workspace.rules(held, "press") == set()
    assert workspace.rules(held) == {RULE}
    assert workspace.filed() == {}


def test_a_later_waiver_takes_the_place_of_one_that_covers_no_more(
    workspace: Workspace, held: str
) -> None:
    first = ask(workspace, *words(held, RULE, "--purpose", "press"))["waivers"][0]["waiver"]
    second = ask(workspace, *words(held, until=later(60)))["waivers"][0]["waiver"]
    third = ask(workspace, *words(held, RULE, "--purpose", "web"))["waivers"][0]["waiver"]
    assert [w["waiver"] for w in listed(workspace)] == [second, third]
    states = {w["waiver"]: w["state"] for w in listed(workspace, "--all")}
    assert states[first] == "replaced"
    assert states[second] == "in_force"


CANNOT: list[tuple[tuple[str, ...], str]] = [
    (("in-tim",), "Did you mean in-time?"),
    (("nothing-like-it",), "`dam rules list`"),
    (("no-record",), "no-record does not hold this photograph. These do: in-time"),
    ((RULE, "--by", "Fatima Zahra"), "--by takes a role"),
    ((RULE, "--reason", " "), "--reason takes a text"),
    ((RULE, "--until", "2021-01-01"), "--until has passed"),
    ((RULE, "--until", "31/12/2027"), "YYYY-MM-DD"),
    ((RULE, "--until", later(500)), "waiver_max in rules/consent/policy.yaml is 1y"),
    ((RULE, "--territory", "Maroc"), "--territory takes a country"),
]


def test_what_cannot_be_meant_changes_nothing(workspace: Workspace, held: str) -> None:
    before = workspace.rows("SELECT count(*) FROM events")
    for other, said in CANNOT:
        command = (*words(held), *other[1:]) if other[1:] else words(held, other[0])
        told = run(workspace, *command, code=errors.USAGE)
        assert said in told
        assert "Fatima" not in told
    assert workspace.rows("SELECT count(*) FROM events") == before
    assert listed(workspace, "--all") == []


def test_how_far_ahead_is_the_policys_to_say(workspace: Workspace, held: str) -> None:
    policy = workspace.root / "rules" / "consent" / "policy.yaml"
    policy.write_text(policy.read_text() + "waiver_max: 30d\n")
    run(workspace, "ingest")
    assert "is 30d" in run(workspace, *words(held, until=later(31)), code=errors.USAGE)
    assert "is waived" in run(workspace, *words(held))


REFUSALS: list[tuple[dict[str, object], str, str]] = [
    ({"state": "withdrawn"}, "withdrawn-or-refused", "a no is never waived"),
    ({"assent": "refused"}, "assent-refused", "a no is never waived"),
    ({"photographer": None}, "credited", "no rendition goes out without its credit"),
]


def test_what_nobody_can_waive(workspace: Workspace) -> None:
    for number, (said, *_) in enumerate(REFUSALS):
        told = sidecar(number, **said)
        workspace.drop(f"{number}.jpg", photos.jpeg(number, 480, 320), told)
    found = by_source(ask(workspace, "ingest"))
    for number, (_, rule, why) in enumerate(REFUSALS):
        asset = found[f"{number}.jpg"]["asset"]
        assert why in run(workspace, *words(asset, rule), code=errors.USAGE)
    assert workspace.filed() == {}


def test_without_a_sidecar_nobody_could_take_it_back(workspace: Workspace) -> None:
    workspace.drop("1.jpg", photos.plain(1))
    workspace.drop("2.jpg", b"no photograph")
    run(workspace, "ingest")
    ids = {a["disposition"]: a["asset"] for a in workspace.ask("list")["assets"]}
    told = run(workspace, *words(ids["held"], "people-stated"), code=errors.USAGE)
    assert "no withdrawal could ever reach" in told
    told = run(workspace, *words(ids["quarantined"], "readable"), code=errors.USAGE)
    assert "could not be read" in told


# Ending --------------------------------------------------------------------------------------


def test_ended_by_a_role_the_picture_leaves_the_archive(workspace: Workspace, held: str) -> None:
    run(workspace, *words(held))
    assert len(workspace.filed()) == 1
    assert "There are waivers of: in-time" in run(
        workspace, "waive", "end", held, "credited", "--by", "dpo", code=errors.USAGE
    )
    done = ask(workspace, "waive", "end", held, RULE, "--by", "dpo")
    assert done["photos"]["retracted"] == [held]
    assert workspace.filed() == {}
    assert listed(workspace) == []
    (over,) = listed(workspace, "--all")
    assert (over["state"], over["ended_by"]) == ("ended", "dpo")
    assert ask(workspace, "status")["waivers"] == 0
    assert ask(workspace, "audit")["totals"]["waivers"] == 0
    run(workspace, "waive", "end", held, RULE, "--by", "dpo", code=errors.USAGE)
    types = [kind for (kind,) in workspace.rows("SELECT type FROM events ORDER BY seq")]
    assert types.count("waiver.given") == types.count("waiver.ended") == 1


def test_after_its_last_day_the_hold_is_back(
    workspace: Workspace, held: str, days_later: object
) -> None:
    run(workspace, *words(held))
    move = days_later
    assert callable(move)
    move(30)
    run(workspace, "ingest")
    assert len(workspace.filed()) == 1
    move(31)
    assert ask(workspace, "audit")["totals"]["waivers"] == 0
    run(workspace, "ingest")
    assert workspace.filed() == {}
    assert workspace.rules(held) == {RULE}
    assert listed(workspace) == []
    assert [w["state"] for w in listed(workspace, "--all")] == ["over"]


def test_a_withdrawal_ends_it_for_good(workspace: Workspace, held: str) -> None:
    run(workspace, *words(held))
    done = ask(workspace, "consent", "withdraw", "C-2021-0001", "--by", "parent")
    assert done["photos"]["retracted"] == [held]
    assert workspace.filed() == {}
    (over,) = listed(workspace, "--all")
    assert (over["state"], over["ended_by"]) == ("refused", None)
    bodies = [json.loads(b) for (b,) in workspace.rows(
        "SELECT body FROM events WHERE type = 'waiver.ended'"
    )]  # fmt: skip
    assert [b["why"] for b in bodies] == ["refused"]


def test_a_refusal_that_was_taken_back_leaves_it_ended(workspace: Workspace, held: str) -> None:
    """The assent is no event: only that the waiver ended is on record for ever."""
    run(workspace, *words(held))
    workspace.say("1.jpg", sidecar(1, assent="refused"))
    run(workspace, "ingest")
    assert workspace.filed() == {}
    workspace.say("1.jpg", sidecar(1))
    run(workspace, "ingest")
    assert workspace.rules(held) == {RULE}
    assert [w["state"] for w in listed(workspace, "--all")] == ["refused"]


def test_other_evidence_is_not_what_was_waived(workspace: Workspace, held: str) -> None:
    run(workspace, *words(held))
    workspace.say("1.jpg", sidecar(1, valid_until="2022-09-30"))
    run(workspace, "ingest")
    assert workspace.filed() == {}
    assert workspace.rules(held) == {RULE}
    (one,) = listed(workspace)
    assert (one["state"], one["lifts"]) == ("idle", [])
    (finding,) = [f for f in ask(workspace, "audit")["findings"] if f["kind"] == "waiver"]
    assert "lifts nothing today" in finding["message"]
    # Waived again for what there is now, the old one has nothing left to say.
    run(workspace, *words(held))
    assert len(workspace.filed()) == 1
    assert [w["state"] for w in listed(workspace)] == ["in_force"]


# Beside others, and killed -------------------------------------------------------------------


def test_beside_a_running_dam_it_is_recorded_and_carried_out_by_it(
    workspace: Workspace, held: str
) -> None:
    with WorkspaceLock(workspace.root / ".dam" / "lock"):
        assert "Another dam is at work here" in run(workspace, *words(held))
        assert workspace.filed() == {}
    assert workspace.ingest()["counts"]["approved"] == 1
    assert len(workspace.filed()) == 1


KILLED = """
import os, sys
from dam.adapters.catalog.waivers import WaiverWrites
from dam.cli import waive
from dam.cli.main import run

def die(*args, **kwargs):
    os._exit(9)

if sys.argv[1] == "inside":
    WaiverWrites.{inside} = die
else:
    waive.follow = die
sys.argv[1:] = sys.argv[2:]
run()
"""


def killed(workspace: Workspace, moment: str, inside: str, *command: str) -> None:
    """A command that is killed inside its transaction, or right after it."""
    script = KILLED.format(inside=inside)
    done = subprocess.run(
        [sys.executable, "-c", script, moment, "-C", str(workspace.root), *command],
        env=environment(),
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 9, done.stderr


def test_killed_while_giving_nothing_or_all_of_it_is_there(workspace: Workspace, held: str) -> None:
    killed(workspace, "inside", "add_waiver", *words(held))
    assert listed(workspace, "--all") == []
    assert workspace.ingest()["counts"]["approved"] == 0
    killed(workspace, "after", "add_waiver", *words(held))
    assert len(listed(workspace)) == 1
    assert ask(workspace, "status")["due"] == 1
    assert workspace.ingest()["counts"]["approved"] == 1
    assert len(workspace.filed()) == 1


def test_killed_while_ending_nothing_or_all_of_it_is_there(workspace: Workspace, held: str) -> None:
    run(workspace, *words(held))
    end = ("waive", "end", held, RULE, "--by", BY)
    killed(workspace, "inside", "end_waiver", *end)
    assert len(listed(workspace)) == 1
    killed(workspace, "after", "end_waiver", *end)
    assert listed(workspace) == []
    workspace.ingest()
    assert workspace.filed() == {}
    checks = {c["name"]: c for c in workspace.ask("doctor")["checks"]}
    assert checks["ledger"]["fine"], checks["ledger"]["found"]


def test_a_dry_run_beside_a_waiver_changes_nothing(workspace: Workspace, held: str) -> None:
    run(workspace, *words(held))
    workspace.drop("1b.jpg", photos.jpeg(1, 480, 320), sidecar(1))
    before = workspace.snapshot()
    (outcome,) = workspace.ingest("--dry-run")["assets"]
    assert outcome["disposition"] == "duplicate"
    assert [w["rule"] for w in outcome["waived"]] == [RULE]
    assert workspace.snapshot() == before


def test_the_word_give_may_be_said(workspace: Workspace, held: str) -> None:
    assert "is waived" in run(workspace, "waive", "give", *words(held)[1:])
    options = words(held)[3:]
    assert "is waived" in run(workspace, "waive", *options, held, RULE)
    assert date.fromisoformat(listed(workspace)[0]["given_on"]) == context.now().date()
