"""Press packs as a communications officer makes them: what is asked for, what goes, what stays."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dam.core import errors
from tests import photos
from tests.test_consents import spoken, written
from tests.workspaces import EMPTY_HALL, Json, Workspace, once

#: Consents are of last month. A child of the youngest years comes of age in twelve years at least,
#: and a consent without a nearer end is over after ten.
TODAY = datetime.now(UTC).astimezone().date()
GIVEN = (TODAY - timedelta(days=30)).isoformat()
LONG = "2091-10-31"
SOON, LATER = TODAY + timedelta(days=100), TODAY + timedelta(days=101)


def said(number: int, **said: object) -> str:
    """A child with a complete consent for press of last month."""
    own = {
        "location": {"country": "MA", "city": said.pop("city", "Tanger")},
        "captured": said.pop("captured", "2021-11-18"),
        "programme": said.pop("programme", "amal"),
        "tags": said.pop("tags", []),
        "caption": {"fr": f"Un atelier {number}", "en": f"A workshop {number}"},
    }
    told = {**spoken(number, **said), **own}
    (record,) = told["consents"]
    record["scope"] |= {"valid_from": GIVEN, "valid_until": said.get("valid_until", LONG)}
    record["events"] = [{"state": "given", "on": GIVEN}]
    record["givers"][0]["on"] = GIVEN
    return written(told)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


#: Of two towns, three days, two tags; the consent of one ends soon.
FIVE: list[Json] = [
    {"captured": "2021-11-16", "tags": ["theatre"]},
    {"captured": "2021-11-17", "city": "Oujda", "tags": ["theatre", "music"]},
    {"captured": "2021-11-18", "city": "Oujda"},
    {"captured": "2021-11-18", "valid_until": SOON.isoformat()},
    {"captured": "2021-11-19", "purposes": ["donor"]},
]


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the five pictures; not to be changed."""

    def make(folder: Path) -> None:
        workspace = Workspace.init(folder / "w")
        for number, each in enumerate(FIVE, 1):
            workspace.drop(f"{number}.jpg", photos.jpeg(number, 480, 320), said(number, **each))
        workspace.ingest()

    return once(tmp_path_factory, "five", make) / "w"


@pytest.fixture
def five(ready: Path, tmp_path: Path) -> Workspace:
    """A copy of it."""
    shutil.copytree(ready, tmp_path / "w", symlinks=True)
    return Workspace(tmp_path / "w")


def number_of(workspace: Workspace, asset: str) -> int:
    (name,) = workspace.ask("show", asset)["dropped_as"]
    return int(str(name).rpartition("/")[2].partition(".")[0])


def planned(workspace: Workspace, *words: str, purpose: str = "press") -> tuple[list[int], Json]:
    """The pictures that would go, by number, and all that the dry run says."""
    told = workspace.ask(
        "export", purpose, "--recipient", "R", "--out", "nowhere", "--dry-run", *words
    )
    return [number_of(workspace, item["asset"]) for item in told["included"]], told


def exported(workspace: Workspace, out: Path, *words: str, purpose: str = "press") -> Json:
    return workspace.json("export", purpose, "--recipient", "Le Matin", "--out", str(out), *words)


def files_of(pack: Path) -> dict[str, str]:
    """SHA-256 of every file of a pack, by its path in the pack."""
    return {
        str(path.relative_to(pack)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(pack.rglob("*"))
        if path.is_file()
    }


# What is asked for ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ([], [1, 2, 3, 4]),
        (["--place", "oujda"], [2, 3]),
        (["--place", "MA"], [1, 2, 3, 4]),
        (["--since", "2021-11-17"], [2, 3, 4]),
        (["--since", "2021-11-17", "--taken-until", "2021-11-17"], [2]),
        (["--tag", "Theatre"], [1, 2]),
        (["--tag", "theatre", "--tag", "music"], [2]),
        (["--programme", "amal"], [1, 2, 3, 4]),
        (["--programme", "other"], []),
        (["--limit", "2"], [1, 2]),
        (["--query", "'music' in photo.tags || photo.captured == '2021-11-16'"], [1, 2]),
        (["--query", "persons.exists(p, p.minor)", "--limit", "1"], [1]),
        (["--until", SOON.isoformat()], [1, 2, 3, 4]),
        (["--until", LATER.isoformat()], [1, 2, 3]),
        (["--territory", "FR"], [1, 2, 3, 4]),
    ],
)
def test_what_is_asked_for_goes(ready: Path, words: list[str], numbers: list[int]) -> None:
    found, told = planned(Workspace(ready), *words)
    assert sorted(found) == numbers
    # By the day they were taken.
    assert sorted(map(str, found[:1])) == list(map(str, numbers[:1]))
    assert told["pack"] is None
    assert not Path("nowhere").exists()


