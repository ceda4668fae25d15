"""export: a press pack of what may be used, decided again for this purpose, place and day.

The decision that counts is the last one: it is made inside the transaction that records
the pack, so a withdrawal that arrives while pictures are rendered wins.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from dam.adapters import inbox
from dam.adapters.darkroom import Darkroom
from dam.adapters.desk import Desk
from dam.adapters.pack import PackSink, pack_sink
from dam.core import plan, table
from dam.core.decide import decide
from dam.core.errors import ConfigurationError, IntegrityError, RenditionRefused, UnusablePhoto
from dam.core.model import (
    Decision,
    Disposition,
    Event,
    LocationPermission,
    Obligation,
    Purpose,
    Reason,
    Use,
)
from dam.core.readings import RenderJob
from dam.core.rows import AssetRow, PackItemRow, PackRow
from dam.core.view import chosen


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted: for what, for whom, where and to what end they will be used, which
    pictures, and where to."""

    purpose: Purpose
    recipient: str
    out: Path
    territory: str = "world"
    use: Use = Use.EDITORIAL
    programme: str | None = None
    place: str | None = None
    assets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Included:
    asset: AssetRow
    file: str
    sha256: str
    decision: Decision
    captions: dict[str, str]
    credit: str


@dataclass(frozen=True, slots=True)
class Excluded:
    """A picture that does not go, with the reasons for the officer (never in the pack)."""

    asset: str
    reasons: tuple[Reason, ...]
    note: str = ""


@dataclass(slots=True)
class Pack:
    """`id` is None and nothing was written where no picture may go, or in a dry run."""

    id: str | None
    path: Path | None
    included: list[Included] = field(default_factory=list)
    excluded: list[Excluded] = field(default_factory=list)


def unread_sidecars(desk: Desk) -> int:
    """How many sidecars lie in the inbox that no pass has taken in; one may be a withdrawal."""
    kinds = (inbox.Kind.SIDECAR, inbox.Kind.XMP)
    return sum(f.kind in kinds or f.unread for f in inbox.scan(desk.workspace.inbox))


def _wanted(desk: Desk, order: Order) -> list[AssetRow]:
    return [
        row
        for row in desk.catalog.assets()
        if (not order.assets or row.id in order.assets)
        and (order.programme is None or row.programme == order.programme)
        and (order.place is None or (row.city or "").casefold() == order.place.casefold())
    ]


def _decide(desk: Desk, row: AssetRow, order: Order, day: date) -> Decision | None:
    """The decision for the pack; None for what is not approved or due to be looked at again."""
    dossier = desk.dossier(row)
    if dossier is None or row.disposition is not Disposition.APPROVED:
        return None
    if desk.catalog.due_mark(row.id) is not None:
        return None
    return decide(dossier, desk.pack, order.purpose, day, order.territory, use=order.use)


def _why_not(desk: Desk, row: AssetRow, decision: Decision | None) -> Excluded | None:
    """Why a picture does not go; None if it may."""
    if decision is None:
        reasons = tuple(
            r
            for d in desk.catalog.decisions(row.id)
            if d.purpose is Purpose.ARCHIVE
            for r in d.reasons
        )
        note = row.note or ("Due to be looked at again: run dam ingest" if not reasons else "")
        return Excluded(row.id, reasons, note)
    if decision.disposition is not Disposition.APPROVED:
        return Excluded(row.id, decision.reasons)
    return None


def export(
    desk: Desk,
    room: Darkroom,
    order: Order,
    *,
    dry_run: bool = False,
    begin: Callable[[int], None] = lambda total: None,
    step: Callable[[], None] = lambda: None,
) -> Pack:
    """Make one pack. Nothing is written where no picture may go.

    `out` must not lie in the workspace's own folders: what stands in the archive is kept in
    order by dam, and what stands in the inbox is taken in.

    Raises ConfigurationError where the place is taken, StorageError where the disk refuses.
    """
    day = desk.day()
    place = desk.workspace
    for own in (place.inbox, place.archive, place.rules, place.private):
        if order.out.resolve().is_relative_to(own):
            raise ConfigurationError(
                f"The pack cannot stand in {own.name}/ of the workspace",
                "Name another folder with --out",
            )
    rows = _wanted(desk, order)
    result = Pack(None, None)
    going: list[AssetRow] = []
    for row in rows:
        refusal = _why_not(desk, row, _decide(desk, row, order, day))
        if refusal is None:
            going.append(row)
        else:
            result.excluded.append(refusal)
    if not going:
        return result
    ident = f"P-{day:%Y%m%d}-{secrets.token_hex(4)}"
    if dry_run:
        result.included = [_planned(desk, row, order, day) for row in going]
        return result
    with pack_sink(order.out, "folder") as folder:
        begin(len(going))
        for row in going:
            try:
                result.included.append(_render(desk, room, folder, row, order, ident))
            except (RenditionRefused, UnusablePhoto, IntegrityError) as error:
                result.excluded.append(Excluded(row.id, (), str(error)))
            step()
        _record(desk, folder, order, ident, result)
    if result.included:
        result.id, result.path = ident, order.out
    return result


