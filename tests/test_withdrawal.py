"""`dam consent withdraw`: what was taken back is nowhere, and nothing else was touched."""

from __future__ import annotations

import io
import json
import shutil
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from PIL import Image

from dam.adapters import desk as desks
from dam.adapters.desk import Desk
from dam.adapters.lock import Gate
from dam.adapters.settings import Settings
from dam.adapters.settings import Workspace as Places
from dam.core import errors
from dam.core.tombstones import Tombstone
from dam.flows import consents, ingest, tombstones
from dam.flows.ingest import filing, settle
from tests import family, photos
from tests.family import ALONE, GROUP, asset, fates, saved_anew, withdraw
from tests.people import record, sidecar
from tests.services import watching
from tests.workspaces import NOBODY, Workspace, by_source, sha256


@pytest.fixture
def workspace(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Workspace:
    return family.family(tmp_path_factory, tmp_path)


def restricted(workspace: Workspace) -> list[str]:
    return sorted(p.name for p in (workspace.root / ".dam" / "restricted").rglob("*/*"))


def disposition(workspace: Workspace, name: str) -> str:
    return str(workspace.ask("show", asset(workspace, name))["disposition"])


def test_one_command_takes_it_back_and_touches_nothing_else(workspace: Workspace) -> None:
    alone, group = asset(workspace, "a.jpg"), asset(workspace, "g.jpg")
    before = workspace.snapshot()
    filed = {row[0]: row[1] for row in workspace.rows("SELECT id, archived_as FROM assets")}
    told = withdraw(workspace, "--reason", "sa mère a appelé")
    assert fates(told) == {alone: "restricted", group: "kept"}
    photo = next(p for p in told["withdrawn"]["photos"] if p["asset"] == group)
    assert (photo["disposition"], photo["others"]) == ("refused", ["S-3"])
    assert sorted(told["photos"]["retracted"]) == sorted([alone, group])
    after = workspace.snapshot()
    gone = {name for name in set(before) - set(after) if not name.startswith(".dam/catalogue")}
    private = {name for name in gone if name.startswith(".dam/")}
    assert {filed[alone], filed[group]} == {n for n in gone if n.endswith(".jpg")} - private
    digest = sha256(ALONE)
    assert private <= {
        *(n for n in before if n.startswith((f".dam/previews/{alone}", f".dam/previews/{group}"))),
        f".dam/originals/{digest[:2]}/{digest}",
    }
    assert f".dam/previews/{alone}" in private
    assert restricted(workspace) == [digest]
    changed = {n for n in before if n in after and before[n][4] != after[n][4]}
    assert {n for n in changed if not n.startswith(".dam/catalogue")} <= {
        ".dam/log/dam.log", ".dam/lock",
    }  # fmt: skip
    assert disposition(workspace, "b.jpg") == disposition(workspace, "hall.jpg") == "approved"
    for table in ("leaving", "due_work"):
        assert workspace.rows(f"SELECT * FROM {table}") == []
    assert withdraw(workspace, "--reason", "sa mère a appelé")["changed"] is False


def test_a_tombstone_names_no_asset_and_no_subject(workspace: Workspace) -> None:
    alone, digest = asset(workspace, "a.jpg"), sha256(ALONE)
    withdraw(workspace)
    (stone,) = workspace.rows("SELECT * FROM tombstones")
    told = repr(stone)
    for word in (alone, digest, "S-1", "C-1", "a.jpg"):
        assert word not in told
    events = workspace.rows(f"SELECT type FROM events WHERE subject = '{alone}'")
    assert {"asset.refused", "asset.restricted", "rendition.retracted"} <= {t for (t,) in events}


def test_a_dry_run_says_the_same_and_changes_nothing(workspace: Workspace) -> None:
    before = {n: s for n, s in workspace.snapshot().items() if s[4] and "/log/" not in n}
    told = withdraw(workspace, "--dry-run", "--erase")
    assert told["dry_run"] is True
    assert fates(told) == {asset(workspace, "a.jpg"): "erased", asset(workspace, "g.jpg"): "kept"}
    after = {n: s for n, s in workspace.snapshot().items() if s[4] and "/log/" not in n}
    assert {n: s[4] for n, s in after.items() if n in before} == {
        n: s[4] for n, s in before.items()
    }
    assert fates(withdraw(workspace, "--erase")) == fates(told)


def test_packs_that_hold_it_are_marked(workspace: Workspace, tmp_path: Path) -> None:
    alone = asset(workspace, "a.jpg")
    out = str(tmp_path / "pack")
    words = ("export", "press", "--recipient", "Le Journal", "--out", out)
    pack = workspace.json(*words)
    told = withdraw(workspace)
    (marked,) = told["withdrawn"]["packs"]
    held = {item["file"] for item in pack["included"] if item["asset"] == alone}
    assert marked["pack"] == pack["pack"]
    assert held <= set(marked["files"])
    assert told["withdrawn"]["recipients"] == 1
    rows = workspace.rows("SELECT pack, file, why FROM pack_marks")
    assert {(p, f, w) for p, f, w in rows} == {
        (pack["pack"], f, "withdrawn") for f in marked["files"]
    }
    assert workspace.rows("SELECT count(*) FROM events WHERE type = 'pack.marked'") == [(1,)]
    assert withdraw(workspace)["withdrawn"]["packs"] == []


def test_copies_that_are_dropped_later(workspace: Workspace) -> None:
    """The very bytes, another quality, half the size, turned; and another photo altogether."""
    withdraw(workspace)
    turned = io.BytesIO()
    Image.open(io.BytesIO(ALONE)).rotate(90, expand=True).save(turned, "JPEG")
    workspace.drop("again/exact.jpg", ALONE, NOBODY)
    workspace.drop("again/q60.jpg", saved_anew(ALONE), NOBODY)
    workspace.drop("again/half.jpg", saved_anew(ALONE, half=True), NOBODY)
    workspace.drop("again/turned.jpg", turned.getvalue(), NOBODY)
    workspace.drop("again/hall.jpg", photos.jpeg(9, 640, 480), NOBODY)
    told = by_source(workspace.ingest())
    for name in ("q60", "half", "turned"):
        found = told[f"again/{name}.jpg"]
        assert (found["disposition"], [r["rule"] for r in found["reasons"]]) == (
            "held", ["withdrawn-copy"],
        ), name  # fmt: skip
        assert found["reasons"][0]["advice"]
    assert told["again/hall.jpg"]["disposition"] == "approved"
    assert restricted(workspace) == [sha256(ALONE)]
    assert not workspace.original(sha256(ALONE)).exists()
    assert workspace.dropped() == []
    copies = {c["asset"]: c["level"] for c in workspace.ask("tombstone", "list")["copies"]}
    assert sorted(copies.values()) == ["likely", "same", "same"]
    half = told["again/half.jpg"]["asset"]
    explained = workspace.ask("explain", half)["explanation"]["rules"][0]
    assert (explained["rule"], explained["final"]) == ("withdrawn-copy", True)
    words = ("waive", half, "withdrawn-copy", "--by", "dpo", "--until", "2027-01-31")
    workspace.run(*words, "--reason", "x", code=errors.USAGE)
    said = ("tombstone", "settle", half, "--by", "dpo", "--reason", "looked at")
    done = workspace.json(*said, "--different")
    assert [a["disposition"] for a in done["photos"]["assets"]] == ["approved"]


@pytest.mark.slow
def test_a_copy_that_was_there_before_goes_with_it(workspace: Workspace) -> None:
    workspace.drop("small.jpg", saved_anew(ALONE, half=True), NOBODY)
    (copy,) = workspace.ingest()["assets"]
    assert copy["disposition"] == "approved"
    told = withdraw(workspace)
    assert fates(told)[copy["asset"]] == "copy"
    assert workspace.ask("show", copy["asset"])["disposition"] == "held"
    assert len(workspace.filed()) == 2


def test_a_new_consent_brings_it_back_and_its_tombstone_goes(
    workspace: Workspace, tmp_path: Path
) -> None:
    withdraw(workspace, "--on", "2022-01-20")
    fresh = tmp_path / "r.json"
    today = datetime.now(UTC).date().isoformat()
    item = record(1) | {"id": "C-11", "events": [{"state": "given", "on": today}]}
    item["scope"] |= {"valid_from": today, "valid_until": "2040-01-31"}
    fresh.write_text(json.dumps({"schema": "dam/consent/1", **item}))
    workspace.run("consent", "import", str(fresh))
    # The photo's own sidecar still names the old one.
    assert restricted(workspace) == [sha256(ALONE)]
    said = yaml.safe_load(sidecar(1))
    said["people"][0]["consent"] = "C-11"
    workspace.say("a.jpg", yaml.safe_dump(said, allow_unicode=True))
    told = by_source(workspace.ingest())["a.jpg"]
    assert (told["disposition"], told["reasons"]) == ("approved", [])
    assert restricted(workspace) == []
    assert workspace.original(sha256(ALONE)).exists()
    assert workspace.rows("SELECT count(*) FROM tombstones WHERE lifted_at IS NULL") == [(0,)]
    assert len(workspace.filed()) == 3


def test_a_sidecar_takes_it_back_as_the_command_does(workspace: Workspace) -> None:
    item = record(1)
    item["events"].append({"state": "withdrawn", "on": "2026-01-05"})
    for word in ("name", "first_name", "contact"):
        del item["subject"][word]
    for word in ("name", "contact"):
        del item["givers"][0][word]
    workspace.say("a.jpg", sidecar(1, consents=[item]))
    workspace.ingest()
    assert restricted(workspace) == [sha256(ALONE)]
    assert workspace.rows("SELECT count(*) FROM tombstones") == [(1,)]
    assert {disposition(workspace, name) for name in ("a.jpg", "g.jpg")} == {"refused"}
    assert len(workspace.filed()) == 2


#: As docs/withdrawal.md shows it.
HIDE = """\
schema: dam/rule/1
id: hide-who-withdrew
title: {en: Hidden beside others, fr: Cachée auprès des autres, ar: مخفي بجانب الآخرين}
reason: {en: Took back., fr: Retrait., ar: سحب الموافقة.}
advice: {en: Nothing is to be done., fr: Rien à faire., ar: لا يلزم شيء.}
source: our own safeguarding policy, 4.2
each: person
when: person.identifiable && person.has_consent && people.identifiable > 1
require: '!(person.consent.state in ["withdrawn", "revoked"])'
otherwise: oblige
obligations: [redact_faces]
examples:
  pass:
    - name: given
    - name: alone
      facts: {person.consent.state: withdrawn}
  fail:
    - name: taken back
      facts: {person.consent.state: withdrawn, people.identifiable: 2}
    - name: revoked
      facts: {person.consent.state: revoked, people.identifiable: 3}
"""


def test_where_the_rules_let_a_group_go_on_without_the_face(workspace: Workspace) -> None:
    """A workspace may say that who took back is made unrecognisable in photos of groups."""
    rules = workspace.root / "rules" / "consent"
    (rules / "hide-who-withdrew.yaml").write_text(HIDE)
    path = rules / "withdrawn-or-refused.yaml"
    text = path.read_text()
    spared = (
        'person.consent.state in ["withdrawn", "revoked", "refused"])\n'
        '  || people.identifiable > 1 && person.face == "redacted"\n'
    )
    path.write_text(
        text.replace('person.consent.state in ["withdrawn", "revoked", "refused"])\n', spared)
    )
    group, alone = asset(workspace, "g.jpg"), asset(workspace, "a.jpg")
    words = ("redact", group, "--region", "0.2,0.2,0.3,0.3", "--subject", "S-1")
    workspace.run(*words, "--reason", "asked for")
    # Drawn is drawn: in every rendition, whether anybody took back or not.
    before = workspace.filed()
    told = withdraw(workspace)
    assert fates(told) == {alone: "restricted", group: "kept"}
    assert disposition(workspace, "g.jpg") == "approved"
    assert set(before.items()) >= set(workspace.filed().items())
    assert len(workspace.filed()) == 3
    assert [a for (a,) in workspace.rows("SELECT asset FROM restrictions")] == [alone]


# --- while others are at work ------------------------------------------------------------


def test_it_works_beside_a_watcher_and_is_done_when_it_says_so(workspace: Workspace) -> None:
    with watching(workspace) as watcher:
        end = time.monotonic() + 60
        while not (workspace.root / ".dam" / "heartbeat.json").exists():
            assert time.monotonic() < end
            time.sleep(0.1)
        told = withdraw(workspace)
        filed = workspace.filed()
        assert watcher.poll() is None
    assert len(filed) == 2
    assert restricted(workspace) == [sha256(ALONE)]
    assert set(fates(told).values()) == {"restricted", "kept"}


def _open(workspace: Workspace) -> AbstractContextManager[Desk]:
    settings = Settings(workers=1)
    return desks.open_desk(
        Places.at(workspace.root, settings), settings, lambda: datetime.now(UTC), writing=True
    )


@pytest.mark.parametrize("moment", ["before it is planned", "before it is filed"])
def test_a_picture_that_is_on_its_way_into_the_archive_does_not_arrive(
    workspace: Workspace, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rendered on a decision of before, while another process takes the consent back."""
    workspace.say("a.jpg", sidecar(1, caption={"fr": "Une autre légende"}))
    seen: list[dict[str, str]] = []

    def meanwhile() -> None:
        if not seen:
            seen.append({})
            withdraw(workspace)
            seen[0] = workspace.filed()

    if moment == "before it is planned":
        rendered = filing.render

        def render(*args: object, **more: object) -> object:
            done = rendered(*args, **more)  # type: ignore[arg-type]
            meanwhile()
            return done

        monkeypatch.setattr(settle, "render", render)
    else:
        passed = Gate.shared

        def shared(self: Gate) -> AbstractContextManager[None]:
            if workspace.rows("SELECT 1 FROM renditions WHERE state = 'planned'"):
                meanwhile()
            return passed(self)

        monkeypatch.setattr(Gate, "shared", shared)
    with _open(workspace) as desk, desk.darkroom() as room:
        ingest.run(desk, room, lambda found: True)
    assert len(seen[0]) == 2
    assert len(workspace.filed()) == 2
    assert restricted(workspace) == [sha256(ALONE)]
    assert workspace.rows("SELECT * FROM due_work") == []


def test_what_the_disk_refuses_is_done_by_the_next_start(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = ingest.taking_back(ingest.Order())
    said = consents.Statement(datetime.now(UTC).date(), consents.Speaker.PARENT)

    def refuse(*args: object) -> None:
        raise errors.StorageError("Removing a rendition: the disk reports a fault")

    with _open(workspace) as desk, desk.darkroom(1) as room:
        with monkeypatch.context() as patch:
            patch.setattr(type(desk.archive), "remove", refuse)
            with pytest.raises(errors.StorageError):
                consents.withdraw_everywhere(desk, room, "C-1", said, end)
        assert len(desk.catalog.leaving()) > 0
        assert {r.disposition for r in desk.catalog.assets() if r.archived_as is None}
    assert len(workspace.filed()) == 4
    workspace.run("consent", "renew", "C-3", "--by", "parent", "--until", "2027-01-31")
    assert len(workspace.filed()) == 2
    assert workspace.rows("SELECT * FROM leaving") == []


def test_the_group_photo_is_not_in_restricted_hold(workspace: Workspace) -> None:
    withdraw(workspace)
    assert workspace.original(sha256(GROUP)).exists()


# --- after a restore ----------------------------------------------------------------------


@pytest.mark.parametrize("erase", [False, True])
def test_a_tombstone_made_since_a_backup_counts_after_a_restore(
    workspace: Workspace, tmp_path: Path, erase: bool
) -> None:
    backup = tmp_path / "restored"
    shutil.copytree(workspace.root, backup, symlinks=True)
    withdraw(workspace, *(["--erase"] if erase else []))
    with _open(workspace) as desk:
        lines = [stone.line() for stone in desk.catalog.tombstones()]
    restored = Workspace(backup)
    with _open(restored) as desk, desk.catalog.transaction() as unit:
        stones = tuple(map(Tombstone.read, lines))
        assert tombstones.apply(desk, unit, stones) == (asset(restored, "a.jpg"),)
        assert tombstones.apply(desk, unit, stones) == ()
    restored.ingest()
    assert len(restored.filed()) == 3
    assert restricted(restored) == ([] if erase else [sha256(ALONE)])
    assert not restored.original(sha256(ALONE)).exists()
    states = restored.rows("SELECT state FROM restrictions")
    assert states == [("erased" if erase else "copy",)]
