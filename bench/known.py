"""A catalogue of photographs of which everything is known: the truth that audits must tell.

A seed gives photographs, consent records, packs, withdrawals and ends of consents. Each photograph
is made as one of the scenarios of `bench.scenarios`; what is true of it is kept as `bench.truth`.
Photographs have no bytes; what is filed is an empty file.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from bench.holdings import register
from bench.scenarios import SCENARIOS, Kinds, Says, Scenario, given
from bench.truth import Known, Truth
from dam.adapters.catalog import Unit
from dam.adapters.desk import Desk
from dam.core.facts import (
    VERSION,
    BlockFact,
    CaptionFact,
    FacesFact,
    Facts,
    PeopleFact,
    PersonFact,
    TextFact,
)
from dam.core.model import AgeBand, Disposition, Event, Purpose
from dam.core.plan import archive_name, asset_id
from dam.core.readings import Status
from dam.core.rows import AssetRow, PackItemRow, PackRow, ProvenanceRow, RenditionRow
from dam.flows import consents
from dam.flows.consents.changing import Speaker
from dam.flows.ingest.consider import decided_on
from dam.flows.ingest.filing import rights_digest
from dam.flows.ingest.recorded import Task, keep, record

_SCOPE = "scope_mismatch"
_IN_SCOPE = ("archive", "internal", "press", "web", "print")
#: Deciding again what is filed asks for a photographer of the roster.
_ROSTERED = "rachid-azzouzy"
_PHOTOGRAPHERS = (_ROSTERED, "=1+1")
_PROGRAMMES = ("amal", None)
_PLACES = (("Tanger", "MA"), ("<b>Rabat</b>", "MA"), ("Oujda", "MA"), (None, None))
_TOGETHER = 200
_NOON = time(12)
_EMPTY = hashlib.sha256().hexdigest()


def generate(desk: Desk, count: int, seed: int = 2021) -> Truth:
    """Fill an empty workspace; what is true of it today."""
    chance = random.Random(seed)
    truth = Truth(desk.day())
    weights = [s.weight for s in SCENARIOS]
    chosen = [
        SCENARIOS[n] if n < len(SCENARIOS) else chance.choices(SCENARIOS, weights)[0]
        for n in range(count)
    ]
    told = [_consent(truth.day, n, s) for n, s in enumerate(chosen) if s.consent is not None]
    register(desk, told)
    for start in range(0, count, _TOGETHER):
        numbers = range(start, min(start + _TOGETHER, count))
        with desk.catalog.transaction() as unit:
            for n in numbers:
                photo = _add(desk, unit, n, chosen[n], chance, truth.day)
                truth.photos[photo.asset] = photo
    _files(desk, truth)
    _send(desk, truth, chance)
    _withdraw(desk, truth)
    (desk.workspace.inbox / "lost.jpg.consent.yaml").write_text(
        "schema: dam/photo/1\npeople: none\n"
    )
    truth.orphans = 1
    return truth


def _consent(day: date, number: int, scenario: Scenario) -> Says:
    told: Says = {
        "schema": "dam/consent/1",
        "id": f"C-{number:07}",
        "subject": {
            "id": f"S-{number:07}", "age_band": "6-11", "unaccompanied": "no",
            "situation": "migrant", "risk": "low",
        },
        "notice": {"ref": "AMAL-form-fr-2", "language": "fr", "interpreter": "no"},
        "scope": {
            "purposes": ["press", "web", "print"],
            "territories": ["world"],
            "valid_from": given(day),
            "valid_until": (day + timedelta(days=1400)).isoformat(),
        },
        "permissions": {"face": "yes", "name": "none", "location": "exact"},
        "givers": [{"role": "parent", "method": "written", "on": given(day)}],
        "child_assent": "given",
        "events": [{"state": "given", "on": given(day)}],
    }  # fmt: skip
    assert scenario.consent is not None
    scenario.consent(told, day, number)
    return told


def _facts(number: int, scenario: Scenario, day: date, about: Mapping[str, str | None]) -> Facts:
    consent = f"C-{number:07}" if scenario.consent is not None else None
    person = PersonFact(
        subject=f"S-{number:07}", age_band=AgeBand.A6_11, age_stated=True, identifiable=True,
        consent=consent, sources=("consent.yaml",),
    )  # fmt: skip
    caption = {"fr": "Un match", "ar": "مباراة", "en": "A match"}
    known, said = Status.KNOWN, ("consent.yaml",)

    def text(value: str | None) -> TextFact:
        return TextFact(status=known, value=value, sources=said) if value else TextFact()

    facts = Facts(
        version=VERSION,
        format="JPEG",
        width=6000,
        height=4000,
        captured=text(about["captured"]),
        photographer=text(about["photographer"]),
        programme=text(about["programme"]),
        city=text(about["city"]),
        country=text(about["country"]),
        caption=CaptionFact(status=known, value=caption, written=caption, sources=("a sidecar",)),
        people=PeopleFact(stated="listed", persons=(person,), sources=said),
        faces=FacesFact(count=1, status=known, source="detector"),
        blocks=tuple(BlockFact(name=name, status=known) for name in ("exif", "xmp", "iptc")),
    )
    return scenario.facts(facts, day)


def _add(
    desk: Desk, unit: Unit, number: int, scenario: Scenario, chance: random.Random, day: date
) -> Known:
    sha256 = hashlib.sha256(f"{number}".encode()).hexdigest()
    ident = asset_id(sha256, 12)
    at = datetime.combine(day, _NOON, UTC) - timedelta(hours=1)
    lost = scenario.name == "quarantined"
    taken = None if lost else day - timedelta(days=chance.randrange(1000) + 1)
    city, country = (None, None) if lost else chance.choice(_PLACES)
    credited = not lost and scenario.name != "uncredited"
    photographer = chance.choice(_PHOTOGRAPHERS) if credited else None
    programme = None if lost else chance.choice(_PROGRAMMES)
    row = AssetRow(
        id=ident, sha256=sha256, size=10_000_000, format="", width=None, height=None,
        disposition=Disposition.QUARANTINED if lost else Disposition.HELD, archived_as=None,
        captured_on=None, captured_source="", photographer=None, programme=None, country=None,
        city=None, facts_digest=None, added_at=at, note="No picture" if lost else "",
        note_hint="Export it as JPEG" if lost else "",
    )  # fmt: skip
    unit.add_asset(row)
    name = f"IMG_{number:07}.JPG"
    unit.add_provenance(
        ProvenanceRow(
            asset=ident, folder=b"", name=name.encode(), shown=name, folder_key="",
            name_key=name.lower(), stem_key=name.lower().partition(".")[0], device=1,
            inode=number, size=10_000_000, mtime_ns=0, seen_at=at, removed=True,
        )
    )  # fmt: skip
    filed = not scenario.wrong or scenario.inside
    if lost:
        keep(desk, unit, row, None)
        unit.append(Event("asset.quarantined", ident, {"why": row.note}), desk.instant())
    else:
        assert taken is not None
        about = {
            "captured": taken.isoformat(), "photographer": photographer, "programme": programme,
            "city": city, "country": country,
        }  # fmt: skip
        facts = _facts(number, scenario, day, about)
        considered = decided_on(desk, desk.file_on(facts, sha256, name))
        relative = archive_name(ident, taken)
        archived = f"archive/{relative}" if filed else None
        record(desk, unit, Task(row, None), considered, archived)
        if filed:
            purpose = Purpose.ARCHIVE.value
            unit.plan_rendition(RenditionRow(ident, purpose, relative, _EMPTY, 0, "planned", at))
            unit.mark_filed(ident, purpose)
            unit.append(Event("rendition.filed", ident, {"sha256": _EMPTY}), desk.instant())
            if photographer == _ROSTERED:
                unit.remember(f"rights:{ident}", rights_digest(desk, considered))
    consent = (f"C-{number:07}",) if scenario.consent is not None else ()
    return Known(
        asset=ident,
        scenario=scenario,
        number=number,
        captured_on=taken,
        photographer=photographer,
        programme=programme,
        place=", ".join(v for v in (city, country) if v),
        consents=consent,
        subjects=(f"S-{number:07}",) if scenario.people else (),
        until=scenario.ends(day, number),
        majority=scenario.majority(day, number),
        disposition=scenario.disposition,
        wrong={p.value: _wrong(scenario, p.value, bool(consent)) for p in Purpose},
        filed=filed,
    )


def _wrong(scenario: Scenario, purpose: str, consented: bool) -> Kinds:
    spared = scenario.inside and purpose in ("archive", "internal")
    found = () if spared else scenario.wrong
    return tuple(sorted(found if purpose in _IN_SCOPE or not consented else (*found, _SCOPE)))


def _files(desk: Desk, truth: Truth) -> None:
    """An empty file for each that is filed, but for one in fifty."""
    filed = [p for p in truth.photos.values() if p.filed]
    for place, photo in enumerate(filed):
        assert photo.captured_on is not None
        if place % 50 == 7:
            photo.gone = True
            continue
        path = desk.workspace.archive / archive_name(photo.asset, photo.captured_on)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def _send(desk: Desk, truth: Truth, chance: random.Random) -> None:
    """Packs for press and web of what may be used for them."""
    usable = [p for p in truth.photos.values() if p.filed and not p.wrong["press"]]
    at = datetime.combine(truth.day, _NOON, UTC)
    for number in range(1 + len(usable) // 100):
        purpose = ("press", "web")[number % 2]
        chosen = chance.sample(usable, min(20, len(usable)))
        pack = f"P-{number:05}"
        row = PackRow(pack, purpose, "<i>Le Journal</i>", "world", truth.day, at, "", _EMPTY)
        items = [PackItemRow(pack, p.asset, f"{p.asset}.jpg", _EMPTY) for p in chosen]
        with desk.catalog.transaction() as unit:
            unit.add_pack(row, items)
        truth.packs.append((pack, purpose, tuple(p.asset for p in chosen)))


def _withdraw(desk: Desk, truth: Truth) -> None:
    """Some of the photographs in packs must not be used any longer."""
    sent = list(dict.fromkeys(asset for _, _, assets in truth.packs for asset in assets))
    for asset in sent[::5]:
        photo = truth.photos[asset]
        if not photo.consents or photo.photographer != _ROSTERED:
            continue
        consents.withdraw(desk, photo.consents[0], consents.Statement(truth.day, Speaker.PARENT))
        photo.disposition = "refused"
        photo.wrong = {p: tuple(sorted(("refused", *w))) for p, w in photo.wrong.items()}
