"""The consents to renew as a calendar (RFC 5545), to import or to subscribe to.

An entry keeps its UID whenever it is written, and its SEQUENCE and DTSTAMP follow the day of the
audit: a calendar that is imported again is brought up to date and shows nothing twice.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from icalendar import (  # noqa: TID251
    TRANSP,
    Alarm,
    Calendar,
    Event,
    Timezone,
    TimezoneStandard,
)

from dam.core.renewals import Renewal, Todo, calendar_id, entry_id
from dam.render.audits import to_do
from dam.render.lang import Speech
from dam.render.text import clean

#: An entry reminds so many days before its day. The last is for what came up late.
ALARM_DAYS = (30, 7)
_EPOCH = date(1970, 1, 1)


def emit(due: Sequence[Renewal], day: date, origin: str, say: Speech) -> None:
    """The calendar on standard output, as UTF-8 whatever the terminal speaks."""
    sys.stdout.flush()
    sys.stdout.buffer.write(calendar(due, day, origin, say))


def calendar(due: Sequence[Renewal], day: date, origin: str, say: Speech) -> bytes:
    """An all-day entry for each renewal. `day` and `origin` are those of the audit; the words

    are plain ones.
    """
    made = Calendar.new(
        uid=calendar_id(origin),
        prodid=f"-//dam//audit//{say.lang.upper()}",
        method="PUBLISH",
        calscale="GREGORIAN",
        name=say.gettext("Consents to renew"),
        # A calendar without any component is none (RFC 5545, 3.6).
        subcomponents=[_entry(renewal, day, origin, say) for renewal in due] or [_no_zone()],
    )
    return bytes(made.to_ical())


def _entry(renewal: Renewal, day: date, origin: str, say: Speech) -> Event:
    summary, *lines = _words(renewal, say)
    return Event.new(
        uid=entry_id(origin, renewal),
        stamp=datetime.combine(day, time(), UTC),
        sequence=(day - _EPOCH).days,
        start=renewal.on,
        end=renewal.on + timedelta(days=1) if renewal.on < date.max else None,
        summary=summary,
        description="\n".join((*lines, say.gettext("As of {day}.", day=day))),
        transparency=TRANSP.TRANSPARENT,
        subcomponents=[_alarm(days, summary) for days in ALARM_DAYS],
    )


def _words(renewal: Renewal, say: Speech) -> tuple[str, ...]:
    """What ends, until when and why, how many pictures rest on it, and what to do."""
    consent, subject = clean(renewal.consent), clean(renewal.subject)
    when, because = renewal.when, say.because(renewal.because)
    if renewal.todo is Todo.ASK:
        told = (
            say.gettext(
                "Consent {consent}: {subject} may come of age in {month}",
                consent=consent,
                subject=subject,
                month=when,
            ),
            say.gettext("It ends in {month}: {because}.", month=when, because=because),
        )
    else:
        told = (
            say.gettext("Consent {consent} of {subject} ends", consent=consent, subject=subject),
            say.gettext("It is in force until {day}: {because}.", day=when, because=because),
        )
    resting = say.ngettext("{n} photo rests on it.", "{n} photos rest on it.", renewal.pictures)
    return *told, resting, to_do(renewal.todo, say)


def _alarm(days: int, summary: str) -> Alarm:
    alarm = Alarm.new(description=summary)
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", timedelta(days=-days))
    return alarm


def _no_zone() -> Timezone:
    """A component that shows nothing."""
    standard = TimezoneStandard()
    standard.add("dtstart", datetime.combine(_EPOCH, time()))
    standard.add("tzoffsetfrom", timedelta())
    standard.add("tzoffsetto", timedelta())
    zone = Timezone()
    zone.add("tzid", "Etc/UTC")
    zone.add_component(standard)
    return zone
