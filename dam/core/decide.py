"""decide(dossier, pack, purpose, day) -> Decision: total, order-free, deny overrides.

Every rule of the pack that speaks of the purpose is asked: first those that oblige to destroy
faces, then all others about the picture as it will be. Each one that is not satisfied
gives a reason; one refusal refuses, else one hold holds, else it is approved with all
obligations. A rule that cannot be evaluated holds and names what is unknown. The same
dossier, pack, purpose, territory and day always give the same decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from dam.core import redaction, tombstones, view, waivers
from dam.core.celled import cel
from dam.core.facts import digest_of
from dam.core.model import (
    Decision,
    Disposition,
    Obligation,
    Otherwise,
    Purpose,
    Reason,
    Use,
    Waived,
)
from dam.core.redaction import Hiding, Wanted
from dam.core.rules import Rule, RulePack

#: Every approval demands these, whatever the rules say.
ALWAYS = (Obligation.CREDIT, Obligation.WATERMARK)

WORLD = "world"

_UNKNOWN = {
    "en": "This rule could not be checked: something it needs is not known. ",
    "fr": "Cette règle n'a pas pu être vérifiée : il manque une information. ",
    "ar": "تعذّر التحقق من هذه القاعدة لأن معلومة لازمة غير معروفة. ",
}
_LOST = {
    "en": "A face must be hidden here, and nobody knows for certain where it is. ",
    "fr": "Un visage doit être caché ici, et personne ne sait avec certitude où il se trouve. ",
    "ar": "يجب إخفاء وجه هنا، ولا أحد يعرف مكانه على وجه اليقين. ",
}
_DRAW = {
    "en": "Draw the region: dam redact ASSET --region x,y,w,h --subject S-…, or write region "
    "beside the person in the sidecar (of everybody who is listed, so that faces can be told "
    "apart).",
    "fr": "Tracez la zone : dam redact ASSET --region x,y,w,h --subject S-…, ou écrivez region "
    "auprès de la personne dans la fiche (de toutes les personnes listées, pour distinguer les "
    "visages).",
    "ar": "ارسم المنطقة: dam redact ASSET --region x,y,w,h --subject S-…، أو اكتب region عند "
    "الشخص في الملف (لكل المذكورين، حتى تتميز الوجوه بعضها عن بعض).",
}


def decide(
    dossier: view.Dossier,
    pack: RulePack,
    purpose: Purpose,
    day: date,
    territory: str = WORLD,
    *,
    use: str = Use.EDITORIAL,
) -> Decision:
    """Decide one purpose. Never raises for anything in the dossier: what fails is held.

    `use` is what the recipient will do with the picture, a word of `Use`; any other is no use
    that a rule allows.
    """
    return decide_all(dossier, pack, (purpose,), day, territory, use=use)[0]


def decide_all(
    dossier: view.Dossier,
    pack: RulePack,
    purposes: Iterable[Purpose],
    day: date,
    territory: str = WORLD,
    *,
    use: str = Use.EDITORIAL,
) -> tuple[Decision, ...]:
    """Decide several purposes on one day, the facts looked at once."""
    wanted = tuple(purposes)
    term = pack.policy.default_term
    first = wanted[0] if wanted else Purpose.ARCHIVE
    standings = dossier.standings(day, term)
    asking = Asking(dossier, pack, view.build(dossier, first, territory, day, term, use, standings))
    facts_digest = _digest(dossier)
    turning = view.turning_days(dossier, day, standings, usual=pack.usual_days)
    literal = [d for named in pack.dates for d in (named, *view.neighbours(named))]
    lifting = waivers.turning_days(dossier)
    ahead = [d for d in (*turning, *literal, *lifting) if d > day]
    consents = tuple(sorted({(r.item.id, r.digest()) for r in dossier.records}))
    copied = tombstones.reason(dossier.traces)
    decisions = []
    for purpose in wanted:
        answers, hiding = asking.ask(purpose)
        reasons = _strictest_first(a.reason for a in answers if a.reason is not None)
        waived: tuple[Waived, ...] = ()
        if dossier.waivers and reasons:
            asked = waivers.Question(dossier, purpose, territory, day)
            reasons, waived = waivers.lift(reasons, pack.rules, asked)
        if copied is not None:
            # No rule of a pack, and after the waivers: nothing lifts it but `tombstone settle`.
            reasons = _strictest_first((*reasons, copied))
        passed = waivers.crossings(waived, pack.rules, day)
        disposition = _verdict(reasons)
        approved = disposition is Disposition.APPROVED
        decisions.append(
            Decision(
                purpose=purpose,
                territory=territory,
                day=day,
                disposition=disposition,
                reasons=reasons,
                obligations=_obligations(answers, hiding) if approved else (),
                facts_digest=facts_digest,
                pack_digest=pack.digest,
                holds_until=min((*ahead, *passed), default=None),
                consents=consents,
                waived=waived,
                redact=hiding.redactions,
            )
        )
    return tuple(decisions)


def _digest(dossier: view.Dossier) -> str:
    known: list[object] = [dossier.facts.digest(), dossier.sha256]
    known.append(sorted(r.digest() for r in dossier.records))
    if dossier.naming is not None and dossier.naming.names:
        known.append(dossier.naming.body())
    if dossier.waivers:
        known.append(sorted(w.digest() for w in dossier.waivers))
    if dossier.traces:
        known.append({"traces": [[t.tombstone, t.level] for t in dossier.traces]})
    if dossier.drawn:
        known.append({"drawn": [d.body() for d in sorted(dossier.drawn, key=lambda d: d.id)]})
    return digest_of(known)


def _obligations(answers: Iterable[Answer], hiding: Hiding) -> tuple[Obligation, ...]:
    obliged = {o for answer in answers for o in answer.obligations} | set(ALWAYS)
    # Rules may oblige it for people of whom no face is seen; a region needs no rule.
    obliged.discard(Obligation.REDACT_FACES)
    if hiding.redactions:
        obliged.add(Obligation.REDACT_FACES)
    return tuple(o for o in Obligation if o in obliged)


def _strictest_first(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Refusals before holds, each in the order of the rule ids."""
    return tuple(sorted(reasons, key=lambda r: (r.otherwise is not Otherwise.REFUSE, r.rule)))


