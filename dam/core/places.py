"""Where a fact of a photograph stands: file and line of a statement, block and tag of a reading.

A fact that nobody stated has no place, but one in which it would be written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from dam.core.consent import NO_END, Record, Standing, state_on
from dam.core.facts import DAY_RECEIVED, FILE_DATE, PersonFact
from dam.core.model import REFUSING_STATES, Assent, Risk
from dam.core.origins import (
    FOLDER,
    REGISTER,
    File,
    Found,
    Kind,
    Place,
    Sources,
    get,
    items,
    matching,
    once,
    statements,
    tag,
    word,
)
from dam.core.readings import Status
from dam.core.tree import Path
from dam.core.view import Dossier

#: The part of a consent record that says each fact about it.
_OF_CONSENT: Mapping[str, tuple[Path, ...]] = {
    "id": (("id",),),
    "valid_from": (("scope", "valid_from"),),
    "purposes": (("scope", "purposes"),),
    "prohibited": (("scope", "prohibited"),),
    "territories": (("scope", "territories"),),
    "giver_roles": (("givers",),),
    "appointed": (("givers",),),
    "authority_evidenced": (("givers", "*", "authority_evidence"),),
    "assent": (("child_assent",),),
    "notice": (("notice",),),
    "face": (("permissions", "face"),),
    "name": (("permissions", "name"),),
    "location": (("permissions", "location"),),
    "applies": (("assets",), ("id",)),
    "sources": (("id",),),
}
_AGES: tuple[Path, ...] = tuple(
    ("subject", word) for word in ("age_band", "birth_date", "birth_year")
)
#: What of every record about a subject says each fact about the person.
_OF_SUBJECT: Mapping[str, tuple[Path, ...]] = {
    "unaccompanied": (("subject", "unaccompanied"),),
    "situation": (("subject", "situation"),),
    "risk": (("subject", "risk"),),
    "risk_visible": (("subject", "risk_decision"),),
    "risk_reasons": (("subject", "risk_reasons"),),
    "age_band": _AGES,
    "minor": _AGES,
    "vulnerable": tuple(
        ("subject", word) for word in ("situation", "unaccompanied", "risk", "risk_reasons")
    ),
    "prohibited": (("scope", "prohibited"),),
}
_OF_LIMIT: Mapping[str, tuple[Path, ...]] = {
    "valid_until": (("scope", "valid_until"),),
    "valid_for": (("scope", "valid_for"), ("scope", "valid_from")),
    "18th birthday": _AGES,
    "risk review due": (("subject", "risk_decision", "review_on"),),
}
_QUESTIONS = frozenset({"purpose", "territory", "day", "use"})


class Places:
    """Answers where a fact of one dossier stands, on one day."""

    def __init__(self, sources: Sources, dossier: Dossier, day: date, default_term: str) -> None:
        self.sources = sources
        self.dossier = dossier
        self.day = day
        self.standings = dossier.standings(day, default_term)
        self.statements = statements(sources.files, sources.paths or (sources.photo,))
        own = [f.shown for f in sources.files if not f.shoot and f.tree is not None]
        self.sidecar = own[0] if own else f"{sources.photo or 'PHOTO'}.consent.yaml"

    def of_photo(self, path: Sequence[str]) -> Found:
        """Where a fact about the photograph stands; `path` as in `view.SCHEMA`."""
        facts, group, name = self.dossier.facts, path[0], path[-1]
        if group in _QUESTIONS:
            return Found((Place(Kind.QUESTION, group),))
        if group == "faces":
            return Found((Place(Kind.FACES, facts.faces.source),))
        if group == "reading":
            return self._reading(name)
        if group == "credit":
            return self._told(facts.photographer.sources, ("photographer",))
        if group in ("people", "persons"):
            return self._people(name)
        if name == "captioned":
            return self._told(facts.caption.sources, ("caption",))
        if name in ("place_in", "place_said"):
            return self._wordings(("caption",), ("location",))
        if name in ("captured", "embargo", "release_status"):
            return self._told(getattr(facts, name).sources, (name,))
        if name == "tags":
            return self._told([s for s in self.statements if self._said(s, ("tags",))], ("tags",))
        return Found((Place(Kind.PHOTO, self.sources.photo),))

    def of_person(
        self, name: Sequence[str], person: PersonFact, standing: Standing | None
    ) -> Found:
        """Where a fact about a listed person stands; `name` is the path after `person`."""
        if name[0] == "consent" and len(name) > 1:
            return self._of_consent(name[1], standing)
        entry = self._entries(person)
        own = self._own(person.subject)
        if name[0] in ("has_consent", "consent"):
            named = self._in_entries(entry, "consent")
            held = self._records(standing)
            told = (*named, *(p for r in held for p in self.of_record(r, (("id",),)).where))
            missing = f"{self.sidecar}" if not entry else self._at(*entry[0])[1]
            return Found(once(told), "" if standing is not None else missing)
        if name[0] == "refused_elsewhere":
            return self._refusals(own)
        if name[0] in _OF_SUBJECT:
            said = self._in_entries(entry, "age_band") if _OF_SUBJECT[name[0]] is _AGES else ()
            parts = [self.of_record(r, _OF_SUBJECT[name[0]]) for r in own]
            where = once((*said, *(p for part in parts for p in part.where)))
            missing = next((p.write_in for p in parts if p.write_in), "")
            if not missing:
                missing = self._at(*entry[0])[1] if entry else self.sidecar
            return Found(where, "" if where else missing)
        if name[0] == "region":
            marks = (tag(claim.source) for claim in person.claims if not claim.written)
            where = once((*self._in_entries(entry, "region"), *marks))
            missing = self._at(*entry[0])[1] if entry else self.sidecar
            return Found(where, "" if where else missing)
        if name[0] in ("name_in", "name_said", "pillars"):
            return self._wordings(("caption",))
        word = {"id": "subject", "face": "identifiable"}.get(name[0], name[0])
        where = self._in_entries(entry, word)
        if where:
            return Found(where)
        return Found((), self._at(*entry[0])[1] if entry else self.sidecar)

    def limit(self, standing: Standing) -> Found:
        """Where the limit stands that ends a consent."""
        because = standing.ends_because
        if because.startswith("default term"):
            return Found(
                (
                    Place(Kind.FILE, self.sources.policy),
                    *self._of_consent("valid_from", standing).where,
                )
            )
        found = [
            self.of_record(r, _OF_LIMIT.get(because, (("id",),))) for r in self._records(standing)
        ]
        return Found(once(p for f in found for p in f.where))

    def of_record(self, record: Record, paths: Iterable[Path]) -> Found:
        """Where one version of a consent record says any of `paths`; else the record's place."""
        base = self._base(record)
        if base is None:
            return self._imported(record, paths)
        file, top = base
        assert file.tree is not None
        where = [
            self._at(file, (*top, *path))[1]
            for pattern in paths
            for path in matching(file.tree.value, top, pattern)
        ]
        return Found(
            once(Place(Kind.FILE, at) for at in where),
            "" if where else self._at(file, top)[1],
        )

    def _imported(self, record: Record, paths: Iterable[Path]) -> Found:
        told = self.sources.told_in.get((record.item.id, record.source), "")
        shown = {file.slot: file.shown for file in self.sources.files}.get(record.source, "")
        place = Place(Kind.FILE, told or shown) if told or shown else Place(Kind.REGISTER)
        body = record.item.model_dump(mode="json", exclude_unset=True)
        said = any(True for pattern in paths for _ in matching(body, (), pattern))
        return Found((place,)) if said else Found((), place.at or REGISTER)

    def _base(self, record: Record) -> tuple[File, Path] | None:
        """The sheet and the path in it at which a record stands."""
        for file in self.sources.files:
            if file.slot != record.source or file.tree is None:
                continue
            for number, node in enumerate(items(get(file.tree.value, ("consents",)))):
                subject = word(get(node, ("subject", "id")))
                if word(get(node, ("id",))) == record.item.id and (
                    subject == record.item.subject.id
                ):
                    return file, ("consents", number)
        return None

    def _of_consent(self, name: str, standing: Standing | None) -> Found:
        if standing is None:
            return Found((), self.sidecar)
        if name in ("ends", "ends_because"):
            return self.limit(standing)
        records = self._records(standing)
        if name == "state":
            found = [self._event(record, standing) for record in records]
        else:
            found = [
                self.of_record(record, _OF_CONSENT.get(name, (("id",),))) for record in records
            ]
        where = once(p for f in found for p in f.where)
        return Found(where, "" if where else next((f.write_in for f in found), self.sidecar))

    def _event(self, record: Record, standing: Standing) -> Found:
        """Where the event stands that makes the state of the day; else the record's events."""
        wanted = [
            ("events", number, "state")
            for number, event in enumerate(record.item.events)
            if event.state is standing.state and standing.state_on in (event.on, NO_END)
        ]
        return self.of_record(record, wanted or (("events",),))

    def _refusals(self, own: Sequence[Record]) -> Found:
        """The records that say no; where none does, all that were asked."""
        found: list[Place] = []
        for record in own:
            paths: list[Path] = []
            state, since = state_on(record.events, self.day)
            if state in REFUSING_STATES:
                paths += [
                    ("events", number, "state")
                    for number, event in enumerate(record.item.events)
                    if event.state is state and since in (event.on, NO_END)
                ]
            if record.item.child_assent is Assent.REFUSED:
                paths.append(("child_assent",))
            if record.item.subject.risk is Risk.NEVER_PUBLISH:
                paths.append(("subject", "risk"))
            if paths:
                found += self.of_record(record, paths).where
        if not found:
            found = [p for record in own for p in self.of_record(record, (("id",),)).where]
        return Found(once(found), "" if found else self.sidecar)

    def _own(self, subject: str | None) -> list[Record]:
        return [r for r in self.dossier.records if subject and r.item.subject.id == subject]

    def _records(self, standing: Standing | None) -> list[Record]:
        if standing is None:
            return []
        return [r for r in self._own(standing.subject) if r.item.id == standing.id]

    def _reading(self, name: str) -> Found:
        facts = self.dossier.facts
        if name == "problems" and facts.problems:
            told = [text.split(": ", 1)[0] for text in facts.problems]
            return Found(once(Place(Kind.FILE, at) for at in told))
        if name == "ambiguous" and facts.ambiguous:
            return Found(once(Place(Kind.FILE, at) for at in facts.ambiguous))
        if name == "contradictions" and facts.contradictions:
            return Found(once((*self._people("stated").where, *self._mentions())))
        broken = [b.name for b in facts.blocks if b.status is Status.UNREADABLE]
        if name == "unreadable" and broken:
            return Found(once(Place(Kind.BLOCK, block) for block in broken))
        if name == "unreadable":
            return Found(once(Place(Kind.BLOCK, block.name) for block in facts.blocks))
        files = [Place(Kind.FILE, file.shown) for file in self.sources.files]
        return Found(once(files) or (Place(Kind.PHOTO, self.sources.photo),))

    def _people(self, name: str) -> Found:
        if name in ("mentioned", "minors_mentioned"):
            return Found(self._mentions() or (Place(Kind.PHOTO, self.sources.photo),))
        where = [
            place
            for source in self.statements
            for word in ("people", "crowd")
            for place in self._lines(source, (word,))
        ]
        return Found(once(where), "" if where else self.sidecar)

    def _mentions(self) -> tuple[Place, ...]:
        return once(tag(source) for source in self.dossier.facts.people.mentioned_by)

    def _told(self, sources: Iterable[str], path: Path) -> Found:
        found: list[Place] = []
        for source in sources:
            if source in self.statements:
                found += self._lines(source, path) or [Place(Kind.FILE, source)]
            elif source == FOLDER:
                found.append(Place(Kind.FOLDER))
            elif source in (FILE_DATE, DAY_RECEIVED):
                found.append(Place(Kind.PHOTO, self.sources.photo))
            else:
                found.append(tag(source))
        return Found(once(found), "" if found else self.sidecar)

    def _wordings(self, *paths: Path) -> Found:
        """The texts in which somebody or some place may be named, and the photo itself."""
        told = [
            p for source in self.statements for path in paths for p in self._lines(source, path)
        ]
        return Found(once((*told, Place(Kind.PHOTO, self.sources.photo))))

    def _said(self, source: str, path: Path) -> bool:
        return bool(self._lines(source, path))

    def _lines(self, source: str, path: Path) -> list[Place]:
        found = []
        for file, top in self.statements.get(source, ()):
            stated, at = self._at(file, (*top, *path))
            if stated:
                found.append(Place(Kind.FILE, at))
        return found

    def _entries(self, person: PersonFact) -> list[tuple[File, Path]]:
        """Where a listed person's entries stand: by subject, or by place where there is none."""
        nameless = [p for p in self.dossier.facts.people.persons if p.subject is None]
        found: list[tuple[File, Path]] = []
        for source in person.sources:
            here: list[tuple[File, Path]] = []
            for file, top in self.statements.get(source, ()):
                assert file.tree is not None
                people = items(get(file.tree.value, (*top, "people")))
                here += [
                    (file, (*top, "people", number))
                    for number, node in enumerate(people)
                    if word(get(node, ("subject",))) == person.subject
                ]
            if person.subject is None:
                alike = [p for p in nameless if p.sources == person.sources]
                turn = next(n for n, p in enumerate(alike) if p is person)
                here = here[turn : turn + 1]
            found += here
        return found

    def _in_entries(self, entries: Iterable[tuple[File, Path]], word: str) -> tuple[Place, ...]:
        told = (self._at(file, (*path, word)) for file, path in entries)
        return once(Place(Kind.FILE, at) for stated, at in told if stated)

    def _at(self, file: File, path: Path) -> tuple[bool, str]:
        """Whether a file says something at `path`, and `file:line` of it or of what is around."""
        if file.tree is None:
            return False, file.shown
        line = file.tree.line(*path)
        at = file.shown if line is None else f"{file.shown}:{line}"
        return get(file.tree.value, path) is not None, at
