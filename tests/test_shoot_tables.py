"""`consent.csv` beside photographs, through the whole program: approved, held, taken back."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import photos
from tests.adapters.test_xmp import packet
from tests.workspaces import NOBODY, PHOTOGRAPHER, Workspace, by_source

HEAD = (
    "photo", "photographe", "people", "id", "subject", "age_band", "situation", "notice_ref",
    "notice_language", "purposes", "territories", "valid_from", "valid_until", "face",
    "giver_role", "giver_method", "giver_on", "child_assent", "state", "state_on", "caption_en",
)  # fmt: skip
CHILD = (
    "IMG_1.JPG", PHOTOGRAPHER, "", "C-1", "S-1", "6-11", "other", "form-1", "fr", "press web",
    "world", "2019-01-01", "", "yes", "parent", "written", "2019-01-01", "given", "given",
    "2019-01-01", "A child plays",
)  # fmt: skip
EMPTY = ("IMG_2.JPG", PHOTOGRAPHER, "none")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def say(
    workspace: Workspace, *rows: Sequence[str], name: str = "shoot/consent.csv", utf: str = "utf-8"
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows((HEAD, *rows))
    path = workspace.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out.getvalue().encode(utf))


def shoot(workspace: Workspace, *numbers: int) -> None:
    for number in numbers:
        workspace.drop(f"shoot/IMG_{number}.JPG", photos.jpeg(number, 480, 320))


def standing(workspace: Workspace) -> dict[str, str]:
    """What became of every photograph, by its name."""
    found = {}
    for asset in workspace.assets().values():
        (name,) = workspace.ask("show", asset["asset"])["dropped_as"]
        found[name.rpartition("/")[2]] = asset["disposition"]
    return found


def why(workspace: Workspace, name: str) -> set[str]:
    for asset in workspace.assets().values():
        if workspace.ask("show", asset["asset"])["dropped_as"] == [f"shoot/{name}"]:
            return workspace.rules(asset["asset"])
    raise AssertionError(name)


def test_a_table_speaks_for_a_folder(workspace: Workspace) -> None:
    shoot(workspace, 1, 2, 3)
    say(workspace, CHILD, EMPTY, utf="utf-16")
    workspace.drop("other/IMG_2.JPG", photos.jpeg(9, 480, 320))
    dry = by_source(workspace.ingest("--dry-run"))
    real = by_source(workspace.ingest())
    told = {name: outcome["disposition"] for name, outcome in real.items()}
    assert told == {name: outcome["disposition"] for name, outcome in dry.items()}
    assert told == {
        "other/IMG_2.JPG": "held",
        "shoot/IMG_1.JPG": "held",
        "shoot/IMG_2.JPG": "approved",
        "shoot/IMG_3.JPG": "held",
    }
    # Nobody's face was found on a drawn child: all else is in order.
    assert "no-record" not in why(workspace, "IMG_1.JPG")
    (record,) = workspace.ask("consent", "list")["consents"]
    assert (record["id"], record["subject"]) == ("C-1", "S-1")
    assert workspace.dropped() == ["shoot/consent.csv"]


def test_a_late_and_a_changed_table_decide_again(workspace: Workspace) -> None:
    shoot(workspace, 1, 2)
    workspace.ingest()
    assert set(standing(workspace).values()) == {"held"}
    say(workspace, EMPTY)
    workspace.ingest()
    assert standing(workspace) == {"IMG_1.JPG": "held", "IMG_2.JPG": "approved"}
    assert len(workspace.filed()) == 1
    # Somebody is shown after all.
    say(workspace, (*EMPTY[:2], "", "", "S-7", "6-11"))
    workspace.ingest()
    assert standing(workspace) == {"IMG_1.JPG": "held", "IMG_2.JPG": "held"}
    assert workspace.filed() == {}


def test_a_withdrawal_in_a_table_counts(workspace: Workspace) -> None:
    shoot(workspace, 1)
    say(workspace, CHILD)
    workspace.ingest()
    gone = [*CHILD]
    gone[18:20] = "withdrawn", "2020-01-01"
    say(workspace, CHILD, gone)
    workspace.ingest()
    assert standing(workspace) == {"IMG_1.JPG": "refused"}
    # Leaving the row out takes nothing back.
    say(workspace, CHILD)
    workspace.ingest()
    assert standing(workspace) == {"IMG_1.JPG": "refused"}


def test_a_table_beside_a_sheet_and_the_strictest_wins(workspace: Workspace) -> None:
    shoot(workspace, 1, 2)
    sheet = f"schema: dam/shoot/1\nphotographer: {PHOTOGRAPHER}\npeople: none\n"
    (workspace.inbox / "shoot" / "consent.yaml").write_text(sheet)
    workspace.ingest()
    assert set(standing(workspace).values()) == {"approved"}
    say(workspace, (*EMPTY[:2], "", "", "S-7", "adult"))
    workspace.ingest()
    assert standing(workspace) == {"IMG_1.JPG": "approved", "IMG_2.JPG": "held"}
    assert "sources-agree" in why(workspace, "IMG_2.JPG")
    links = workspace.rows("select count(*) from sidecar_links")
    assert links == [(4,)]
    # The other way round: the table says nobody, the sheet lists somebody.
    say(workspace, EMPTY, ("IMG_1.JPG", PHOTOGRAPHER, "none"))
    named = sheet.replace("people: none", "people: [{subject: S-8, age_band: adult}]")
    (workspace.inbox / "shoot" / "consent.yaml").write_text(named)
    workspace.ingest()
    assert set(standing(workspace).values()) == {"held"}


def test_a_photos_own_sidecar_is_nearer(workspace: Workspace) -> None:
    shoot(workspace, 2)
    workspace.say("shoot/IMG_2.JPG", NOBODY)
    say(workspace, ("IMG_2.JPG", "radouan-bounjoum", "none"))
    workspace.ingest()
    (asset,) = workspace.assets().values()
    told = workspace.ask("show", asset["asset"])
    assert asset["disposition"] == "approved"
    assert PHOTOGRAPHER in str(told)


@pytest.mark.parametrize(
    "data",
    [
        "photo;légende;people\nIMG_2.JPG;été;none\n".encode("cp1252"),
        b"photo;subject name\nIMG_2.JPG;Amina Alaoui\n",
    ],
)
def test_a_table_that_cannot_be_read_holds_its_folder(workspace: Workspace, data: bytes) -> None:
    shoot(workspace, 2)
    say(workspace, EMPTY)
    workspace.ingest()
    assert standing(workspace) == {"IMG_2.JPG": "approved"}
    (workspace.inbox / "shoot" / "consent.csv").write_bytes(data)
    workspace.drop("shoot/IMG_5.JPG", photos.jpeg(5, 480, 320), NOBODY)
    report = workspace.ingest()
    assert standing(workspace) == {"IMG_2.JPG": "held", "IMG_5.JPG": "held"}
    assert "Amina" not in str(report)
    assert "readable" in why(workspace, "IMG_2.JPG")
    say(workspace, EMPTY)
    workspace.ingest()
    assert set(standing(workspace).values()) == {"approved"}


def test_the_template_as_it_is_holds_and_filled_in_it_speaks(workspace: Workspace) -> None:
    shoot(workspace, 2)
    table = workspace.inbox / "shoot" / "consent.csv"
    workspace.run("consent", "template", "--for", "shoot", "--lang", "fr", "--out", str(table))
    workspace.ingest()
    assert standing(workspace) == {"IMG_2.JPG": "held"}
    lines = table.read_text("utf-8-sig").splitlines()
    head = lines[0].split(";")
    row = {head[0]: "IMG_2.JPG", "personnes": "none", "photographe": PHOTOGRAPHER}
    lines.append(";".join(row.get(name, "") for name in head))
    table.write_text("\n".join(lines), "utf-8-sig")
    workspace.ingest()
    assert standing(workspace) == {"IMG_2.JPG": "approved"}
    for words in (["--out", "x.xlsx"], ["--format", "yaml", "--out", "consent.csv"]):
        workspace.run("consent", "template", "--for", "shoot", *words, code=2)


def test_what_a_photos_metadata_says_of_people_only_narrows(workspace: Workspace) -> None:
    """A release, a face where nobody declared stands: somebody is shown of whom nobody spoke."""
    for number in (1, 2):
        workspace.drop(f"shoot/IMG_{number}.JPG", photos.jpeg(number, 480, 320), NOBODY)
    released = "<plus:ModelReleaseID>C-1</plus:ModelReleaseID>"
    beside = workspace.inbox / "shoot" / "IMG_1.JPG.xmp"
    beside.write_bytes(packet(released, 'plus:ModelReleaseStatus="MR-UMR"'))
    workspace.ingest()
    assert standing(workspace) == {"IMG_1.JPG": "held", "IMG_2.JPG": "approved"}
    assert why(workspace, "IMG_1.JPG") == {"sources-agree"}
