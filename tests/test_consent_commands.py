"""`dam consent`: the register through the command line, and what it does to photographs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from openpyxl import load_workbook

from dam.adapters.lock import WorkspaceLock
from dam.cli.context import now
from dam.core import errors
from tests import photos
from tests.test_consents import spoken, written
from tests.workspaces import Json, Workspace, by_source, invoked

HEAD = (
    "fiche;Personne;ÂGE;non accompagné;situation;risque;formulaire;langue;usages;pays;valable du;"
    "valable jusqu'au;visage;lieu autorisé;signataire;forme;signé le;accord de l'enfant;état;"
    "date de l'état"
)


def line(number: int, **other: str) -> str:
    """A complete row about the child of `spoken(number)`, but for some cells."""
    cells = {
        "fiche": f"C-2021-{number:04}",
        "Personne": f"S-{number:04}",
        "ÂGE": "6-11",
        "non accompagné": "no",
        "situation": "migrant",
        "risque": "low",
        "formulaire": "F-2",
        "langue": "fr",
        "usages": "press, web",
        "pays": "world",
        "valable du": "2021-11-01",
        "valable jusqu'au": "2027-10-31",
        "visage": "yes",
        "lieu autorisé": "region",
        "signataire": "parent",
        "forme": "written",
        "signé le": "2021-10-28",
        "accord de l'enfant": "given",
        "état": "given",
        "date de l'état": "2021-10-28",
    }
    return ";".join((cells | other).values())


def sheet(folder: Path, *lines: str, name: str = "registre.csv") -> str:
    path = folder / name
    path.write_text("\r\n".join((HEAD, *lines)), encoding="utf-8-sig")
    return str(path)


def drop(workspace: Workspace, *numbers: int) -> None:
    """Photographs of children whose consents no sidecar tells."""
    for number in numbers:
        sidecar = spoken(number)
        del sidecar["consents"]
        workspace.drop(f"{number}.jpg", photos.jpeg(number, 480, 320), written(sidecar))


def record(number: int) -> Json:
    (item,) = spoken(number)["consents"]
    assert isinstance(item, dict)
    return {"schema": "dam/consent/1", **item}


def run(workspace: Workspace, *words: str, code: int = 0) -> str:
    """One `dam consent` command in this process; all that it said, of an error its words."""
    done = invoked(["-C", str(workspace.root), *words])
    error = done.exception
    if isinstance(error, errors.DamError):
        assert error.exit_code == code, str(error)
        return f"{done.output}{error}"
    assert error is None or isinstance(error, SystemExit), repr(error)
    assert done.exit_code == code, done.output
    return done.output


def ask(workspace: Workspace, *words: str) -> Json:
    """The object that such a command prints with `--format json`."""
    document = invoked(["-C", str(workspace.root), *words, "--format", "json"])
    assert document.exit_code == 0, (document.output, document.exception)
    told = json.loads(document.stdout)
    assert isinstance(told, dict)
    return told


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.init(tmp_path / "w")


def test_an_import_releases_what_waited_and_is_idempotent(
    workspace: Workspace, tmp_path: Path
) -> None:
    drop(workspace, 1, 2)
    assert workspace.ingest()["counts"]["held"] == 2
    register = sheet(tmp_path, line(1), line(2))
    before = _content(workspace)
    dry = ask(workspace, "consent", "import", register, "--dry-run")
    assert _content(workspace) == before
    done = ask(workspace, "consent", "import", register)
    assert dry["counts"] == done["counts"] == {"new": 2, "changed": 0, "unchanged": 0}
    assert (dry["dry_run"], done["dry_run"]) == (True, False)
    assert sorted(dry["photos"]["touched"]) == sorted(done["photos"]["touched"])
    outcomes = by_source({"assets": done["photos"]["assets"]})
    assert {o["disposition"] for o in outcomes.values()} == {"approved"}
    assert len(workspace.filed()) == 2
    rows = workspace.rows("SELECT count(*) FROM events")
    again = ask(workspace, "consent", "import", register)
    assert again["counts"] == {"new": 0, "changed": 0, "unchanged": 2}
    assert workspace.rows("SELECT count(*) FROM events") == rows
    assert "Nothing changes" in run(workspace, "consent", "import", register)
    # A newer statement of the same id replaces the older one of the register.
    narrower = sheet(tmp_path, line(1, usages="donor"), line(2), name="newer.csv")
    assert ask(workspace, "consent", "import", narrower)["counts"]["changed"] == 1
    asset = outcomes["1.jpg"]["asset"]
    assert workspace.rules(asset, "press") == {"purpose-and-territory"}
    assert workspace.rules(asset, "donor") == set()


def _content(workspace: Workspace) -> dict[str, str]:
    return {name: digest for name, (*_, digest) in workspace.snapshot().items()}


def test_every_format_imports_the_same(workspace: Workspace, tmp_path: Path) -> None:
    drop(workspace, 1, 2, 3, 4)
    workspace.ingest()
    (tmp_path / "one.yaml").write_text(yaml.safe_dump(record(1), sort_keys=False))
    (tmp_path / "two.json").write_text(json.dumps([record(2)]))
    run(workspace, "--lang", "ar", "consent", "template", "--out", str(tmp_path / "four.xlsx"))
    book = load_workbook(tmp_path / "four.xlsx")
    active = book.active
    assert active is not None
    active["A2"], active["B2"] = "C-2021-0004", "S-0004"
    book.save(tmp_path / "four.xlsx")
    files = [str(tmp_path / name) for name in ("one.yaml", "two.json", "four.xlsx")]
    files.append(sheet(tmp_path, line(3)))
    done = ask(workspace, "consent", "import", *files)
    assert done["counts"]["new"] == 4
    assert {o["disposition"] for o in done["photos"]["assets"]} == {"approved"}
    assert ask(workspace, "consent", "import", *files)["counts"]["unchanged"] == 4


def test_one_problem_and_nothing_is_imported(workspace: Workspace, tmp_path: Path) -> None:
    good = sheet(tmp_path, line(1))
    bad = sheet(
        tmp_path,
        line(2, Personne="Fatima Zahra", signataire="mère"),
        line(3, **{"valable du": "01/11/2021", "état": ""}),
        name="bad.csv",
    )
    (tmp_path / "broken.yaml").write_text("schema: dam/consent/1\nid: C-9\nsubjct: {id: S-9}\n")
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    (tmp_path / "latin.csv").write_bytes("fiche;âge".encode("cp1252"))
    others = [str(tmp_path / name) for name in ("broken.yaml", "old.xls", "latin.csv", "none.csv")]
    before = workspace.snapshot()
    words = ("consent", "import", good, bad, *others)
    told = workspace.run(*words, code=errors.USAGE).stderr.decode()
    assert workspace.snapshot() == before
    for place in (
        "bad.csv, row 2: personne: ",
        "bad.csv, row 2: signataire: use one of: subject, parent, ",
        "bad.csv, row 3: valable du: use a date written YYYY-MM-DD",
        "bad.csv, row 3: état: ",
        "broken.yaml:3: subjct: ",
        "old.xls: ",
        "latin.csv: this is not UTF-8 text",
        "none.csv: there is no such file",
    ):
        assert place in told, (place, told)
    assert "Fatima" not in told
    assert "mère" not in told
    assert ask(workspace, "consent", "list")["consents"] == []


def test_two_files_must_not_contradict_each_other(workspace: Workspace, tmp_path: Path) -> None:
    first = sheet(tmp_path, line(1))
    other = sheet(tmp_path, line(1, visage="no"), name="other.csv")
    told = run(workspace, "consent", "import", first, other, code=errors.USAGE)
    assert "C-2021-0001 is told otherwise in" in told
    assert ask(workspace, "consent", "import", first, first)["counts"]["new"] == 1


def _filed(workspace: Workspace, tmp_path: Path, *numbers: int) -> dict[str, str]:
    """Photographs in the archive on consents of the register: assets by source."""
    drop(workspace, *numbers)
    workspace.ingest()
    done = ask(
        workspace, "consent", "import", sheet(tmp_path, *(line(number) for number in numbers))
    )
    assert len(workspace.filed()) == len(numbers)
    return {o["source"]: o["asset"] for o in done["photos"]["assets"]}


def _everything(workspace: Workspace, table: str) -> str:
    return repr(workspace.rows(f"SELECT * FROM {table}"))


def test_a_withdrawal_takes_its_photos_back_at_once(workspace: Workspace, tmp_path: Path) -> None:
    assets = _filed(workspace, tmp_path, 1, 2)
    words = ("consent", "withdraw", "C-2021-0001", "--on", "2026-01-20", "--by", "parent")
    done = ask(workspace, *words, "--reason", "Fatima asked us")
    assert done["changed"] is True
    assert done["event"] == {
        "state": "withdrawn", "on": "2026-01-20", "by": "parent", "reason": "(on record)",
    }  # fmt: skip
    assert [(s["state"], s["in_force"]) for s in done["standing"]] == [("withdrawn", False)]
    assert done["photos"]["retracted"] == [assets["1.jpg"]]
    assert [o["disposition"] for o in done["photos"]["assets"]] == ["refused"]
    assert len(workspace.filed()) == 1
    assert workspace.rules(assets["1.jpg"], "internal") == {"withdrawn-or-refused"}
    # The reason is on record for who asks for it, and nowhere else.
    assert "Fatima" not in _everything(workspace, "events")
    shown = ask(workspace, "consent", "show", "C-2021-0001")
    assert "Fatima" not in json.dumps(shown)
    assert "Fatima" in json.dumps(ask(workspace, "consent", "show", "C-2021-0001", "--personal"))
    types = {kind for (kind,) in workspace.rows("SELECT type FROM events")}
    assert {"consent.withdrawn", "rendition.retracted"} <= types
    # Saying it twice changes nothing; the old sheet, imported again, brings nothing back.
    twice = ask(workspace, *words, "--reason", "Fatima asked us")
    assert twice["changed"] is False
    assert "already" in run(workspace, *words, "--reason", "Fatima asked us")
    run(workspace, "consent", "import", str(tmp_path / "registre.csv"))
    (item,) = ask(workspace, "consent", "list", "--state", "withdrawn")["consents"]
    assert item["id"] == "C-2021-0001"
    assert len(workspace.filed()) == 1


def test_a_consent_that_only_a_sidecar_tells_can_be_withdrawn(workspace: Workspace) -> None:
    workspace.drop("a.jpg", photos.jpeg(1, 480, 320), written(spoken(1)))
    workspace.ingest()
    assert len(workspace.filed()) == 1
    told = run(workspace, "consent", "withdraw", "C-2021-0001", "--by", "subject")
    assert "withdrawn on" in told
    assert "taken out of the archive: 1" in told
    assert workspace.filed() == {}
    (standing,) = ask(workspace, "consent", "show", "C-2021-0001")["standing"]
    sidecar, register = sorted(standing["sources"])
    assert "a.jpg.consent.yaml" in sidecar
    assert register == "register"
    # The sidecar dropped again says yes, and is heard no more.
    workspace.say("a.jpg", written(spoken(1, purposes=["press", "web"])))
    assert workspace.ingest()["counts"]["approved"] == 0
    assert workspace.filed() == {}


def test_somebody_else_revokes(workspace: Workspace, tmp_path: Path) -> None:
    _filed(workspace, tmp_path, 1)
    words = ("consent", "withdraw", "C-2021-0001", "--by", "organisation")
    assert "--revoked" in run(workspace, *words, code=errors.USAGE)
    assert len(workspace.filed()) == 1
    (standing,) = ask(workspace, *words, "--revoked")["standing"]
    assert standing["state"] == "revoked"
    assert workspace.filed() == {}
    far = ("consent", "withdraw", "C-2021-0001", "--by", "parent", "--on", "2099-01-01")
    assert ask(workspace, *far)["notes"] != []


def test_beside_a_running_dam_a_withdrawal_is_recorded_and_carried_out_at_once(
    workspace: Workspace, tmp_path: Path
) -> None:
    _filed(workspace, tmp_path, 1)
    with WorkspaceLock(workspace.root / ".dam" / "lock"):
        told = run(workspace, "consent", "withdraw", "C-2021-0001", "--by", "parent")
        assert "Another dam is at work here" in told
        done = ask(workspace, "consent", "withdraw", "C-2021-0001", "--by", "parent")
        assert (done["changed"], done["photos"]["looked_at"]) == (False, False)
        assert ask(workspace, "status")["due"] == 1
        exported = ask(
            workspace, "export", "press", "--recipient", "R", "--out", str(tmp_path / "pack")
        )
        assert exported["included"] == []
        # It is out of the archive before the other one looks.
        assert workspace.filed() == {}
    assert workspace.ingest()["assets"] == []
    assert ask(workspace, "status")["due"] == 0
    (row,) = workspace.assets().values()
    assert (row["disposition"], row["archived_as"]) == ("refused", None)


def test_a_renewal_prolongs(workspace: Workspace, tmp_path: Path) -> None:
    drop(workspace, 1)
    workspace.ingest()
    old = line(1, **{"valable jusqu'au": "2024-10-31"})
    run(workspace, "consent", "import", sheet(tmp_path, old))
    assert workspace.filed() == {}
    (over,) = ask(workspace, "consent", "list", "--state", "expired")["consents"]
    assert (over["ends"], over["in_force"]) == ("2024-10-31", False)
    until = _later(30)
    done = ask(workspace, "consent", "renew", "C-2021-0001", "--until", until, "--by", "parent")
    (standing,) = done["standing"]
    assert (standing["state"], standing["ends"]) == ("renewed", until)
    assert [o["disposition"] for o in done["photos"]["assets"]] == ["approved"]
    assert done["notes"] == []
    assert len(workspace.filed()) == 1
    for term, count in (("29d", 0), ("30d", 1), ("1y", 1)):
        found = ask(workspace, "consent", "list", "--expiring-within", term)["consents"]
        assert len(found) == count, term


def _later(days: int) -> str:
    return (now().date() + timedelta(days=days)).isoformat()


def test_a_renewal_tells_what_ends_it_earlier(workspace: Workspace, tmp_path: Path) -> None:
    workspace.drop("a.jpg", photos.jpeg(1, 480, 320), written(spoken(1, valid_until="2027-12-31")))
    workspace.ingest()
    words = ("consent", "renew", "C-2021-0001", "--by", "parent", "--until")
    done = ask(workspace, *words, "2028-06-30")
    assert [s["ends"] for s in done["standing"]] == ["2027-12-31"]
    (note,) = done["notes"]
    assert "2027-12-31" in note
    assert "a.jpg.consent.yaml" in note
    # A child of 11 at the giving may turn 18 seven years later.
    (standing,) = ask(workspace, *words, "2040-01-01")["standing"]
    assert standing["ends"] == "2027-12-31"
    assert "18th birthday" in run(workspace, *words, "2040-01-01")


RENEWALS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "a child alone": (("--until", "2030-01-01", "--by", "subject"), "guardian"),
    "an outsider": (("--until", "2030-01-01", "--by", "organisation"), "guardian"),
    "ahead": (("--until", "2090-01-01", "--by", "parent", "--on", "2089-01-01"), "lies ahead"),
    "over": (("--until", "2022-01-01", "--by", "parent"), "--until"),
    "older": (("--until", "2030-01-01", "--by", "parent", "--on", "2020-01-01"), "older"),
    "no date": (("--until", "31/10/2030", "--by", "parent"), "YYYY-MM-DD"),
}


def test_what_is_no_renewal(workspace: Workspace, tmp_path: Path) -> None:
    run(workspace, "consent", "import", sheet(tmp_path, line(1)))
    before = _everything(workspace, "events")
    for name, (words, wanted) in RENEWALS.items():
        told = run(workspace, "consent", "renew", "C-2021-0001", *words, code=errors.USAGE)
        assert wanted in told, name
    assert _everything(workspace, "events") == before
    run(workspace, "consent", "withdraw", "C-2021-0001", "--by", "parent")
    words = ("consent", "renew", "C-2021-0001", "--until", "2030-01-01", "--by", "parent")
    assert "nothing to renew" in run(workspace, *words, code=errors.USAGE)


def test_an_adult_renews_alone(workspace: Workspace, tmp_path: Path) -> None:
    adult = line(1, **{"ÂGE": "adult", "signataire": "subject", "accord de l'enfant": ""})
    run(workspace, "consent", "import", sheet(tmp_path, adult))
    words = ("consent", "renew", "C-2021-0001", "--until", "2030-01-01", "--by")
    run(workspace, *words, "parent", code=errors.USAGE)
    (standing,) = ask(workspace, *words, "subject")["standing"]
    assert standing["state"] == "renewed"


def test_show_tells_everything_but_names(workspace: Workspace, tmp_path: Path) -> None:
    assets = _filed(workspace, tmp_path, 1)
    item = record(1)
    item["subject"]["birth_date"] = "2012-05-17"
    item["givers"][0]["witness"] = "Karim SECRET"
    item["events"][0]["by"] = "Karim SECRET"
    (tmp_path / "r.json").write_text(json.dumps(item))
    run(workspace, "consent", "import", str(tmp_path / "r.json"))
    shown = ask(workspace, "consent", "show", "C-2021-0001")
    assert [s["source"] for s in shown["sources"]] == ["register"]
    assert shown["photos"][0]["asset"] == assets["1.jpg"]
    # What was told before is kept: the event of the sheet, and that of the file.
    assert [e["state"] for e in shown["events"]] == ["given", "given"]
    table = run(workspace, "consent", "show", "C-2021-0001")
    listed = run(workspace, "consent", "list", "--format", "json")
    for text in (json.dumps(shown), table, listed, _everything(workspace, "events")):
        assert "SECRET" not in text
        assert "2012-05-17" not in text
    whole = run(workspace, "consent", "show", "C-2021-0001", "--personal")
    assert "Karim SECRET" in whole
    assert "2012-05-17" in whole


def test_unknown_ids_suggest_near_ones(workspace: Workspace, tmp_path: Path) -> None:
    run(workspace, "consent", "import", sheet(tmp_path, line(1)))
    for words in (("show",), ("withdraw", "--by", "parent")):
        told = run(workspace, "consent", *words, "c-2021-001", code=errors.USAGE)
        assert "Did you mean C-2021-0001?" in told
    told = run(workspace, "consent", "show", "Fatima", code=errors.USAGE)
    assert "Fatima" not in told
    assert "dam consent list" in told
    wrong = run(workspace, "consent", "list", "--expiring-within", "soon", code=errors.USAGE)
    assert "30d" in wrong


@pytest.mark.parametrize("form", ["csv", "xlsx", "yaml"])
@pytest.mark.parametrize("lang", ["en", "fr", "ar"])
def test_the_untouched_template_imports_nothing(tmp_path: Path, lang: str, form: str) -> None:
    nowhere = Workspace(tmp_path)
    out = str(tmp_path / f"t.{form}")
    words = ("consent", "template", "--lang", lang, "--format", form, "--out")
    run(nowhere, *words, out)
    told = run(nowhere, "consent", "import", out, code=errors.USAGE)
    assert "Nothing was imported" in told
    # Nothing is overwritten, and no file is named as what it is not.
    again = run(nowhere, "consent", "template", "--out", out, code=errors.USAGE)
    assert "already there" in again
    assert f".{form}" in run(nowhere, *words, str(tmp_path / "t.txt"), code=errors.USAGE)


def test_the_examples_of_the_templates_are_good(workspace: Workspace, tmp_path: Path) -> None:
    yaml_, csv_ = tmp_path / "t.yaml", tmp_path / "t.csv"
    for path in (yaml_, csv_):
        run(workspace, "--lang", "fr", "consent", "template", "--out", str(path))
    lines = yaml_.read_text().splitlines()
    yaml_.write_text("\n".join(x[1:] if x.startswith("#  ") else x for x in lines))
    csv_.write_text(csv_.read_text().replace("#exemple C-2021-0147", "C-2021-0147"))
    run(workspace, "consent", "import", str(yaml_))
    first = ask(workspace, "consent", "show", "C-2021-0147", "--personal")
    assert ask(workspace, "consent", "import", str(csv_))["counts"]["unchanged"] == 1
    assert first["sources"][0]["record"]["scope"]["valid_until"] == "2031-10-31"
    assert date.fromisoformat(first["standing"][0]["ends"]) <= date(2031, 10, 31)
