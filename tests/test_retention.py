"""What was kept for long enough goes; what anything rests on never does."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.adapters.desk import Desk
from dam.core import retention as core
from dam.core.errors import ConfigurationError, ProblemsError, StorageError
from dam.core.model import Disposition
from dam.core.retention import Holding, RetentionRule, Thing, What
from dam.flows import consents, ingest, waive
from dam.flows import retention as flow
from dam.flows.consents import Speaker, Statement
from tests import photos
from tests.lived import Days, child, day, row_of
from tests.test_consent_commands import record
from tests.test_consents import spoken, written
from tests.workspaces import EMPTY_HALL, NOBODY, Json, Workspace, sha256

RULES = Path(__file__).resolve().parents[1] / "rules" / "retention.yaml"
BROKEN = b"nothing that any camera made " * 20
HELD = "schema: dam/photo/1\nphotographer: rachid-azzouzy\n"


def rules(**keep: str) -> core.Rules:
    return {
        what: RetentionRule(id=what.value, what=what, keep=keep[what.value], why="Because.")
        for what in What
        if what.value in keep
    }


# --- the rules and the plan -----------------------------------------------------------------


def test_the_shipped_rules_speak_of_everything_and_are_cautious() -> None:
    shipped = core.load(RULES.read_bytes())
    assert set(shipped) == set(What)
    some = date(2026, 1, 1)
    for what, least in core.LEAST.items():
        assert core.goes_on(shipped[what], some) >= some + timedelta(days=3 * least)


def test_every_problem_is_told_at_once() -> None:
    file = (
        "schema: dam/retention/1\nrules:\n"
        "  - {id: a, what: held_originals, keep: soon, why: x}\n"
        "  - {id: b, what: approved_originals, keep: 1y, why: x}\n"
        "  - {id: c, what: log, keep: 1y}\n"
        "  - {id: d, what: log, keep: 1y, why: x, also: y}\n"
    )
    with pytest.raises(ProblemsError) as told:
        core.load(file.encode())
    problems = told.value.problems
    assert len(problems) == 4
    for word, problem in zip(("keep", "what", "why", "also"), problems, strict=True):
        assert word in problem
    twice = (
        "schema: dam/retention/1\nrules:\n"
        "  - {id: a, what: log, keep: 1y, why: x}\n"
        "  - {id: a, what: log, keep: forever, why: x}\n"
        "  - {id: b, what: held_originals, keep: 2d, why: x}\n"
    )
    with pytest.raises(ProblemsError) as told:
        core.load(twice.encode())
    assert len(told.value.problems) == 3
    for data in (b"", b"[", b"schema: dam/retention/2\nrules: []\n", b"\xff"):
        with pytest.raises(ProblemsError):
            core.load(data)


DAYS = st.dates(date(2020, 1, 1), date(2032, 1, 1))
TERMS = st.sampled_from(["90d", "6m", "1y", "5y", "9999y", "forever"])
HOLDINGS = st.lists(
    st.builds(
        Holding,
        asset=st.text("abcdef", min_size=4, max_size=8),
        disposition=st.sampled_from(Disposition),
        since=DAYS,
        in_use=st.booleans(),
        waived=st.booleans(),
        packed=st.booleans(),
        asked=st.booleans(),
        waits=st.booleans(),
        restricted=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda holding: holding.asset,
)
ORIGINALS = frozenset({*core.OF_STATE.values(), What.RESTRICTED})
OTHERS = st.sampled_from([what for what in What if what not in ORIGINALS])
THINGS = st.lists(st.builds(Thing, what=OTHERS, id=st.text("0123"), since=DAYS), max_size=8)
KEPT = st.dictionaries(st.sampled_from([what.value for what in What]), TERMS)


@given(KEPT, HOLDINGS, THINGS, DAYS, st.integers(0, 4000))
@settings(max_examples=50)
def test_nothing_that_is_needed_ever_goes(
    keep: Mapping[str, str], holdings: list[Holding], things: list[Thing], today: date, more: int
) -> None:
    known = rules(**keep)
    plan = core.plan(known, holdings, things, today)
    needed = {h.asset for h in holdings} - {h.asset for h in holdings if not h.needed}
    for item in plan.items:
        assert item.on <= today
        assert keep[item.rule] != "forever"
        assert item.what not in ORIGINALS or item.id not in needed
    # An approved photograph is spoken of by no rule at all.
    open_ones = {h.asset for h in holdings if h.what is not None}
    assert {i.id for i in plan.items if i.what in ORIGINALS} <= open_ones
    later = core.plan(known, holdings, things, today + timedelta(days=more))
    assert set(plan.items) <= set(later.items)
    assert (plan.next is None) or today < plan.next
    if plan.next is not None and plan.next <= today + timedelta(days=more):
        assert len(later.items) > len(plan.items)
    assert core.plan(known, holdings[::-1], things[::-1], today).items == plan.items


# --- a workspace through the years -----------------------------------------------------------


@pytest.fixture
def days(tmp_path: Path) -> Days:
    return Days(tmp_path / "w")


def by_name(days: Days) -> dict[str, str]:
    rows = days.workspace.rows("SELECT shown, asset FROM provenance")
    return {name.partition(".")[0]: asset for name, asset in rows}


def look(days: Days, ahead: int = 90) -> flow.Looked:
    with days.desk() as desk:
        return flow.look(desk, ahead)


def apply(days: Days) -> dict[str, int]:
    with days.desk() as desk:
        done = flow.apply(desk, lambda total: None, lambda: None)
        assert done.clean
        return dict(done.counts)


def listed(found: flow.Looked) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for item in found.plan.items:
        told.setdefault(item.rule, set()).add(item.id)
    return told


def rests_on(desk: Desk) -> dict[str, list[str]]:
    """The stored content that approved decisions and live waivers rest on, by asset."""
    live = {row.asset for row in desk.catalog.live_waivers()}
    needed = {}
    for row in desk.catalog.assets():
        decided = {d.disposition for d in desk.catalog.decisions(row.id)}
        if Disposition.APPROVED in decided or row.id in live:
            own = [s.sha256 for s, _ in desk.catalog.sidecars_of(row.id)]
            needed[row.id] = [row.sha256, *own]
    return needed


def test_a_workspace_through_the_years(days: Days, tmp_path: Path) -> None:
    workspace = days.workspace
    refusing: Json = spoken(3, assent="refused")
    drops = {
        "fine.jpg": written(spoken(1, valid_until="2091-01-01")),
        "young.jpg": written(child(2, born="2010-05-01")),
        "said-no.jpg": written(refusing),
        "hall.jpg": EMPTY_HALL + "embargo: 2040-01-01\n",
        "open.jpg": HELD,
        "taken.jpg": written(spoken(4)),
    }
    for number, (name, sidecar) in enumerate(drops.items(), 1):
        workspace.drop(name, photos.jpeg(number, 240, 160), sidecar)
    workspace.drop("broken.jpg", BROKEN, NOBODY)
    days.settle()
    names = by_name(days)
    # The sidecar of the hall is told anew; the version before it is an old one from now on.
    days.on(5)
    workspace.say("hall.jpg", EMPTY_HALL + "embargo: 2041-01-01\n")
    days.settle()
    with days.desk() as desk, desk.darkroom(1) as room:
        said = Statement(day(5), Speaker.PARENT)
        end = ingest.taking_back(ingest.Order())
        consents.withdraw_everywhere(desk, room, "C-2021-0004", said, end)
        waive.give(
            desk, row_of(desk, names["hall"]),
            waive.Order("embargo", "officer", day(360), "printed already"),
        )  # fmt: skip
    days.settle()
    pack = days.send(tmp_path / "pack")
    assert pack
    assert look(days).plan.items == ()

    days.on(200)
    days.settle()
    assert listed(look(days)) == {"quarantined": {names["broken"]}}

    days.on(400)
    days.settle()
    told = listed(look(days))
    assert told["refused"] == {names["said-no"]}
    assert told["restricted"] == {names["taken"]}
    before, stones = look(days), workspace.rows("SELECT * FROM tombstones")
    with days.desk() as desk:
        needed = rests_on(desk)
    assert {names["fine"], names["hall"]} - set(needed) <= {names["hall"]}
    done = apply(days)
    assert done["refused"] == done["restricted"] == done["quarantined"] == 1
    gone = {names[n] for n in ("said-no", "taken", "broken")}
    _is_gone(workspace, [photos.jpeg(3, 240, 160), photos.jpeg(6, 240, 160), BROKEN])
    with days.desk() as desk:
        assert rests_on(desk) == needed
        for contents in needed.values():
            assert all(desk.originals.verify(sha256) for sha256 in contents)
    # What merely expired may come back; what was taken back may not.
    assert workspace.rows("SELECT * FROM tombstones") == stones
    events = workspace.rows("SELECT subject, body FROM events WHERE type = 'retention.erased'")
    assert {rule for rule, _ in events} >= {"refused", "restricted", "quarantined"}
    assert gone == {a for a in names.values() if any(a in body for _, body in events)}
    assert before.plan.items
    assert look(days).plan.items == ()
    workspace.drop("taken.jpg", photos.jpeg(6, 240, 160), written(spoken(4)))
    days.settle()
    ((refused,),) = workspace.rows(
        f"SELECT disposition FROM assets WHERE sha256 = '{sha256(photos.jpeg(6, 240, 160))}'"
    )
    assert refused == "refused"

    # The hall's waiver is over, and its embargo is not; nobody completed the open one.
    days.on(1500)
    days.settle()
    told = listed(look(days))
    assert names["open"] in told["held"]
    # She turned 18 on the way: she is asked again, and her photograph stays, held.
    found = look(days)
    assert [(a.subject, a.month) for a in found.asked if a.subject == "S-0002"] == [
        ("S-0002", "2028-05")
    ]
    assert names["young"] not in told["held"]
    apply(days)
    assert workspace.original(sha256(photos.jpeg(2, 240, 160))).exists()
    # The version of the sidecar that another one replaced.
    days.on(2200)
    days.settle()
    old = sha256((EMPTY_HALL + "embargo: 2040-01-01\n").encode())
    assert workspace.original(old).exists()
    apply(days)
    assert not workspace.original(old).exists()
    with days.desk() as desk:
        assert not desk.catalog.stored(old)
        checks = desk.catalog.verify_chain()
    assert checks == ()


def _is_gone(workspace: Workspace, contents: list[bytes]) -> None:
    everything = b"".join(
        path.read_bytes() for path in (workspace.root / ".dam").rglob("*") if path.is_file()
    )
    for data in contents:
        assert not workspace.original(sha256(data)).exists()
        assert sha256(data).encode() not in everything
        assert data[-400:] not in everything


def test_what_comes_to_be_needed_meanwhile_stays(days: Days) -> None:
    """Between looking and erasing a sidecar arrived; its photo waits to be decided."""
    days.workspace.drop("open.jpg", photos.jpeg(1, 240, 160), HELD)
    days.settle()
    days.on(1500)
    with days.desk() as desk:
        plan = flow.look(desk, 0).plan
        assert {item.rule for item in plan.items} == {"held", "previews"}
        with desk.catalog.transaction() as unit:
            unit.mark_due([plan.items[0].id])
        done = flow.apply(desk, lambda total: None, lambda: None)
        assert set(done.counts) == {"previews"}
        assert desk.originals.verify(sha256(photos.jpeg(1, 240, 160)))


def test_what_a_kill_interrupts_the_next_start_completes(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = photos.jpeg(1, 240, 160)
    days.workspace.drop("open.jpg", data, HELD)
    days.settle()
    days.on(1500)

    class Killed(BaseException):
        pass

    def killed(desk: Desk) -> bool:
        raise Killed

    with monkeypatch.context() as patched:
        with days.desk() as desk:
            patched.setattr(Desk, "finish", killed)
            with pytest.raises(Killed):
                flow.apply(desk, lambda total: None, lambda: None)
        assert days.workspace.original(sha256(data)).exists()
    with days.desk():
        pass
    _is_gone(days.workspace, [data])


def test_personal_details_of_earlier_versions_go(days: Days, tmp_path: Path) -> None:
    def tell(name: str) -> None:
        told = record(1)
        told["subject"] |= {"name": name}
        told["givers"][0] |= {"name": f"Mother of {name}"}
        path = tmp_path / "r.json"
        path.write_text(json.dumps(told))
        with days.desk() as desk:
            consents.import_(desk, consents.read([path])[0])

    tell("Zahra Bennani")
    days.on(3)
    tell("Fatima Bennani")
    days.on(1000)
    assert "old-details" not in listed(look(days))
    days.on(1200)
    assert len(listed(look(days))["old-details"]) == 1
    assert apply(days)["old-details"] == 1
    private = b"".join(p.read_bytes() for p in (days.workspace.root / ".dam").glob("catalogue*"))
    assert b"Zahra" not in private
    assert b"Fatima Bennani" in private


def test_evidence_is_listed_and_left_to_people(days: Days) -> None:
    """Of two consents that ended, by a withdrawal and by their term, and of one that holds."""
    for number, until in ((1, "2027-06-30"), (2, "2028-01-31"), (3, "2091-01-01")):
        sidecar = spoken(number, valid_until=until)
        sidecar["consents"][0]["evidence"] = [{"file": "scan.pdf"}]
        if number == 3:
            sidecar["consents"][0] |= {"subject": {"id": "S-0003", "age_band": "adult"}}
            sidecar["people"][0]["age_band"] = "adult"
            sidecar["consents"][0]["givers"][0]["role"] = "subject"
        days.workspace.drop(f"{number}.jpg", photos.jpeg(number, 240, 160), written(sidecar))
    days.settle()
    with days.desk() as desk:
        consents.withdraw(desk, "C-2021-0001", Statement(day(1), Speaker.PARENT))
    days.on((date(2036, 3, 3) - day(0)).days)
    assert listed(look(days))["evidence"] == {"C-2021-0001"}
    days.on((date(2038, 2, 5) - day(0)).days)
    assert listed(look(days))["evidence"] == {"C-2021-0001", "C-2021-0002"}
    assert "evidence" not in apply(days)
    assert listed(look(days))["evidence"] == {"C-2021-0001", "C-2021-0002"}


def test_files_that_are_made_anew_go_by_their_age(days: Days) -> None:
    workspace = days.workspace
    workspace.drop("fine.jpg", photos.jpeg(1, 240, 160), written(spoken(1)))
    days.settle()
    log = workspace.root / ".dam" / "log"
    (log / "dam.log.1").write_text("{}\n")
    (asset,) = by_name(days).values()
    (preview,) = (workspace.root / ".dam" / "previews" / asset).iterdir()
    old = days.now().timestamp() - 3 * 366 * 86400
    for path in (log / "dam.log.1", preview):
        os.utime(path, (old, old))
    found = listed(look(days))
    assert found == {"log": {"dam.log.1"}, "previews": {asset}}
    assert apply(days) == {"log": 1, "previews": 1}
    assert not preview.exists()
    assert not (log / "dam.log.1").exists()
    assert workspace.filed()


def test_a_disk_that_does_not_let_go_is_told(days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    log = days.workspace.root / ".dam" / "log"
    with days.desk():
        pass
    (log / "dam.log.1").write_text("{}\n")
    os.utime(log / "dam.log.1", (0, 0))

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with days.desk() as desk, pytest.raises(StorageError):
        flow.apply(desk, lambda total: None, lambda: None)


def test_without_rules_everything_is_kept(days: Days) -> None:
    (days.workspace.root / "rules" / "retention.yaml").unlink()
    days.workspace.drop("open.jpg", photos.jpeg(1, 240, 160), HELD)
    days.settle()
    days.on(9000)
    assert look(days).plan.items == ()
    with days.desk() as desk, pytest.raises(ConfigurationError):
        flow.apply(desk, lambda total: None, lambda: None)


def test_the_command(tmp_path: Path) -> None:
    workspace = Workspace.init(tmp_path / "w")
    workspace.drop("open.jpg", photos.jpeg(1, 240, 160), HELD)
    workspace.ingest()
    before = workspace.snapshot()
    found = workspace.ask("retention")
    assert (found["items"], found["erased"], found["rules"]) == ([], None, len(What))
    assert found["next"] is not None
    assert workspace.snapshot() == before
    for lang in ("en", "fr", "ar"):
        assert workspace.run("--lang", lang, "retention").stdout
    workspace.run("retention", "--apply", "--dry-run", code=2)
    assert workspace.json("retention", "--apply")["erased"] == {}
    (workspace.root / "rules" / "retention.yaml").write_text("schema: dam/retention/1\n")
    workspace.run("retention", code=2)
    workspace.run("rules", "check", code=2)