def _file_name(row: AssetRow) -> str:
    return "images/" + plan.archive_name(row.id, row.captured_on or date.min).rpartition("/")[2]


def _planned(desk: Desk, row: AssetRow, order: Order, day: date) -> Included:
    decision = _decide(desk, row, order, day)
    if decision is None:
        raise UnusablePhoto("The asset changed meanwhile", "Run again")
    return Included(row, _file_name(row), "", decision, {}, "")


def _render(
    desk: Desk, room: Darkroom, folder: PackSink, row: AssetRow, order: Order, ident: str
) -> Included:
    """One picture rendered from its original into the pack."""
    facts = desk.facts(row)
    decision = _decide(desk, row, order, desk.day())
    if facts is None or decision is None:
        raise UnusablePhoto("The asset changed meanwhile", "Run again")
    if desk.credits.photographer(facts.photographer.value or "") is None:
        raise UnusablePhoto("The photographer is no longer in the roster", "Run dam ingest")
    if not desk.originals.verify(row.sha256):
        raise IntegrityError("The original is missing or damaged", "Drop the photograph again")
    rights, line = desk.credits.rights(facts, pack=ident)
    relative = _file_name(row)
    target = str(folder.place(relative))
    with room.session() as child:
        child.look(str(desk.originals.path(row.sha256)))
        try:
            rendered = child.render(
                RenderJob(
                    target=target,
                    rights=rights,
                    mark=line,
                    quality=desk.settings.jpeg_quality,
                    redact=tuple(redaction.face() for redaction in decision.redact),
                    style=desk.marks.style(order.purpose),
                    last=True,
                )
            )
        finally:
            child.drop()
    folder.note(relative, rendered.sha256, rendered.size)
    return Included(row, relative, rendered.sha256, decision, dict(rights.captions), line)


def _record(desk: Desk, folder: PackSink, order: Order, ident: str, result: Pack) -> None:
    """Decide once more, write the texts, record, publish; all while nothing else can change.

    The pack is recorded before it gets its final name: a crash between the two leaves a
    record without a pack, never a pack without a record.
    """
    with desk.catalog.transaction() as unit:
        day = desk.day()
        staying: list[Included] = []
        for item in result.included:
            current = desk.catalog.asset(item.asset.id)
            decision = _decide(desk, current, order, day) if current else None
            refusal = _why_not(desk, item.asset, decision)
            same = decision is not None and (
                (decision.facts_digest, decision.redact)
                == (item.decision.facts_digest, item.decision.redact)
            )
            if refusal is None and same:
                staying.append(item)
            else:
                folder.drop(item.file)
                note = "It changed while the pack was made: run again"
                result.excluded.append(refusal or Excluded(item.asset.id, (), note))
        result.included = staying
        if not staying:
            return
        _texts(desk, folder, order, ident, day, staying)
        manifest = folder.seal({"External-Identifier": ident}, ident, day)
        unit.add_pack(
            PackRow(
                id=ident,
                purpose=order.purpose.value,
                recipient=order.recipient,
                territory=order.territory,
                day=day,
                made_at=desk.instant(),
                path=str(order.out),
                manifest_sha256=manifest,
            ),
            [
                PackItemRow(ident, i.asset.id, i.file, i.sha256, i.decision.consents)
                for i in staying
            ],
        )
        unit.append(
            Event(
                "pack.made",
                ident,
                {
                    "purpose": order.purpose.value,
                    "territory": order.territory,
                    "use": order.use.value,
                    "manifest": manifest,
                    "assets": len(staying),
                    "redacted": sum(bool(item.decision.redact) for item in staying),
                },
            ),
            desk.instant(),
        )
    folder.publish()


