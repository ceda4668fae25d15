"""decide(dossier, pack, purpose, day) -> Decision: total, order-free, deny overrides.

Every rule of the pack that speaks of the purpose is asked. Each one that is not satisfied
gives a reason; one refusal refuses, else one hold holds, else it is approved with all
obligations. A rule that cannot be evaluated holds and names what is unknown. The same
dossier, pack, purpose, territory and day always give the same decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import cel

from dam.core import view, waivers
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
from dam.core.rules import Rule, RulePack

#: Every approval demands these, whatever the rules say.
ALWAYS = (Obligation.CREDIT, Obligation.WATERMARK)

WORLD = "world"

_UNKNOWN = {
    "en": "This rule could not be checked: something it needs is not known. ",
    "fr": "Cette règle n'a pas pu être vérifiée : il manque une information. ",
    "ar": "تعذّر التحقق من هذه القاعدة لأن معلومة لازمة غير معروفة. ",
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
    variables = view.build(dossier, first, territory, day, term, use, standings)
    context = cel.Context(variables)
    known: list[object] = [dossier.facts.digest(), dossier.sha256]
    known.append(sorted(r.digest() for r in dossier.records))
    if dossier.naming is not None and dossier.naming.names:
        known.append(dossier.naming.body())
    if dossier.waivers:
        known.append(sorted(w.digest() for w in dossier.waivers))
    facts_digest = digest_of(known)
    turning = view.turning_days(dossier, day, standings, usual=pack.usual_days)
    literal = [d for named in pack.dates for d in (named, *view.neighbours(named))]
    lifting = waivers.turning_days(dossier)
    ahead = [d for d in (*turning, *literal, *lifting) if d > day]
    consents = tuple(sorted({(r.item.id, r.digest()) for r in dossier.records}))
    shared: dict[str, tuple[Reason | None, tuple[Obligation, ...]]] = {}
    decisions = []
    for purpose in wanted:
        context.add_variable("purpose", purpose.value)
        variables["purpose"] = purpose.value
        outcomes = []
        for rule in pack.rules:
            if not rule.applies_to(purpose):
                continue
            if rule.id not in shared or rule.mentions_purpose:
                shared[rule.id] = _ask(rule, context, variables)
            outcomes.append(shared[rule.id])
        reasons = _strictest_first(reason for reason, _ in outcomes if reason is not None)
        waived: tuple[Waived, ...] = ()
        if dossier.waivers and reasons:
            asked = waivers.Question(dossier, purpose, territory, day)
            reasons, waived = waivers.lift(reasons, pack.rules, asked)
        passed = waivers.crossings(waived, pack.rules, day)
        obliged = {o for _, given in outcomes for o in given} | set(ALWAYS)
        disposition = _verdict(reasons)
        decisions.append(
            Decision(
                purpose=purpose,
                territory=territory,
                day=day,
                disposition=disposition,
                reasons=reasons,
                obligations=tuple(o for o in Obligation if o in obliged)
                if disposition is Disposition.APPROVED
                else (),
                facts_digest=facts_digest,
                pack_digest=pack.digest,
                holds_until=min((*ahead, *passed), default=None),
                consents=consents,
                waived=waived,
            )
        )
    return tuple(decisions)


def _strictest_first(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Refusals before holds, each in the order of the rule ids."""
    return tuple(sorted(reasons, key=lambda r: (r.otherwise is not Otherwise.REFUSE, r.rule)))


def _verdict(reasons: Sequence[Reason]) -> Disposition:
    if any(r.otherwise is Otherwise.REFUSE for r in reasons):
        return Disposition.REFUSED
    return Disposition.HELD if reasons else Disposition.APPROVED


def _ask(
    rule: Rule, context: cel.Context, variables: dict[str, object]
) -> tuple[Reason | None, tuple[Obligation, ...]]:
    """One rule's answer: a reason against, or obligations, or neither."""
    try:
        failing = rule.failing(context)
    except Exception:  # whatever the expression trips over is an unknown, and unknown holds
        return _reason(rule, variables, (), unknown=True), ()
    if not failing:
        return None, ()
    if rule.file.otherwise is Otherwise.OBLIGE:
        return None, rule.file.obligations
    subjects = tuple(failing) if isinstance(failing, list) else ()
    return _reason(rule, variables, subjects), ()


def _reason(
    rule: Rule, variables: dict[str, object], subjects: tuple[str, ...], *, unknown: bool = False
) -> Reason:
    file = rule.file
    message = file.reason.model_dump()
    if unknown:
        message = {lang: _UNKNOWN[lang] + text for lang, text in message.items()}
    return Reason(
        rule=file.id,
        otherwise=Otherwise.HOLD if unknown else file.otherwise,
        title=file.title.model_dump(),
        message=message,
        advice=file.advice.model_dump(),
        source=file.source,
        evidence=_evidence(rule, variables, subjects),
        subjects=subjects,
        unknown=unknown,
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
