"""A catalogue of photographs of which everything is known: the truth that audits must tell.

A seed gives photographs, consent records, packs, withdrawals and ends of consents. Each
photograph is made as one of the scenarios below, and the truth about it stands there by hand:
nothing here asks the rules. Photographs have no bytes; what is filed is an empty file.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from bench.holdings import register
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

#: What stands in the way of one purpose: the kinds of findings, sorted; approved where none does.
Kinds = tuple[str, ...]
Says = dict[str, object]

_HELD = "held"
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


@dataclass(frozen=True)
class Scenario:
    """One way a photograph can be: how it is made, and what is true of it for every purpose.

    `consent` changes a complete record of a child of nine; None: there is none. `wrong` are the
    kinds of findings for every purpose, the scope of the record apart; with `inside` not for
    archive and internal use.
    """

    name: str
    wrong: Kinds = ()
    disposition: str = _HELD
    consent: Callable[[Says, date, int], None] | None = lambda record, day, n: None
    facts: Callable[[Facts, date], Facts] = lambda facts, day: facts
    people: int = 1
    ends: Callable[[date, int], date | None] = lambda day, n: day + timedelta(days=1400)
    majority: Callable[[date, int], date | None] = lambda day, n: None
    minors: int = 1
    weight: int = 1
    inside: bool = False


#: In so many days consents end: on, before and behind the bounds that audits are asked for.
_ENDS = (0, 1, 29, 30, 31, 60, 89, 90, 91, 120)


def _soon(day: date, n: int) -> date:
    return day + timedelta(days=_ENDS[n % len(_ENDS)])


def _until(record: Says, day: date, n: int) -> None:
    _scope(record)["valid_until"] = _soon(day, n).isoformat()


def _over(record: Says, day: date, n: int) -> None:
    _scope(record)["valid_until"] = (day - timedelta(days=1 + n % 300)).isoformat()


def _refused(record: Says, day: date, n: int) -> None:
    record["events"] = [{"state": "refused", "on": _given(day)}]


def _born(record: Says, day: date, n: int) -> None:
    subject = record["subject"]
    assert isinstance(subject, dict)
    del subject["age_band"]
    subject["birth_date"] = _birthday(day, n).replace(year=_birthday(day, n).year - 18).isoformat()


def _birthday(day: date, n: int) -> date:
    """The eighteenth birthday: 2 to 121 days ahead, never on a leap day."""
    found = day + timedelta(days=2 + n % 120)
    return found - timedelta(days=1) if (found.month, found.day) == (2, 29) else found


def _adult(record: Says, day: date, n: int) -> None:
    subject = record["subject"]
    assert isinstance(subject, dict)
    record["subject"] = {"id": subject["id"], "age_band": "adult", "situation": "other"}
    record["givers"] = [{"role": "subject", "method": "written", "on": _given(day)}]
    del record["child_assent"]


def _scope(record: Says) -> Says:
    scope = record["scope"]
    assert isinstance(scope, dict)
    return scope


def _given(day: date) -> str:
    return (day - timedelta(days=400)).isoformat()


def _persons(facts: Facts, **changes: object) -> Facts:
    persons = tuple(p.model_copy(update=changes) for p in facts.people.persons)
    return facts.model_copy(update={"people": facts.people.model_copy(update={"persons": persons})})


def _nobody(facts: Facts, day: date) -> Facts:
    nobody = PeopleFact(stated="none", persons=(), sources=("consent.yaml",))
    faces = FacesFact(count=0, status=Status.KNOWN, source="detector")
    return facts.model_copy(update={"people": nobody, "faces": faces})


def _faces(count: int | None) -> Callable[[Facts, date], Facts]:
    status = Status.KNOWN if count is not None else Status.ABSENT
    faces = FacesFact(count=count, status=status, source="detector")
    return lambda facts, day: facts.model_copy(update={"faces": faces})


def _embargo(facts: Facts, day: date) -> Facts:
    later = TextFact(
        status=Status.KNOWN,
        value=(day + timedelta(days=200)).isoformat(),
        sources=("consent.yaml",),
    )
    return facts.model_copy(update={"embargo": later})


def _uncredited(facts: Facts, day: date) -> Facts:
    return facts.model_copy(update={"photographer": TextFact()})


def _unreadable(facts: Facts, day: date) -> Facts:
    blocks = (*facts.blocks[1:], BlockFact(name="exif", status=Status.UNREADABLE))
    return facts.model_copy(update={"blocks": blocks})


SCENARIOS = (
    Scenario("good", weight=12),
    Scenario("nobody", consent=None, facts=_nobody, people=0, minors=0,
             ends=lambda day, n: None, weight=3),
    Scenario("adult", consent=_adult, minors=0,
             facts=lambda facts, day: _persons(facts, age_band=AgeBand.ADULT), weight=2),
    Scenario("ending", consent=_until, ends=_soon, weight=3),
    Scenario("over", ("expired",), consent=_over,
             ends=lambda day, n: day - timedelta(days=1 + n % 300)),
    Scenario("refused", ("refused",), "refused", consent=_refused),
    Scenario("missing", ("missing_consent",), consent=None,
             facts=lambda facts, day: _persons(facts, consent=None), ends=lambda day, n: None),
    Scenario("faces", ("undeclared_faces",), facts=_faces(2)),
    Scenario("unchecked", ("faces_not_checked",), facts=_faces(None)),
    Scenario("uncredited", ("no_credit",), facts=_uncredited),
    Scenario("unreadable", ("unreadable",), facts=_unreadable),
    Scenario("embargo", ("embargo",), facts=_embargo, inside=True),
    Scenario("birthday", consent=_born, facts=lambda facts, day: _persons(
        facts, age_stated=False, age_band=AgeBand.UNKNOWN),
        ends=lambda day, n: _birthday(day, n) - timedelta(days=1), majority=_birthday, weight=2),
    Scenario("quarantined", ("unreadable",), "quarantined", consent=None, people=0, minors=0,
             ends=lambda day, n: None),
)  # fmt: skip


@dataclass
class Known:
    """What is true of one photograph on the day it was made for. `wrong` is by purpose."""

    asset: str
    scenario: Scenario
    number: int
    captured_on: date | None
    photographer: str | None
    programme: str | None
    place: str
    consents: tuple[str, ...]
    subjects: tuple[str, ...]
    until: date | None
    majority: date | None
    disposition: str
    wrong: dict[str, Kinds]
    filed: bool
    gone: bool = False

    def says(self, purpose: str) -> str:
        """What it may do for a purpose."""
        if self.disposition in ("refused", "quarantined"):
            return self.disposition
        return "held" if self.wrong[purpose] else "approved"

    def kinds(self, purpose: str, day: date, ahead: int) -> Counter[str]:
        """Every finding about it."""
        found = Counter(self.wrong[purpose])
        if not self.wrong[purpose]:
            for kind, end in (("expiring", self.until), ("majority_soon", self.majority)):
                if end is not None and (end - day).days <= ahead:
                    found[kind] += 1
        if self.gone:
            found["integrity"] += 1
        return found


@dataclass
class Truth:
    """Everything that was made: photographs by id, and (pack, purpose, assets) of packs."""

    day: date
    photos: dict[str, Known] = field(default_factory=dict)
    packs: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    orphans: int = 0


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
            "valid_from": _given(day),
            "valid_until": (day + timedelta(days=1400)).isoformat(),
        },
        "permissions": {"face": "yes", "name": "none", "location": "exact"},
        "givers": [{"role": "parent", "method": "written", "on": _given(day)}],
        "child_assent": "given",
        "events": [{"state": "given", "on": _given(day)}],
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


def next_day(truth: Truth) -> Truth:
    """The truth a day later, when consents that ended today are over."""
    day = truth.day + timedelta(days=1)
    photos = {}
    for asset, photo in truth.photos.items():
        over = (
            photo.until is not None and photo.until < day and "expired" not in photo.wrong["press"]
        )
        wrong = {
            p: tuple(sorted((*kinds, "expired"))) if over else kinds
            for p, kinds in photo.wrong.items()
        }
        photos[asset] = replace(photo, wrong=wrong)
    return replace(truth, day=day, photos=photos)


def of_the_past(truth: Truth) -> Truth:
    """The truth of a past day: archive and inbox are known of today alone."""
    photos = {asset: replace(photo, gone=False) for asset, photo in truth.photos.items()}
    return replace(truth, photos=photos, orphans=0)


@dataclass(frozen=True)
class Figures:
    """What an audit says, whatever it is written in."""

    totals: Mapping[str, int]
    matrix: Mapping[str, Mapping[str, int]]
    kinds: Mapping[str, int]
    months: Mapping[str, tuple[int, ...]]
    ends: Mapping[str, int]
    packs: Mapping[str, tuple[int, int]]


def figures(
    truth: Truth,
    purpose: str = "archive",
    ahead: int = 90,
    meant: Callable[[Known], bool] = lambda photo: True,
    *,
    everything: bool = True,
    asked: bool = False,
) -> Figures:
    """The truth of the photographs that are meant, counted one by one.

    `asked`: a pass has opened the recalls of packs with pictures that were taken back.
    """
    words = [d.value for d in Disposition]
    photos = [p for p in truth.photos.values() if meant(p)]
    says = Counter(p.says(purpose) for p in photos)
    minors = [p for p in photos if p.scenario.minors]
    usable = [p for p in photos if p.says(purpose) == "approved"]
    kinds: Counter[str] = Counter()
    for photo in photos:
        kinds += photo.kinds(purpose, truth.day, ahead)
    ended = {
        pack: [truth.photos[a] for a in assets if truth.photos[a].says(use) != "approved"]
        for pack, use, assets in truth.packs
    }
    for pack_ended in ended.values():
        for photo in pack_ended:
            if meant(photo):
                gone = photo.disposition in ("refused", "quarantined")
                kinds["withdrawn_in_pack" if gone else "expired_in_pack"] += 1
        if asked and any(p.disposition == "refused" and meant(p) for p in pack_ended):
            kinds["recall_open"] += 1
    if everything and truth.orphans:
        kinds["orphan_sidecar"] += 1
    months: dict[str, tuple[int, ...]] = {}
    for name in sorted({_month(p.captured_on) for p in photos}):
        those = [p for p in photos if _month(p.captured_on) == name]
        shown = [p for p in those if p.scenario.minors]
        months[name] = (
            len(those),
            *(sum(p.says(purpose) == word for p in those) for word in words),
            len(shown),
            sum(p.says(purpose) == "approved" for p in shown),
        )
    return Figures(
        totals={
            **{word: says[word] for word in words},
            "assets": len(photos),
            "with_minors": len(minors),
            "covered": sum(p.says(purpose) == "approved" for p in minors),
            "minors": sum(p.scenario.minors for p in photos),
            "waivers": 0,
            "in_archive": sum(p.filed for p in photos),
        },
        matrix={
            p.value: {word: sum(x.says(p.value) == word for x in photos) for word in words}
            for p in Purpose
        },
        kinds={kind: number for kind, number in kinds.items() if number},
        months=months,
        ends=dict(sorted(Counter(_month(p.until) for p in usable if p.until).items())),
        packs={pack: (len(a), len(ended[pack])) for pack, _, a in truth.packs},
    )


def _month(day: date | None) -> str:
    return "undated" if day is None else f"{day.year}-{day.month:02}"