def _texts(
    desk: Desk, folder: PackSink, order: Order, ident: str, day: date, items: Iterable[Included]
) -> None:
    items = list(items)
    rows = [
        (
            i.file,
            i.asset.captured_on.isoformat() if i.asset.captured_on else "",
            *_place(desk, i, day),
            i.captions.get("fr", ""),
            i.captions.get("ar", ""),
            i.captions.get("en", ""),
            i.credit,
        )
        for i in items
    ]
    header = ("file", "date", "city", "country", "caption_fr", "caption_ar", "caption_en", "credit")
    folder.write("captions.csv", table.render(header, rows).encode("utf-8-sig"))
    lines = sorted({i.credit for i in items})
    programmes = {i.asset.programme for i in items}
    donors = [
        text
        for ident_, programme in sorted(desk.programmes.items())
        if ident_ in programmes
        for text in programme.donor.values()
    ]
    credits_ = "\n".join([*lines, "", *donors]).strip() + "\n"
    folder.write("CREDITS.txt", credits_.encode())
    folder.write("TERMS.txt", terms(desk, order, ident, day).encode())


def _place(desk: Desk, item: Included, day: date) -> tuple[str, str]:
    """City and country as far as everybody shown allows: the strictest permission counts.

    `region` lets the city be named, `country` the country alone; nothing more exact than the
    city is ever written, and with the obligation `drop_location` nothing more exact than the
    country.
    """
    row = item.asset
    dossier = desk.dossier(row)
    if dossier is None:
        return "", ""
    standings = dossier.standings(day, desk.pack.policy.default_term)
    allowed = [
        standing.location if (standing := chosen(person, standings)) else LocationPermission.NONE
        for person in dossier.facts.people.persons
        if person.identifiable
    ]
    city = all(a in (LocationPermission.REGION, LocationPermission.EXACT) for a in allowed)
    city = city and Obligation.DROP_LOCATION not in item.decision.obligations
    country = all(a is not LocationPermission.NONE for a in allowed)
    return (row.city or "") if city else "", (row.country or "") if country else ""


_USES: dict[str, dict[Use, str]] = {
    "fr": {
        Use.EDITORIAL: "rédactionnel",
        Use.EDUCATIONAL: "pédagogique",
        Use.RESEARCH: "recherche",
        Use.ADVOCACY: "plaidoyer",
        Use.FUNDRAISING: "appel de fonds",
        Use.COMMERCIAL: "commercial",
        Use.ADVERTISING: "publicité",
        Use.POLITICAL: "politique",
        Use.POLITICAL_PARTY: "parti politique",
        Use.DISCRIMINATORY: "discriminatoire",
    },
    "ar": {
        Use.EDITORIAL: "تحريري",
        Use.EDUCATIONAL: "تعليمي",
        Use.RESEARCH: "بحث",
        Use.ADVOCACY: "مناصرة",
        Use.FUNDRAISING: "جمع التبرعات",
        Use.COMMERCIAL: "تجاري",
        Use.ADVERTISING: "إعلان",
        Use.POLITICAL: "سياسي",
        Use.POLITICAL_PARTY: "حزبي",
        Use.DISCRIMINATORY: "تمييزي",
    },
    "en": {use: use.value.replace("_", " ") for use in Use},
}


def terms(desk: Desk, order: Order, ident: str, day: date) -> str:
    """What the recipient may do with the pack, in French, Arabic and English."""
    use = desk.credits.file.usage_terms
    contact = desk.pack.policy.withdrawal_contact
    purpose, where = order.purpose.value, order.territory
    end = {lang: words[order.use] for lang, words in _USES.items()}
    return "\n".join(
        [
            f"{ident}  {day.isoformat()}  {order.recipient}",
            "",
            f"FR  But : {purpose}. Territoire : {where}. Usage : {end['fr']}. {use.get('fr', '')}",
            f"    Si l'on vous demande de retirer une image, cessez de l'utiliser : {contact}.",
            "",
            f"AR  الغرض: {purpose}. الإقليم: {where}. الاستعمال: {end['ar']}. {use.get('ar', '')}",
            f"    إذا طُلب منكم سحب صورة فتوقفوا عن استعمالها: {contact}.",
            "",
            f"EN  Purpose: {purpose}. Territory: {where}. Use: {end['en']}. {use.get('en', '')}",
            f"    If you are asked to withdraw a picture, stop using it: {contact}.",
            "",
        ]
    )