def _verdict(reasons: Sequence[Reason]) -> Disposition:
    if any(r.otherwise is Otherwise.REFUSE for r in reasons):
        return Disposition.REFUSED
    return Disposition.HELD if reasons else Disposition.APPROVED


@dataclass(frozen=True, slots=True)
class Answer:
    """What one rule says: a reason against, or obligations (for these people), or neither."""

    reason: Reason | None = None
    obligations: tuple[Obligation, ...] = ()
    subjects: tuple[str, ...] = ()


_SATISFIED = Answer()


class _World:
    """The facts as rules see them when certain faces are destroyed, and what rules said then."""

    def __init__(self, variables: dict[str, object]) -> None:
        self.variables = variables
        self.context = cel.Context(variables)
        self.said: dict[str, Answer] = {}

    def ask(self, rule: Rule, purpose: Purpose) -> Answer:
        if self.variables["purpose"] != purpose.value:
            self.context.add_variable("purpose", purpose.value)
            self.variables["purpose"] = purpose.value
        if rule.id not in self.said or rule.mentions_purpose:
            self.said[rule.id] = _ask(rule, self.context, self.variables)
        return self.said[rule.id]


class Asking:
    """Asks the rules of a pack about one dossier, purpose after purpose.

    Rules that oblige to destroy faces are asked first and see the picture as it was taken; what
    follows from them is what all others see. So no order of rules makes a difference.
    """

    def __init__(self, dossier: view.Dossier, pack: RulePack, variables: dict[str, object]) -> None:
        self._dossier = dossier
        self._pack = pack
        self._plain = _World(variables)
        self._worlds: dict[object, _World] = {}

    def ask(self, purpose: Purpose) -> tuple[list[Answer], Hiding]:
        """What every rule that speaks of the purpose says, and what is destroyed."""
        rules = [rule for rule in self._pack.rules if rule.applies_to(purpose)]
        first = {rule.id: self._plain.ask(rule, purpose) for rule in rules if rule.redacts}
        hiding = redaction.hide(self._dossier.facts, self._dossier.drawn, self._wanted(first))
        world = self._world(hiding)
        return [
            self._found(rule, first[rule.id], hiding) if rule.redacts else world.ask(rule, purpose)
            for rule in rules
        ], hiding

    def seen(self, purpose: Purpose) -> dict[str, object]:
        """The facts as the rules that destroy nothing see them."""
        rules = [r for r in self._pack.rules if r.redacts and r.applies_to(purpose)]
        first = {rule.id: self._plain.ask(rule, purpose) for rule in rules}
        wanted = self._wanted(first)
        hiding = redaction.hide(self._dossier.facts, self._dossier.drawn, wanted)
        return self._world(hiding).variables

    def _world(self, hiding: Hiding) -> _World:
        if not hiding.hidden and not hiding.others:
            return self._plain
        key = hiding.hidden, hiding.others
        if key not in self._worlds:
            self._worlds[key] = _World(redaction.applied(self._plain.variables, hiding))
        return self._worlds[key]

    def _persons(self) -> list[dict[str, Any]]:
        persons = self._plain.variables["persons"]
        return persons if isinstance(persons, list) else []

    def _wanted(self, first: Mapping[str, Answer]) -> Wanted:
        asked = {rule: answer for rule, answer in first.items() if answer.obligations}
        if not asked:
            return Wanted()
        each = {rule.id for rule in self._pack.rules if rule.file.each is not None}
        persons: dict[int, list[str]] = {}
        for who, person in enumerate(self._persons()):
            rules = [rule for rule, a in asked.items() if person["id"] in a.subjects]
            if rules:
                persons[who] = rules
        return Wanted(persons, [rule for rule in asked if rule not in each])

    def _found(self, rule: Rule, answer: Answer, hiding: Hiding) -> Answer:
        """The answer of a rule that destroys faces; a hold where one cannot be found."""
        if not answer.obligations:
            return answer
        subjects: tuple[str, ...] = ()
        if rule.file.each is not None:
            names = [p["id"] for who, p in enumerate(self._persons()) if who in hiding.lost]
            subjects = tuple(name for name in answer.subjects if name in names)
        if not subjects and (rule.file.each is not None or hiding.others is not None):
            return answer
        return Answer(_lost(rule, self._plain.variables, subjects))


