"""Whether a photograph was lawful on a day: for people, and as the JSON that scripts rely on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo

from dam.core.model import Disposition
from dam.core.origins import REGISTER
from dam.core.past import RULE, Doubt, Learned, PastAnswer, Recorded, Sent, Used
from dam.render import documents, explanation, terminal
from dam.render.documents import Json
from dam.render.lang import Speech, speech


def document(found: PastAnswer, lang: str) -> Json:
    """Everything of the answer; see docs/json.md. Names and enumerations are English."""
    told, recorded = found.explanation, found.recorded
    return {
        **documents.asset(found.asset),
        "as_of": found.question.day.isoformat(),
        "purpose": found.question.purpose.value,
        "territory": found.question.territory,
        "use": str(found.question.use),
        "lawful": found.lawful,
        "decision": documents.decision(found.decision, lang) if found.decision else None,
        "explanation": explanation.document(told, lang) if told is not None else None,
        "doubts": _doubts(found.doubts, lang),
        "recorded": None if recorded is None else _recorded(recorded, lang),
        "rule_pack": _since(found.pack),
        "facts": _since(found.facts),
        "consents": [_used(used) for used in found.records],
        "waivers": [documents.waiver(waiver) for waiver in found.waivers],
        "regions": [documents.drawn(drawn) for drawn in found.drawn],
        "packs": [_sent(sent, lang) for sent in found.packs],
        "later": [_learned(learned) for learned in found.later],
    }


def _doubts(doubts: Iterable[Doubt], lang: str) -> list[Json]:
    plain = speech(lang, "plain")
    return [
        {"why": d.why.value, "what": d.what or None, "message": plain.told(d.told)} for d in doubts
    ]


def _recorded(item: Recorded, lang: str) -> Json:
    return {
        "decision": documents.decision(item.decision, lang),
        "made_at": _utc(item.made_at),
        "agrees": item.agrees,
        "overtaken": item.overtaken,
    }


def _since(known: tuple[str, datetime] | None) -> Json | None:
    return None if known is None else {"digest": known[0], "since": _utc(known[1])}


def _used(item: Used) -> Json:
    return {
        "id": item.consent,
        "subject": item.subject,
        "source": item.source,
        "digest": item.digest,
        "recorded_at": _utc(item.recorded_at),
        "counts": item.counts,
        "state": item.state,
        "since": item.since.isoformat() if item.since > date.min else None,
        "ends": item.ends.isoformat() if item.ends is not None else None,
        "ends_because": item.because,
    }


def _sent(item: Sent, lang: str) -> Json:
    return {
        "pack": item.pack.id,
        "sent_at": _utc(item.pack.made_at),
        "day": item.pack.day.isoformat(),
        "recipient": item.pack.recipient,
        "purpose": item.pack.purpose,
        "territory": item.pack.territory,
        "use": item.use,
        "lawful": item.disposition is Disposition.APPROVED,
        "disposition": item.disposition.value,
        "doubts": _doubts(item.doubts, lang),
        "consents": [{"id": ident, "digest": digest} for ident, digest in item.consents],
    }


def _learned(item: Learned) -> Json:
    return {
        "consent": item.consent,
        "subject": item.subject,
        "state": item.state.value,
        "on": item.on.isoformat(),
        "recorded_at": _utc(item.recorded_at),
    }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# For people ------------------------------------------------------------------------------


def tell(found: PastAnswer, lang: str, zone: tzinfo | None, *, everything: bool = False) -> None:
    """The answer on standard output, times in `zone`; with `everything` also satisfied rules."""
    say = speech(lang)
    _headline(found, say)
    if found.doubts:
        for doubt in found.doubts:
            terminal.block(say.line("- {doubt}", doubt=say.told(doubt.told)), 2, hang=2)
    elif found.explanation is not None:
        explanation.tell(found.asset.id, found.explanation, lang, everything=everything, past=True)
    if found.asset.note and not found.doubts:
        terminal.block(say.line("{note}.", note=say.told(found.asset.note)), 2)
    if found.doubts and found.decision is not None:
        for reason in found.decision.reasons:
            if reason.rule != RULE:
                told = say.line("{title} [{rule}]", title=say.said(reason.title), rule=reason.rule)
                terminal.block(say.gettext("Against it all the same: {reason}", reason=told), 2)
    terminal.line("")
    terminal.block(say.gettext("On record then:"), style="bold")
    for line in _evidence(found, say, zone):
        terminal.block(line, 2, hang=2)
    if found.later:
        terminal.line("")
        terminal.block(say.gettext("Known only later, and not counted:"), style="bold")
        for learned in found.later:
            terminal.block(_later(learned, say, zone), 2, hang=2)


def _headline(found: PastAnswer, say: Speech) -> None:
    question = found.question
    words = {
        "asset": found.asset.id,
        "day": question.day,
        "purpose": say.word("purpose", question.purpose),
        "territory": explanation.territory(question.territory, say),
        "use": say.word("use", str(question.use)),
    }
    if found.lawful:
        told = say.gettext(
            "{asset}: by what was known at the end of {day} it was lawful for {purpose}, in "
            "{territory}, {use} use",
            **words,
        )
    elif found.doubts:
        told = say.gettext(
            "{asset}: whether at the end of {day} it was lawful for {purpose}, in {territory}, "
            "{use} use, cannot be recomputed; it counts as held",
            **words,
        )
    else:
        told = say.gettext(
            "{asset}: by what was known at the end of {day} it was not lawful for {purpose}, in "
            "{territory}, {use} use",
            **words,
        )
    style = "approved" if found.lawful else "held"
    terminal.block(told, style=terminal.STYLES[style])


def _evidence(found: PastAnswer, say: Speech, zone: tzinfo | None) -> Iterable[str]:
    yield _decided(found.recorded, say, zone)
    if found.pack is not None:
        digest, at = found.pack[0][:16], _local(found.pack[1], zone)
        yield say.gettext("The rules {digest}, in use since {at}", digest=digest, at=at)
    if found.facts is not None:
        digest, at = found.facts[0][:16], _local(found.facts[1], zone)
        yield say.gettext("The facts {digest}, recorded at {at}", digest=digest, at=at)
    for used in found.records:
        yield _consent(used, say, zone)
    for waiver in found.waivers:
        yield say.gettext(
            "Waiver {id} of {rule}, by {role}, until {day}",
            id=waiver.id,
            rule=waiver.rule,
            role=waiver.by,
            day=waiver.until,
        )
    for drawn in found.drawn:
        yield say.gettext("Region {id} drawn by {role}", id=drawn.id, role=drawn.by)
    for sent in found.packs:
        yield _pack(sent, say, zone)


def _decided(recorded: Recorded | None, say: Speech, zone: tzinfo | None) -> str:
    if recorded is None:
        return say.gettext("No decision for this purpose")
    words = {
        "decision": say.word("disposition", recorded.decision.disposition),
        "at": _local(recorded.made_at, zone),
    }
    if recorded.agrees is None:
        return say.gettext("The decision of {at}: {decision}", **words)
    if recorded.agrees:
        return say.gettext("The decision of {at}: {decision}; recomputed it is the same", **words)
    if recorded.overtaken:
        return say.gettext(
            "The decision of {at}: {decision}; the calendar, or what came after it, had made "
            "another one of it, which was not recorded yet",
            **words,
        )
    return say.gettext("The decision of {at}: {decision}; recomputed it is another one", **words)


def _consent(used: Used, say: Speech, zone: tzinfo | None) -> str:
    words = {
        "id": used.consent,
        "subject": used.subject,
        "state": say.word("state", used.state),
        "at": _local(used.recorded_at, zone),
        "source": say.gettext("register of consents") if used.source == REGISTER else used.source,
        "digest": used.digest[:16],
    }
    if used.ends is None and not used.because:
        told = say.gettext(
            "Consent {id} of {subject}: {state}, until when nobody can tell any more; record "
            "{digest} of {source}, known since {at}",
            **words,
        )
    elif used.ends is None:
        told = say.gettext(
            "Consent {id} of {subject}: {state}, without an end; record {digest} of {source}, "
            "known since {at}",
            **words,
        )
    else:
        told = say.gettext(
            "Consent {id} of {subject}: {state}, until {end} ({why}); record {digest} of "
            "{source}, known since {at}",
            **words,
            end=used.ends,
            why=say.because(used.because),
        )
    if used.counts:
        return told
    return say.gettext("{consent}; it permitted nothing any more", consent=told)


def _pack(sent: Sent, say: Speech, zone: tzinfo | None) -> str:
    words = {
        "pack": sent.pack.id,
        "at": _local(sent.pack.made_at, zone),
        "recipient": sent.pack.recipient,
        "purpose": say.word("purpose", sent.pack.purpose),
    }
    if sent.disposition is Disposition.APPROVED:
        return say.gettext(
            "Pack {pack} for {purpose}, sent to {recipient} at {at}: it was lawful by what was "
            "known at that moment",
            **words,
        )
    if sent.doubts:
        return say.gettext(
            "Pack {pack} for {purpose}, sent to {recipient} at {at}: whether it was lawful at "
            "that moment cannot be recomputed: {why}",
            **words,
            why=say.told(sent.doubts[0].told),
        )
    return say.gettext(
        "Pack {pack} for {purpose}, sent to {recipient} at {at}: it was not lawful by what was "
        "known at that moment",
        **words,
    )


def _later(learned: Learned, say: Speech, zone: tzinfo | None) -> str:
    return say.gettext(
        "Consent {id} of {subject}: {state} on {day}, recorded at {at}",
        id=learned.consent,
        subject=learned.subject,
        state=say.word("state", learned.state),
        day=learned.on,
        at=_local(learned.recorded_at, zone),
    )


def _local(at: datetime, zone: tzinfo | None) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
