"""People, consents and photographs of the demo's story as data, and as the texts of sidecars.

Everybody here is invented and has a number instead of a name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from demo.draw import Shot

#: The day of the story's own time: consents have been given for years and go on for years.
_FIRST, _LAST, _TOLD = date(2025, 1, 1), date(2030, 9, 30), 2026


@dataclass(frozen=True)
class Calendar:
    """The story's dates: those of 2021, moved by whole years where today needs it."""

    shift: int

    @classmethod
    def on(cls, today: date) -> Calendar:
        return cls(0 if _FIRST <= today <= _LAST else today.year - _TOLD)

    def year(self, year: int) -> int:
        return year + self.shift

    def day(self, year: int, month: int, day: int) -> str:
        return date(self.year(year), month, day).isoformat()


@dataclass(frozen=True)
class Consent:
    """One consent record of the story. `role` is who gave it; `said` adds events after that."""

    number: int
    age: str = "6-11"
    born: int | None = 2014
    role: str = "parent"
    purposes: str = "press, web, social, print, donor"
    valid: str = "valid_until: {y2031}-10-31"
    situation: str = "migrant"
    said: str = ""

    @property
    def subject(self) -> str:
        return f"S-{self.number:04}"

    @property
    def id(self) -> str:
        return f"C-2021-{self.number:04}"


def adult(number: int) -> Consent:
    return Consent(number, age="adult", born=None, role="subject")


@dataclass(frozen=True)
class Photo:
    """A photograph in the inbox, who is on it, and what must become of it.

    `others` are people whom nobody could recognise. `expected` is what the first ingest must
    say, `final` where it must stand in the end, `press` whether it goes into the press pack.
    """

    path: str
    shot: Shot
    captions: tuple[str, str, str] = ("", "", "")
    people: tuple[Consent, ...] = ()
    others: int = 0
    expected: str = "approved"
    final: str = "approved"
    press: bool = True
    why: str = ""

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]


def consent_text(item: Consent, calendar: Calendar, indent: str = "  ") -> str:
    """One record as an item of `consents:`."""
    subject = f"id: {item.subject}"
    # A year of birth and no band: of a band alone `dam` takes the oldest age it allows.
    subject += (
        f", birth_year: {calendar.year(item.born)}" if item.born else f", age_band: {item.age}"
    )
    subject += f", unaccompanied: no, situation: {item.situation}, risk: low"
    if item.situation == "refugee":
        on = calendar.day(2021, 10, 30)
        reason = "family settled, no risk known, child wishes to be seen on stage"
        subject += f', risk_decision: {{by: SG-02, on: {on}, visible: yes, reason: "{reason}"}}'
    given = calendar.day(2021, 10, 28)
    valid = item.valid.format(y2031=calendar.year(2031))
    lines = [
        f"- id: {item.id}",
        f"  subject: {{{subject}}}",
        "  notice: {ref: AMAL-form-fr-2, language: fr, interpreter: no}",
        f"  scope: {{purposes: [{item.purposes}], territories: [world], "
        f"valid_from: {calendar.day(2021, 11, 1)}, {valid}}}",
        "  permissions: {face: yes, name: none, location: exact}",
        f"  givers: [{{role: {item.role}, method: written, on: {given}}}]",
        *(() if item.age == "adult" else ("  child_assent: given",)),
        f"  events: [{{state: given, on: {given}}}{item.said}]",
    ]
    return "".join(f"{indent}{line}\n" for line in lines)


def statement(photo: Photo, indent: str = "") -> str:
    """Caption and people of a photograph, as a sidecar or a shoot sheet says it."""
    french, arabic, english = photo.captions
    lines = [f'caption: {{fr: "{french}", ar: "{arabic}", en: "{english}"}}']
    if not photo.people and not photo.others:
        lines.append("people: none")
    else:
        lines.append("people:")
        lines += [
            f"  - {{subject: {c.subject}, age_band: {c.age}, consent: {c.id}}}"
            for c in photo.people
        ]
        lines += ["  - {identifiable: no}"] * photo.others
    return "".join(f"{indent}{line}\n" for line in lines)


def sidecar(photo: Photo, city: str, calendar: Calendar) -> str:
    """The sidecar beside one photograph, taken in `city`."""
    text = "schema: dam/photo/1\nprogramme: amal\n"
    text += f"location: {{country: MA, city: {city}}}\n" + statement(photo)
    if photo.people:
        text += "consents:\n" + "".join(consent_text(c, calendar) for c in photo.people)
    return text


def shoot_sheet(photos: list[Photo], calendar: Calendar) -> str:
    """One `consent.yaml` for the whole football folder, with a pattern for each photograph."""
    text = "schema: dam/shoot/1\nprogramme: amal\nlocation: {country: MA, city: Tanger}\nphotos:\n"
    for photo in photos:
        stem = photo.path.rpartition("/")[2].removesuffix(".JPG")
        text += f'  - match: "{stem}*.JPG"\n' + statement(photo, "    ")
    text += "consents:\n"
    people = {c.id: c for photo in photos for c in photo.people}
    return text + "".join(consent_text(c, calendar) for c in people.values())