def _ask(rule: Rule, context: cel.Context, variables: dict[str, object]) -> Answer:
    try:
        failing = rule.failing(context)
    except Exception:  # whatever the expression trips over is an unknown, and unknown holds
        return Answer(_reason(rule, variables, (), _UNKNOWN))
    if not failing:
        return _SATISFIED
    subjects = tuple(failing) if isinstance(failing, list) else ()
    if rule.file.otherwise is Otherwise.OBLIGE:
        return Answer(None, rule.file.obligations, subjects)
    return Answer(_reason(rule, variables, subjects))


def _lost(rule: Rule, variables: dict[str, object], subjects: tuple[str, ...]) -> Reason:
    reason = _reason(rule, variables, subjects, _LOST)
    return replace(reason, advice=dict(_DRAW))


def _reason(
    rule: Rule,
    variables: dict[str, object],
    subjects: tuple[str, ...],
    unknown: Mapping[str, str] | None = None,
) -> Reason:
    """`unknown` are the words by language for what could not be found out, if so."""
    file = rule.file
    message = file.reason.model_dump()
    if unknown:
        message = {lang: unknown[lang] + text for lang, text in message.items()}
    return Reason(
        rule=file.id,
        otherwise=Otherwise.HOLD if unknown else file.otherwise,
        title=file.title.model_dump(),
        message=message,
        advice=file.advice.model_dump(),
        source=file.source,
        evidence=_evidence(rule, variables, subjects),
        subjects=subjects,
        unknown=unknown is not None,
    )


def _evidence(
    rule: Rule, variables: dict[str, object], subjects: tuple[str, ...]
) -> tuple[str, ...]:
    """The facts the rule looked at, as `name = value`; of the failing people where it asks each."""
    found: dict[str, None] = {}
    persons = variables["persons"]
    people = persons if isinstance(persons, list) else []
    for full in rule.paths:
        path = tuple(part for part in full if part != "[]")
        if rule.file.each is not None and path[0] == rule.file.each:
            for person in people:
                if not subjects or person["id"] in subjects:
                    if "consent" in path and "consent" in person:
                        found[_record(person)] = None
                    label = f"{person['id']}: {'.'.join(path[1:])}"
                    found[f"{label} = {_value(person, path[1:])}"] = None
        else:
            found[f"{'.'.join(path)} = {_value(variables, path)}"] = None
    return tuple(found)


def _record(person: dict[str, Any]) -> str:
    """Which record a person's consent rests on, and where it stands."""
    consent = person["consent"]
    return f"{person['id']}: consent {consent['id']} ({', '.join(consent['sources'])})"


def _value(node: object, path: Sequence[str]) -> str:
    for place, part in enumerate(path):
        if isinstance(node, list):
            return ", ".join(dict.fromkeys(_value(item, path[place:]) for item in node)) or "none"
        if not isinstance(node, dict) or part not in node:
            return "unknown"
        node = node[part]
    if isinstance(node, bool):
        return "yes" if node else "no"
    if isinstance(node, list):
        return ", ".join(str(n) for n in node if not isinstance(n, dict)) or "none"
    if isinstance(node, dict):
        return "…"
    return str(node) if node != "" else "none"