def test_an_asset_by_the_beginning_of_its_id(five: Workspace) -> None:
    (first, *_) = five.ask("list")["assets"]
    found, _ = planned(five, "--asset", first["asset"][:5])
    assert found == [number_of(five, first["asset"])]


def test_what_stays_is_told_with_reasons(five: Workspace) -> None:
    _, told = planned(five)
    (left,) = told["excluded"]
    assert number_of(five, left["asset"]) == 5
    assert [reason["rule"] for reason in left["reasons"]] == ["purpose-and-territory"]
    _, told = planned(five, "--until", LATER.isoformat(), "--limit", "9")
    assert len(told["excluded"]) == 2
    (short,) = [each for each in told["excluded"] if number_of(five, each["asset"]) == 4]
    assert short["note"] == f"It may be used until {SOON} only"
    assert "renew" in short["hint"]
    said = five.run(
        "export",
        "press",
        "--recipient",
        "R",
        "--out",
        "x",
        "--dry-run",
        "--until",
        LATER.isoformat(),
    )
    assert f"{SOON} only" in said.stdout.decode()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--query", "photo.tgas.size() > 0"], "photo.tgas"),
        (["--query", "photo.captured"], "no yes or no"),
        (["--query", "(("], "no CEL expression"),
        (["--query", "now() > 1"], "there is no function"),
        (["--until", "2001-01-01"], "in the past"),
        (["--territory", "Maroc"], "two-letter"),
        (["--format", "zip", "--format", "folder"], "two things at once"),
        (["--format", "zip"], ".zip"),
        (["--asset", "zzzzzzzz"], "no asset with this id"),
    ],
)
def test_mistakes_are_told_in_a_line(
    ready: Path, tmp_path: Path, words: list[str], told: str
) -> None:
    done = Workspace(ready).run(
        "export", "press", "--recipient", "R", "--out", str(tmp_path / "x"), *words,
        code=errors.USAGE,
    )  # fmt: skip
    assert told in " ".join(done.stderr.decode().split())
    assert not (tmp_path / "x").exists()


def test_a_query_about_what_is_not_known_leaves_the_picture_here(workspace: Workspace) -> None:
    workspace.drop("1.jpg", photos.jpeg(1, 480, 320), said(1))
    hall = EMPTY_HALL + "captured: 2021-11-18\n"
    workspace.drop("2.jpg", photos.plain(2, 480, 320), hall)
    workspace.ingest()
    found, told = planned(workspace, "--query", "persons[0].minor")
    assert found == [1]
    (left,) = told["excluded"]
    assert left["note"] == "Something that the query asks for is not known of it"


# What is in the pack -------------------------------------------------------------------------


def test_a_pack_says_of_each_picture_what_it_rests_on(five: Workspace, tmp_path: Path) -> None:
    pack = exported(five, tmp_path / "pack", "--territory", "FR", "--until", SOON.isoformat())
    assert pack["until"] == SOON.isoformat()
    (listed,) = five.ask("packs")["packs"]
    assert listed["pack"] == pack["pack"]
    assert (listed["recipient"], listed["territory"], listed["pictures"]) == ("Le Matin", "FR", 4)
    assert (listed["until"], listed["state"]) == (SOON.isoformat(), "made")
    shown = five.ask("packs", "show", pack["pack"][:14])
    assert {item["file"]: item["sha256"] for item in shown["pictures"]} == {
        item["file"]: item["sha256"] for item in pack["included"]
    }
    for item in shown["pictures"]:
        number = number_of(five, item["asset"])
        assert [consent["id"] for consent in item["consents"]] == [f"C-2021-{number:04}"]
        body = (tmp_path / "pack" / "data" / item["file"]).read_bytes()
        assert hashlib.sha256(body).hexdigest() == item["sha256"]
        # A picture that somebody finds leads back to its pack.
        assert pack["pack"].encode() in body
        assert item["usable"]
    table = five.run("packs", "show", pack["pack"]).stdout.decode()
    assert "C-2021-0001" in table
    five.run("packs", "show", "P-1999", code=errors.USAGE)


