"""A catalogue of many photographs without their bytes: facts, consents, links, filed renditions.

Deciding again needs no pixels; a photograph whose place does not change needs no file either.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

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
from dam.core.model import AgeBand, Decision, Disposition, Purpose
from dam.core.plan import archive_name, asset_id
from dam.core.readings import Status
from dam.core.rows import AssetRow, ProvenanceRow, RenditionRow
from dam.core.view import Dossier
from dam.flows import consents
from dam.flows.ingest.consider import Considered
from dam.flows.ingest.filing import rights_digest

#: Each consent is that of one child in so many photographs.
PHOTOS_A_CONSENT = 30
#: How many people a photograph shows, each as likely as the other.
PEOPLE = (1, 1, 2, 4)
CAPTURED = "2021-11-18"
SCOPE = {
    "purposes": ["press", "web", "print"],
    "territories": ["world"],
    "valid_from": "2025-11-01",
    "valid_until": "2030-10-31",
}
_TOGETHER = 500
#: A file of records is read up to 8 MiB.
_RECORDS_A_FILE = 1000
#: Nothing is redacted: all that a filed rendition's digest asks of its decision.
_APPROVED = Decision(Purpose.ARCHIVE, "world", date.min, Disposition.APPROVED, (), (), "", "", None)


def consent(number: int) -> dict[str, object]:
    """The smallest complete record of a child, as an import file says it."""
    return {
        "schema": "dam/consent/1",
        "id": f"C-{number:06}",
        "subject": {
            "id": f"S-{number:06}",
            "age_band": "6-11",
            "unaccompanied": "no",
            "situation": "migrant",
            "risk": "low",
        },
        "notice": {"ref": "AMAL-form-fr-2", "language": "fr", "interpreter": "no"},
        "scope": SCOPE,
        "permissions": {"face": "yes", "name": "none", "location": "country"},
        "givers": [{"role": "parent", "method": "written", "on": "2025-10-28"}],
        "child_assent": "given",
        "events": [{"state": "given", "on": "2025-10-28"}],
    }


def register(desk: Desk, records: Sequence[Mapping[str, object]]) -> None:
    """Put records into the register by its own way in, a file of bounded size at a time."""
    file = desk.workspace.work / "records.json"
    for start in range(0, len(records), _RECORDS_A_FILE):
        file.write_text(json.dumps(list(records[start : start + _RECORDS_A_FILE])))
        items, problems = consents.read([file])
        assert not problems, problems
        consents.import_(desk, items)
    file.unlink(missing_ok=True)


def facts(chance: random.Random, consents: int) -> Facts:
    """A photograph of a few children who all have a consent record."""
    shown = sorted(chance.sample(range(consents), min(chance.choice(PEOPLE), consents)))
    persons = tuple(
        PersonFact(
            subject=f"S-{number:06}",
            age_band=AgeBand.A6_11,
            age_stated=True,
            identifiable=True,
            consent=f"C-{number:06}",
            sources=("consent.yaml",),
        )
        for number in shown
    )
    caption = {"fr": "Un match de football", "ar": "مباراة كرة قدم", "en": "A football match"}
    known = Status.KNOWN
    return Facts(
        version=VERSION,
        format="JPEG",
        width=6000,
        height=4000,
        captured=TextFact(status=known, value=CAPTURED, sources=("exif",)),
        photographer=TextFact(status=known, value="rachid-azzouzy", sources=("consent.yaml",)),
        programme=TextFact(status=known, value="amal", sources=("consent.yaml",)),
        caption=CaptionFact(status=known, value=caption, written=caption, sources=("a sidecar",)),
        people=PeopleFact(stated="listed", persons=persons, sources=("consent.yaml",)),
        faces=FacesFact(count=len(persons), status=known, source="detector"),
        blocks=tuple(BlockFact(name=name, status=known) for name in ("exif", "xmp", "iptc")),
    )


def fill(desk: Desk, count: int) -> Iterator[tuple[str, ...]]:
    """Add so many filed photographs; yields the ids of each batch once it is committed.

    Their consent records (see `consent`) must be in the catalogue.
    """
    chance = random.Random(2021)
    at = desk.instant()
    for start in range(0, count, _TOGETHER):
        with desk.catalog.transaction() as unit:
            numbers = range(start, min(start + _TOGETHER, count))
            added = tuple(
                _add(desk, unit, n, facts(chance, consents_for(count)), at) for n in numbers
            )
        yield added


def consents_for(photographs: int) -> int:
    return max(max(PEOPLE), photographs * sum(PEOPLE) // len(PEOPLE) // PHOTOS_A_CONSENT)


def _add(desk: Desk, unit: Unit, number: int, told: Facts, at: datetime) -> str:
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    ident = asset_id(sha256, 12)
    relative = archive_name(ident, datetime.fromisoformat(CAPTURED).date())
    unit.add_asset(
        AssetRow(
            id=ident,
            sha256=sha256,
            size=10_000_000,
            format=told.format,
            width=told.width,
            height=told.height,
            disposition=Disposition.APPROVED,
            archived_as=f"archive/{relative}",
            captured_on=datetime.fromisoformat(CAPTURED).date(),
            captured_source="exif",
            photographer=told.photographer.value,
            programme=told.programme.value,
            country=None,
            city=None,
            facts_digest=None,
            added_at=at,
        )
    )
    name = f"IMG_{number:06}.JPG".encode()
    unit.add_provenance(
        ProvenanceRow(
            asset=ident,
            folder=b"",
            name=name,
            shown=name.decode(),
            folder_key="",
            name_key=name.decode().lower(),
            stem_key=name.decode().lower().partition(".")[0],
            device=1,
            inode=number,
            size=10_000_000,
            mtime_ns=0,
            seen_at=at.astimezone(UTC),
            removed=True,
        )
    )
    unit.put_facts(ident, told.digest(), told.body(), at)
    subjects = [p.subject for p in told.people.persons if p.subject]
    unit.set_subjects(ident, subjects, [s.replace("S-", "C-") for s in subjects])
    archive = Purpose.ARCHIVE.value
    unit.plan_rendition(RenditionRow(ident, archive, relative, sha256, 1, "planned", at))
    unit.mark_filed(ident, archive)
    unit.remember(
        f"rights:{ident}", rights_digest(desk, Considered(told, Dossier(told), (_APPROVED,)))
    )
    return ident
