"""The archive: what must stand there and nothing else, and that today's rules allow it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from pydantic import ValidationError

from dam.adapters import survey
from dam.adapters.survey import Entry
from dam.core import names
from dam.core.decide import decide
from dam.core.facts import VERSION, Facts
from dam.core.model import Decision, Disposition, Purpose
from dam.core.plan import ARCHIVE
from dam.core.rows import AssetState
from dam.core.verification import FILE, NOTHING, UNREADABLE, Code, Filed, Finding, in_bytes
from dam.core.view import Dossier
from dam.flows.verify.stores import PART, came_back, kind
from dam.flows.verify.work import Work, batches

_RELATIVE = re.compile(r"\d{4}/\d\d/\d\d/[0-9a-z][0-9a-z-]{0,79}\.jpg")
_README: Final = "README.md"
_APPROVED = Disposition.APPROVED.value


def listed(work: Work) -> Iterator[Finding]:
    """Missing, extra or of another size: all but damaged bytes."""
    yield from work.confirmed(_compared(work), partial(judge, work, deep=False))


def read(work: Work) -> Iterator[Finding]:
    """The bytes of everything that must stand there, or of a sample of it."""
    yield from work.confirmed(_damaged(work), partial(judge, work, deep=True))


def _compared(work: Work) -> Iterator[str]:
    """The paths below the archive where it is other than expected."""
    strange: list[str] = []
    there = _standing(work, strange)
    entry = next(there, None)
    for each in work.desk.catalog.filed():
        work.look("archive")
        while entry is not None and entry.relative < each.relative:
            yield entry.relative
            entry = next(there, None)
        if entry is None or entry.relative != each.relative:
            yield each.relative
            continue
        sound = each.state == "filed" and not each.held
        if not entry.regular or entry.size != each.size or not sound:
            yield each.relative
        entry = next(there, None)
    while entry is not None:
        yield entry.relative
        entry = next(there, None)
    yield from strange


def _standing(work: Work, strange: list[str]) -> Iterator[Entry]:
    """What has a generated name in a dated folder, in order; all else goes to `strange`."""
    for entry in survey.below(work.desk.workspace.archive):
        if entry.folder and not entry.name.endswith(".jpg"):
            continue
        if _RELATIVE.fullmatch(entry.relative):
            yield entry
        elif entry.relative != _README or not entry.regular:
            strange.append(entry.relative)


def judge(work: Work, relative: str, *, deep: bool) -> Iterator[Finding]:
    """All that is wrong at this path now, by catalogue and disk; with `deep` read as well."""
    generated = _RELATIVE.fullmatch(relative) is not None
    known = work.desk.catalog.filed_at(relative) if generated else None
    entry = survey.look(work.desk.workspace.archive, relative)
    where = _shown(relative)
    if known is None or known.held or known.state not in ("filed", "planned"):
        if entry is not None:
            yield _extra(work, entry, known)
        if known is not None and known.state == "filed":
            yield Finding(Code.DECISION_ENDED, where, NOTHING, known.held or FILE)
    elif entry is None:
        # One that is planned has no file yet, or the run that wanted it was killed.
        if known.state == "filed":
            yield Finding(Code.ARCHIVE_MISSING, where, in_bytes(known.size), NOTHING)
    else:
        yield from _there(work, entry, known, deep=deep)


def _there(work: Work, entry: Entry, known: Filed, *, deep: bool) -> Iterator[Finding]:
    where = _shown(entry.relative)
    if not entry.regular:
        yield Finding(Code.ARCHIVE_DAMAGED, where, in_bytes(known.size), kind(entry))
    elif known.size is not None and entry.size != known.size:
        yield Finding(Code.ARCHIVE_DAMAGED, where, in_bytes(known.size), in_bytes(entry.size))
    elif deep:
        found = survey.digest(work.desk.workspace.archive, entry.relative)
        if found != known.sha256:
            yield Finding(Code.ARCHIVE_DAMAGED, where, known.sha256 or NOTHING, found or NOTHING)


def _extra(work: Work, entry: Entry, known: Filed | None) -> Finding:
    where = _shown(entry.relative)
    if PART.fullmatch(entry.name) and entry.regular:
        code = Code.IN_FLIGHT if work.busy() else Code.LEFTOVER
        return Finding(code, where, NOTHING, FILE)
    withdrawn = known is not None and bool(known.held)
    if not withdrawn and entry.regular and work.depth.percent:
        found = survey.digest(work.desk.workspace.archive, entry.relative)
        withdrawn = found is not None and came_back(work, found)
    code = Code.WITHDRAWN_PRESENT if withdrawn else Code.ARCHIVE_EXTRA
    return Finding(code, where, NOTHING, kind(entry))


def _shown(relative: str) -> str:
    path = f"{ARCHIVE}/{relative}"
    return path.encode("utf-8", "backslashreplace").decode() if path.isprintable() else repr(path)


def _damaged(work: Work) -> Iterator[str]:
    archive = work.desk.workspace.archive
    for each in work.desk.catalog.filed():
        if not work.depth.takes(f"{ARCHIVE}/{each.relative}"):
            continue
        found = survey.digest(archive, each.relative)
        work.look("read")
        if found is not None and found != each.sha256:
            yield each.relative


def decided(work: Work) -> Iterator[Finding]:
    """Every file of the archive whose asset may not stand there by the rules of today."""
    yield from work.confirmed(_doubtful(work), partial(_decided_anew, work))


def _doubtful(work: Work) -> Iterator[tuple[str, str]]:
    """(asset, path below the archive) of those that are not allowed, or may not be."""
    for part in batches(work.desk.catalog.filed()):
        wrong = _wrong(work, {each.asset: each.relative for each in part})
        for each in part:
            work.look("decisions")
            if each.asset in wrong:
                yield each.asset, each.relative


def _decided_anew(work: Work, key: tuple[str, str]) -> Iterator[Finding]:
    asset, relative = key
    now = work.desk.catalog.filed_at(relative)
    if now is None or now.asset != asset or now.state != "filed":
        return
    yield from _wrong(work, {asset: relative}).values()


def _wrong(work: Work, filed: dict[str, str]) -> dict[str, Finding]:
    """What speaks against each of these assets (at most 500) with the path of its file."""
    desk, ids = work.desk, list(filed)
    states = desk.catalog.states(ids, Purpose.ARCHIVE.value)
    kept = desk.catalog.decisions_for(ids, Purpose.ARCHIVE)
    dossiers = _dossiers(work, list(states.values()))
    found: dict[str, Finding] = {}
    for asset, relative in filed.items():
        state, dossier = states.get(asset), dossiers.get(asset)
        code, told = Code.DECISION_MISSING, NOTHING
        if state is not None and dossier is not None:
            code_or_none, told = _verdict(work, state, dossier, kept.get(asset))
            if code_or_none is None:
                continue
            code = code_or_none
        found[asset] = Finding(code, _shown(relative), _APPROVED, told)
    return found


def _dossiers(work: Work, states: Sequence[AssetState]) -> dict[str, Dossier]:
    read = []
    for state in states:
        try:
            facts = Facts.model_validate(state.facts) if state.facts is not None else None
        except ValidationError:
            facts = None
        if facts is not None and state.provenance:
            read.append((state.row.id, facts, state.row.sha256, names.text(state.origin().name)))
    photos = [(facts, sha256, name) for _, facts, sha256, name in read]
    made = work.desk.files_on(photos)
    return {asset: dossier for (asset, *_), dossier in zip(read, made, strict=True)}


def _verdict(
    work: Work, state: AssetState, dossier: Dossier, kept: Decision | None
) -> tuple[Code | None, str]:
    desk = work.desk
    if kept is None:
        return Code.DECISION_MISSING, NOTHING
    if kept.disposition is not Disposition.APPROVED:
        return Code.DECISION_MISSING, kept.disposition.value
    anew = decide(dossier, desk.pack, Purpose.ARCHIVE, desk.day())
    if anew.disposition is not Disposition.APPROVED:
        why = ", ".join(reason.rule for reason in anew.reasons)
        return Code.DECISION_ENDED, f"{anew.disposition.value}: {why}"
    # What is due changed since, and is decided again by the next run.
    if state.mark is None and anew.facts_digest != kept.facts_digest and _settled(work):
        return Code.DECISION_DIFFERS, anew.facts_digest
    return None, ""


def _settled(work: Work) -> bool:
    """Whether what is on record was made by this version of dam, with these rules."""
    catalog = work.desk.catalog
    same = catalog.recall("facts") == str(VERSION)
    return same and catalog.rule_pack_on() == work.desk.pack.digest


def facts(work: Work) -> Iterator[Finding]:
    """Facts that are not those they were: their digest is another, and no erasure changed them."""
    catalog = work.desk.catalog
    if catalog.recall("facts") != str(VERSION):
        return
    forgotten = catalog.forgotten()
    with catalog.snapshot():
        for part in batches(catalog.stored_facts()):
            listed_for = catalog.subjects_shown([asset for asset, *_ in part])
            for asset, digest, body in part:
                work.look("facts")
                known = listed_for.get(asset, frozenset())
                yield from _facts(asset, digest, body, known, forgotten)


def _facts(
    asset: str,
    digest: str,
    body: Mapping[str, object],
    known: frozenset[str],
    forgotten: frozenset[str],
) -> Iterator[Finding]:
    place = f"catalogue: asset {asset}"
    try:
        read = Facts.model_validate(body)
        found = read.digest()
    except ValidationError:
        yield Finding(Code.FACTS_ALTERED, place, digest, UNREADABLE)
        return
    shown = {person.subject for person in read.people.persons if person.subject}
    if found != digest and not shown & forgotten:
        yield Finding(Code.FACTS_ALTERED, place, digest, found)
    elif shown - known:
        # A withdrawal would not find it.
        missed = " ".join(sorted(shown - known))
        yield Finding(Code.FACTS_ALTERED, f"{place} subjects", missed, NOTHING)
