"""Who has not answered a recall stands in every form of an audit, and all forms say the same."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

from pypdf import PdfReader

from tests.test_audit_page import Tables
from tests.test_recalls import RECIPIENT, asked, days_later, exported, packs, taken_back
from tests.workspaces import Json, Workspace, invoked

__all__ = ["asked", "days_later", "exported", "taken_back"]
KINDS = ("recall_open", "recall_overdue")
_UNSEEN = re.compile(r"[\s\u2068\u2069\u200b\u00ad]+")


def told(workspace: Workspace, format_: str, *words: str) -> bytes:
    """What an audit prints by the clock of this process."""
    command = ["-C", str(workspace.root), "audit", *words, "--format", format_]
    done = invoked(command)
    assert done.exit_code == 0, done.stderr
    return done.stdout_bytes


def close(text: str) -> str:
    """Without what a page or a terminal adds between letters."""
    return _UNSEEN.sub("", text)


def test_every_form_tells_the_same(
    asked: Workspace, tmp_path: Path, days_later: Callable[[int], None]
) -> None:
    """One recipient was never told and is overdue, the other has until March."""
    late, other = packs(asked)[RECIPIENT], packs(asked)["Akhbar"]
    asked.ask("recall", other, "--out", str(tmp_path / "letters"), "--deadline", "90d")
    days_later(20)
    document: Json = json.loads(told(asked, "json"))
    findings = [f for f in document["findings"] if f["kind"] in KINDS]
    assert {(f["kind"], f["severity"], f["pack"]) for f in findings} == {
        ("recall_overdue", "critical", late),
        ("recall_open", "high", other),
    }
    expected = sorted((f["severity"], f["kind"], f["message"], f["advice"]) for f in findings)
    assert [f"dam recall {late}" in f["advice"] for f in findings] == [True, False]

    rows = csv.DictReader(io.StringIO(told(asked, "csv").decode()))
    assert expected == sorted(
        (row["severity"], row["finding"], row["what"], row["advice"])
        for row in rows
        if row["finding"] in KINDS
    )
    page = Tables(told(asked, "html").decode())
    assert expected == sorted(
        (row[0], row[1], row[4], row[5]) for row in page.tables["findings"][1:] if row[1] in KINDS
    )
    counted = {row[1]: (row[0], row[2]) for row in page.tables["kinds"][1:] if row[1] in KINDS}
    assert counted == {"recall_overdue": ("critical", "1"), "recall_open": ("high", "1")}
    reader = PdfReader(io.BytesIO(told(asked, "pdf")), strict=True)
    paper = close("".join(each.extract_text() for each in reader.pages))
    terminal = close(told(asked, "table", "--limit", "0").decode())
    for severity, kind, message, _ in expected:
        assert close(f"{severity}{kind}1") in paper
        assert close(f"{severity}{kind}1") in terminal
        # Cells stand beside each other; each word of a sentence is there in its order.
        for text in (paper, terminal):
            assert re.search(".*?".join(map(re.escape, message.split())), text, re.S), message


def test_a_past_day_tells_it_as_it_was(
    asked: Workspace, tmp_path: Path, days_later: Callable[[int], None]
) -> None:
    today = json.loads(told(asked, "json"))["as_of"]
    days_later(20)
    asked.ask("recall", packs(asked)[RECIPIENT], "--out", str(tmp_path / "letters"))
    ident = [r for r in asked.ask("recall", "list")["recalls"] if r["recipient"] == RECIPIENT]
    asked.ask("recall", "ack", ident[0]["recall"], "--by", "press-officer")
    rows = list(csv.DictReader(io.StringIO(told(asked, "csv", "--as-of", today).decode())))
    assert [row["finding"] for row in rows if row["finding"] in KINDS] == ["recall_open"] * 2
    now = list(csv.DictReader(io.StringIO(told(asked, "csv").decode())))
    assert [row["finding"] for row in now if row["finding"] in KINDS] == ["recall_overdue"]


def test_a_past_day_says_what_it_does_not_tell(
    asked: Workspace, tmp_path: Path, days_later: Callable[[int], None]
) -> None:
    """No silence about the inbox and the archive of then, in whichever form and language."""
    today = json.loads(told(asked, "json"))["as_of"]
    days_later(1)
    said = {
        "en": "orphan_sidecar and integrity are not told",
        "fr": "les constats orphan_sidecar et integrity ne sont pas donnés",
        "ar": "لذلك لا تُذكر النتيجتان orphan_sidecar وintegrity",
    }
    for lang, words in said.items():
        for format_ in ("table", "csv", "ics", "html", "json"):
            command = ["-C", str(asked.root), "--lang", lang, "audit", "--as-of", today]
            done = invoked([*command, "--format", format_])
            shown = done.stderr if format_ in ("csv", "ics") else done.stdout
            wanted = said["en"] if format_ == "json" else words
            assert close(wanted) in close(shown), (lang, format_)
        assert close(words) not in close(told(asked, "html").decode())
    reader = PdfReader(io.BytesIO(told(asked, "pdf", "--as-of", today)), strict=True)
    assert close(said["en"]) in close("".join(each.extract_text() for each in reader.pages))
    # Whoever asks for other kinds alone misses nothing.
    only = json.loads(told(asked, "json", "--as-of", today, "--kind", "refused"))
    assert only["doubts"] == []