def test_after_a_withdrawal_the_record_says_what_may_be_used_no_longer(
    five: Workspace, tmp_path: Path
) -> None:
    pack = exported(five, tmp_path / "pack")
    five.run("consent", "withdraw", "C-2021-0002", "--by", "parent")
    shown = five.ask("packs", "show", pack["pack"])
    usable = {number_of(five, i["asset"]): i["usable"] for i in shown["pictures"]}
    assert usable == {1: True, 2: False, 3: True, 4: True}


def test_what_stays_here_is_nowhere_in_the_pack(five: Workspace, tmp_path: Path) -> None:
    pack = exported(five, tmp_path / "pack")
    (left,) = pack["excluded"]
    for path in (tmp_path / "pack").rglob("*"):
        assert left["asset"] not in path.name
        assert path.is_dir() or left["asset"].encode() not in path.read_bytes()


def test_no_pack_where_no_picture_may_go(five: Workspace, tmp_path: Path) -> None:
    pack = exported(five, tmp_path / "pack", "--programme", "other")
    assert (pack["pack"], pack["path"], pack["included"]) == (None, None, [])
    assert list(tmp_path.glob("pack*")) == []
    assert five.ask("packs")["packs"] == []


@pytest.mark.parametrize("inside", ["archive/p", "inbox/p", "rules/p", ".dam/p"])
def test_no_pack_in_the_workspaces_own_folders(five: Workspace, inside: str) -> None:
    five.run(
        "export", "press", "--recipient", "R", "--out", str(five.root / inside),
        code=errors.USAGE,
    )  # fmt: skip
    assert not (five.root / inside).exists()


# The same again ------------------------------------------------------------------------------


def test_the_same_pack_again_is_the_same_to_the_byte(five: Workspace, tmp_path: Path) -> None:
    first = exported(five, tmp_path / "one")
    again = exported(five, tmp_path / "two")
    assert again["pack"] == first["pack"]
    assert (first["again"], again["again"]) == (False, True)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    assert len(five.ask("packs")["packs"]) == 1
    events = [
        kind
        for (kind,) in five.rows(
            "select type from events where type like 'pack.%' "
            "and type <> 'pack.changed' order by seq"
        )
    ]
    assert events == ["pack.sealed", "pack.made", "pack.copied"]
    # For somebody else it is another pack.
    other = five.json("export", "press", "--recipient", "R", "--out", str(tmp_path / "three"))
    assert other["pack"] != first["pack"]
    assert files_of(tmp_path / "three") != files_of(tmp_path / "one")


def test_a_copy_of_the_workspace_makes_the_same_zip(five: Workspace, tmp_path: Path) -> None:
    # The key that ids are made with comes with the first pack.
    exported(five, tmp_path / "before", "--limit", "1")
    shutil.copytree(five.root, tmp_path / "copy")
    made = [
        workspace.json(
            "export", "press", "--recipient", "R", "--out", str(tmp_path / name), "--format", "zip"
        )
        for name, workspace in (
            ("a.zip", five),
            ("b.zip", Workspace(tmp_path / "copy")),
        )
    ]
    assert made[0]["pack"] == made[1]["pack"]
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_changed_consent_makes_another_pack(five: Workspace, tmp_path: Path) -> None:
    first = exported(five, tmp_path / "one")
    five.run(
        "consent",
        "renew",
        "C-2021-0001",
        "--by",
        "parent",
        "--until",
        (TODAY + timedelta(days=300)).isoformat(),
    )
    five.ingest()
    assert exported(five, tmp_path / "two")["pack"] != first["pack"]


# Forms ---------------------------------------------------------------------------------------


def test_a_zip_opens_and_holds_the_same_as_a_folder(five: Workspace, tmp_path: Path) -> None:
    done = exported(five, tmp_path / "pack.zip", "--format", "zip")
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert {name.partition("/")[0] for name in names} == {done["pack"]}
        text = archive.read(f"{done['pack']}/data/captions.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["file"] for row in rows} == {item["file"] for item in done["included"]}
    shown = five.ask("packs", "show", done["pack"])
    assert shown["format"] == "zip"


def test_what_a_command_tells_and_what_it_makes_are_two_things(
    five: Workspace, tmp_path: Path
) -> None:
    words = ["export", "press", "--recipient", "R", "--out", str(tmp_path / "p.zip")]
    done = five.run(*words, "--format", "zip", "--format", "json")
    assert json.loads(done.stdout)["path"] == str(tmp_path / "p.zip")
    assert zipfile.is_zipfile(tmp_path / "p.zip")
