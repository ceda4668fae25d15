"""An explanation for people, wrapped to 80 columns, and as the JSON that scripts rely on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dam.core.changes import Change, How
from dam.core.explain import Asked, Evidence, Explanation, Outcome
from dam.core.model import Disposition, Otherwise
from dam.core.origins import Kind, Place
from dam.render import documents, terminal
from dam.render.documents import Json
from dam.render.lang import Speech, speech

#: Facts that are whole sentences; they are told once, at the end.
_TOLD_BELOW = frozenset({"reading.problems", "reading.contradictions"})


def document(item: Explanation, lang: str) -> Json:
    """Everything of an explanation; see docs/json.md. Names and enumerations are English."""
    plain = speech(lang, "plain")
    question = item.question
    return {
        "question": {
            "purpose": question.purpose.value,
            "territory": question.territory,
            "use": str(question.use),
            "day": question.day.isoformat(),
        },
        "decision": documents.decision(item.decision, lang),
        "rules": [_rule(asked, plain) for asked in item.asked],
        "becomes": None
        if item.turn is None
        else {
            "day": item.turn.day.isoformat(),
            "disposition": item.turn.disposition.value,
            "came": list(item.turn.came),
            "went": list(item.turn.went),
        },
        "ends": None
        if item.limit is None
        else {
            "consent": item.limit.consent,
            "subject": item.limit.subject,
            "last": item.limit.last.isoformat(),
            "because": item.limit.because,
            "where": [place_text(p) for p in item.limit.where],
        },
    }


def _rule(asked: Asked, plain: Speech) -> Json:
    waived = asked.waived
    return {
        "rule": asked.rule,
        "otherwise": asked.otherwise.value,
        "outcome": asked.outcome.value,
        "title": plain.said(asked.title),
        "message": plain.said(asked.message) if _does(asked) else "",
        "advice": plain.said(asked.advice) if _does(asked) else "",
        "obligations": [o.value for o in asked.obligations],
        "clause": asked.clause,
        "subjects": [s for s in asked.subjects if s != "*"],
        "evidence": [
            {
                "fact": e.fact,
                "subject": e.subject,
                "value": e.value,
                "where": [place_text(p) for p in e.where],
                "write_in": e.write_in,
            }
            for e in asked.evidence
        ],
        "ways": [
            {
                "subject": way.subject,
                "changes": [
                    {"fact": c.fact, "how": c.how.value, "value": c.value} for c in way.changes
                ],
            }
            for way in asked.ways
        ],
        "final": asked.final,
        "waived": None
        if waived is None
        else {"waiver": waived.id, "by": waived.by, "until": waived.until.isoformat()},
        "may_be_waived": _stops(asked) and not asked.obstacle and waived is None,
    }


def _stops(asked: Asked) -> bool:
    return asked.outcome in (Outcome.AGAINST, Outcome.UNKNOWN, Outcome.WAIVED)


def _does(asked: Asked) -> bool:
    """Whether the rule does anything: stop the photo, or oblige."""
    return _stops(asked) or asked.outcome is Outcome.OBLIGES


def place_text(place: Place) -> str:
    """A place as scripts read it: `file:line`, `xmp plus:MinorModelAgeDisclosure`, `register`."""
    if place.kind in (Kind.FILE, Kind.TAG):
        return place.at
    names = {Kind.FACES: "face check", Kind.FOLDER: "inbox folder", Kind.BLOCK: "block"}
    return f"{names.get(place.kind, place.kind.value)} {place.at}".rstrip()


def tell(
    asset: str, item: Explanation, lang: str, *, everything: bool = False, past: bool = False
) -> None:
    """The explanation on standard output; with `everything` also each rule that is satisfied.

    Of a `past` day without what would change it: nothing does any more.
    """
    say = speech(lang)
    question, decision = item.question, item.decision
    terminal.block(
        say.gettext(
            "{asset}: {decision} for {purpose}, in {territory}, {use} use, on {day}",
            asset=asset,
            decision=say.word("disposition", decision.disposition),
            purpose=say.word("purpose", question.purpose),
            territory=territory(question.territory, say),
            use=say.word("use", str(question.use)),
            day=question.day,
        ),
        style=terminal.STYLES.get(decision.disposition.value, ""),
    )
    told = [a for a in item.asked if _stops(a)]
    approved = decision.disposition is Disposition.APPROVED
    for number, asked in enumerate(told, 1):
        _against(asset, number, asked, say, past=past)
    if decision.obligations:
        obliged = say.list(say.word("obligation", o) for o in decision.obligations)
        terminal.block(say.gettext("Obliges: {what}", what=obliged), 2)
    for asked in item.asked:
        if asked.outcome is Outcome.OBLIGES:
            _obliging(asked, say)
    _satisfied(item.asked, say, everything=everything or approved)
    if not past:
        _calendar(item, say)


def territory(where: str, say: Speech) -> str:
    """The words for where something may be used."""
    return say.gettext("the whole world") if where == "world" else say.ident(where)


def _against(asset: str, number: int, asked: Asked, say: Speech, *, past: bool) -> None:
    does = Outcome.WAIVED.value if asked.outcome is Outcome.WAIVED else ""
    word = say.word("outcome", does) if does else say.word("otherwise", asked.otherwise)
    terminal.line("")
    terminal.block(
        say.gettext(
            "{number}. {does}: {title} [{rule}]",
            number=number,
            does=word,
            title=say.said(asked.title),
            rule=asked.rule,
        ),
        2,
        style="bold",
    )
    _grounds(asked, say)
    if not past:
        _ways(asked, say)
    if not past or asked.waived is not None:
        _waiver(asset, asked, say)


def _obliging(asked: Asked, say: Speech) -> None:
    """A rule that stops nothing, but asks something of every rendition."""
    terminal.line("")
    terminal.block(
        say.gettext(
            "{title} [{rule}] obliges: {what}",
            title=say.said(asked.title),
            rule=asked.rule,
            what=say.list(say.word("obligation", o) for o in asked.obligations),
        ),
        2,
        style="bold",
    )
    _grounds(asked, say)


def _grounds(asked: Asked, say: Speech) -> None:
    """What a rule says, of whom, by which clause, on which evidence, and what is to be done."""
    terminal.block(say.said(asked.message), 5)
    if people := [s for s in asked.subjects if s != "*"]:
        terminal.block(say.gettext("about: {people}", people=say.list(people)), 5)
    terminal.block(say.gettext("clause: {clause}", clause=asked.clause), 5)
    terminal.block(say.gettext("evidence:"), 5)
    for evidence in asked.evidence:
        terminal.block(_evidence(evidence, say), 7, hang=2)
    terminal.block(say.line("→ {advice}", advice=say.said(asked.advice)), 5, hang=2)


def _evidence(evidence: Evidence, say: Speech) -> str:
    told = evidence.fact in _TOLD_BELOW and evidence.value != "none"
    fact = say.line(
        "{whose}{fact} = {value}",
        whose=f"{evidence.subject}: " if evidence.subject else "",
        fact=evidence.fact,
        value="…" if told else evidence.value,
    )
    if evidence.where:
        places = say.list(_place(p, say) for p in evidence.where)
        return say.line("{fact}  ({places})", fact=fact, places=places)
    if evidence.write_in == "register":
        return say.gettext("{fact}  (nobody says; the register can)", fact=fact)
    return say.gettext(
        "{fact}  (nobody says; it can be written in {file})", fact=fact, file=evidence.write_in
    )


def _place(place: Place, say: Speech) -> str:
    if place.kind in (Kind.FILE, Kind.TAG):
        return say.ident(place.at)
    if place.kind is Kind.BLOCK:
        return say.gettext("metadata block {name}", name=place.at)
    if place.kind is Kind.FACES:
        return say.gettext("face check {detector}", detector=place.at)
    if place.kind is Kind.REGISTER:
        return say.gettext("register of consents")
    if place.kind is Kind.FOLDER:
        return say.gettext("name of the inbox folder")
    if place.kind is Kind.PHOTO:
        return say.gettext("the photograph itself")
    return say.gettext("asked for")


def _ways(asked: Asked, say: Speech) -> None:
    if asked.final:
        terminal.block(say.gettext("Nothing that could be recorded changes this."), 5)
        return
    if not asked.ways:
        return
    terminal.block(say.gettext("This rule would be satisfied, if it is the truth, by any of:"), 5)
    for subject, changes in _gathered(asked):
        told = say.either("and", (_change(c, values, say) for c, values in changes))
        if subject:
            told = say.gettext("{subject}: {told}", subject=subject, told=told)
        terminal.block(say.line("- {told}", told=told), 7, hang=2)


def _gathered(asked: Asked) -> Iterator[tuple[str, list[tuple[Change, list[str]]]]]:
    """The ways with those put together that differ in one value only."""
    groups: dict[tuple[object, ...], list[list[str]]] = {}
    samples: dict[tuple[object, ...], Sequence[Change]] = {}
    for way in asked.ways:
        key = (way.subject, *((c.fact, c.how) for c in way.changes))
        rest = tuple(c.value for c in way.changes[1:])
        values = groups.setdefault((*key, rest), [[] for _ in way.changes])
        samples.setdefault((*key, rest), way.changes)
        for known, change in zip(values, way.changes, strict=True):
            if change.value not in known:
                known.append(change.value)
    for group, values in groups.items():
        yield str(group[0]), list(zip(samples[group], values, strict=True))


def _change(change: Change, values: Iterable[str], say: Speech) -> str:
    if change.fact.startswith("reading."):
        if change.how is How.SET:
            return say.gettext("all that is told of it is mended")
        what = say.either("or", map(say.problem, values))
        return say.gettext("what is told of it is mended: {what}", what=what)
    value = say.either("or", values)
    if change.how is How.ADD:
        return say.gettext("{fact}: {value} added", fact=change.fact, value=value)
    if change.how is How.REMOVE:
        return say.gettext("{fact}: without {value}", fact=change.fact, value=value)
    if change.how is How.AT_LEAST and change.fact.endswith(".ends"):
        return say.gettext("{fact}: {value} or later", fact=change.fact, value=value)
    if change.how is How.AT_LEAST:
        return say.gettext("{fact}: {value} or more", fact=change.fact, value=value)
    if change.how is How.AT_MOST:
        return say.gettext("{fact}: {value} or earlier", fact=change.fact, value=value)
    if change.how is How.LIST:
        n = int(change.value)
        return say.ngettext("{n} more person listed", "{n} more people listed", n)
    return say.line("{fact}: {value}", fact=change.fact, value=value)


def _waiver(asset: str, asked: Asked, say: Speech) -> None:
    waived = asked.waived
    if waived is not None:
        terminal.block(
            say.gettext(
                "Waived by {role} until {day} (waiver {id}).",
                role=waived.by,
                day=waived.until,
                id=waived.id,
            ),
            5,
        )
    elif asked.obstacle:
        if asked.otherwise is not Otherwise.REFUSE:
            why = say.told(asked.obstacle)
            terminal.block(say.gettext("It cannot be waived: {why}.", why=why), 5)
    else:
        command = f"dam waive {asset} {asked.rule} --by ROLE --until DAY --reason TEXT"
        terminal.block(say.gettext("It can be waived: {command}", command=command), 5, hang=2)


def _satisfied(asked: Iterable[Asked], say: Speech, *, everything: bool) -> None:
    fine = [a for a in asked if a.outcome is Outcome.SATISFIED]
    other = sum(a.outcome is Outcome.NOT_CONCERNED for a in asked)
    terminal.line("")
    counted = say.ngettext("{n} rule is satisfied", "{n} rules are satisfied", len(fine))
    left = say.ngettext("{n} does not concern it", "{n} do not concern it", other)
    more = "" if everything else say.gettext("(--all tells them)")
    terminal.block(
        say.gettext("{fine}; {left} {more}", fine=counted, left=left, more=more)
        if more
        else say.gettext("{fine}; {left}", fine=counted, left=left),
        2,
    )
    if not everything:
        return
    for rule in fine:
        places = list(dict.fromkeys(p for e in rule.evidence for p in e.where))
        terminal.block(say.line("{title} [{rule}]", title=say.said(rule.title), rule=rule.rule), 4)
        terminal.block(say.gettext("clause: {clause}", clause=rule.clause), 6, hang=2)
        if places:
            rests = say.list(_place(p, say) for p in places)
            terminal.block(say.gettext("rests on: {places}", places=rests), 6, hang=2)


def _calendar(item: Explanation, say: Speech) -> None:
    limit, turn = item.limit, item.turn
    if limit is not None:
        terminal.block(
            say.gettext(
                "The consent that ends first is {consent}, on {day}: {reason} ({places})",
                consent=limit.consent,
                day=limit.last,
                reason=say.because(limit.because),
                places=say.list(_place(p, say) for p in limit.where),
            ),
            2,
        )
    if turn is None:
        terminal.block(say.gettext("The calendar alone changes nothing of this."), 2)
        return
    terminal.block(
        say.gettext(
            "By the calendar alone, from {day} on: {decision}",
            day=turn.day,
            decision=say.word("disposition", turn.disposition),
        ),
        2,
    )
    titles = {a.rule: say.said(a.title) for a in item.asked}

    def named(rules: Iterable[str]) -> str:
        return say.list(say.line("{title} [{rule}]", title=titles.get(r, r), rule=r) for r in rules)

    if turn.came:
        terminal.block(say.gettext("then against it: {rules}", rules=named(turn.came)), 4, hang=2)
    if turn.went:
        told = say.gettext("then no longer against it: {rules}", rules=named(turn.went))
        terminal.block(told, 4, hang=2)
