"""A rule pack: files people can read, checked whole before any of it is used.

A rule is one YAML file. `when` says to what it applies, `require` what must then be true,
both in CEL over the names of `dam.core.schema.SCHEMA`; with `each: person` they are asked of
every listed person, as `person`. `otherwise` says what follows: hold, refuse, or oblige.
`examples` that pass and fail are part of every rule: they are its tests and its
documentation.

Nothing half-read is used: an unknown key, an unknown fact, an expression that does not
parse, an example that does not come out as it says, an empty pack: `RulePackError` with
all problems at once.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from dam.core import schema
from dam.core.celled import cel
from dam.core.errors import RulePackError
from dam.core.expression import FUNCTIONS, UNFOLLOWED, Named, Path, named
from dam.core.fields import Strict, Text
from dam.core.model import CARRIED_OUT, Obligation, Otherwise, Problem, Purpose
from dam.core.redaction import FOLLOWING
from dam.core.samples import UNKNOWN, sample
from dam.core.sidecar import validation_problems
from dam.core.tree import Tree, parse

RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{2,60}$")]
Term = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,3}[ymd]$")]
_DATE = re.compile(r"['\"]([0-9]{4}-[0-9]{2}-[0-9]{2})['\"]")
_FUNCTION = re.compile(r"[A-Za-z]\w*")
_DAY = re.compile(r"(?<![\w.])day\b")
_NO_CEL = "is no CEL expression"
#: The comparisons by which the standings' own turning days are exact.
_USUAL = re.compile(
    r"(?<![\w.])(?:(?:person\.consent\.valid_from|photo\.embargo)<=day"
    r"|day<=person\.consent\.ends"
    r"|day>=(?:person\.consent\.valid_from|photo\.embargo)"
    r"|person\.consent\.ends>=day)(?![\w.\[(])"
)

POLICY_FILE = "policy.yaml"

#: Rules that a workspace cannot do without: a file that went missing must not approve.
FLOOR = frozenset(
    {
        "assent-refused",
        "captioned-in-context",
        "credited",
        "drop-location",
        "everyone-accounted-for",
        "faces-checked",
        "forbidden-uses",
        "guardian-and-child",
        "in-time",
        "name-may-be-said",
        "never-publish",
        "no-record",
        "people-stated",
        "place-may-be-named",
        "purpose-and-territory",
        "readable",
        "sources-agree",
        "three-pillars",
        "unknown-age-is-minor",
        "withdrawn-or-refused",
    }
)


class Wording(Strict):
    """A text in the three languages of the programme."""

    en: Text
    fr: Text
    ar: Text


class Example(Strict):
    """Facts that differ from a blameless photograph (`dam.core.samples`), as `name: value`."""

    name: Text
    facts: dict[str, str | tuple[str, ...] | None] = Field(default_factory=dict)


class Examples(Strict):
    """A single example on a side is easily the one for which the rule happens to be right."""

    passing: tuple[Example, ...] = Field(min_length=2, alias="pass")
    failing: tuple[Example, ...] = Field(min_length=2, alias="fail")


class RuleFile(Strict):
    """One rule as its file says it."""

    schema_: Literal["dam/rule/1"] = Field(alias="schema")
    id: RuleId
    title: Wording
    reason: Wording
    advice: Wording
    source: Text
    purposes: Literal["all"] | Annotated[tuple[Purpose, ...], Field(min_length=1)] = "all"
    each: Literal["person"] | None = None
    when: Text = "true"
    require: Text
    otherwise: Otherwise
    obligations: tuple[Obligation, ...] = ()
    examples: Examples


class Policy(Strict):
    """`policy.yaml`: what holds where a consent record is silent."""

    schema_: Literal["dam/policy/1"] = Field(alias="schema")
    default_term: Term
    organisation: Text
    withdrawal_contact: Text
    #: How far ahead the last day of a waiver may lie when it is given.
    waiver_max: Term = "1y"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule ready to be asked. `program` yields true (or a non-empty list) when violated."""

    file: RuleFile
    program: cel.Program
    paths: tuple[tuple[str, ...], ...]
    mentions_purpose: bool

    @property
    def id(self) -> str:
        return self.file.id

    @property
    def redacts(self) -> bool:
        """Whether it obliges to destroy faces: those of who fails it, or without `each` all

        that are no listed person's. Such rules are asked before all others."""
        return Obligation.REDACT_FACES in self.file.obligations

    def applies_to(self, purpose: Purpose) -> bool:
        return self.file.purposes == "all" or purpose in self.file.purposes

    def failing(self, context: cel.Context) -> bool | list[str]:
        """Who or what violates the rule: ids with `each`, else true or false.

        Raises whatever CEL raises where a needed fact is unknown; the caller holds then.
        A result of another type is a TypeError for the same reason.
        """
        result = self.program.execute(context)
        if self.file.each is None:
            if isinstance(result, bool):
                return result
            raise TypeError("the rule gave no yes or no")
        if isinstance(result, list):
            return [str(item) for item in result]
        raise TypeError("the rule gave no list")


@dataclass(frozen=True, slots=True)
class RulePack:
    """All rules with the policy; `digest` is SHA-256 over the files as they were read.

    `dates` are the days that expressions name. `usual_days` tells that they compare the day
    with nothing else but a consent's first and last day and the embargo, in the usual way.
    """

    rules: tuple[Rule, ...]
    policy: Policy
    digest: str
    sources: Mapping[str, str]
    dates: tuple[date, ...]
    usual_days: bool


def _expression(rule: RuleFile) -> str:
    # The line ends keep a comment in one part from swallowing the other.
    violated = f"({rule.when}\n) && !({rule.require}\n)"
    if rule.each is None:
        return violated
    return f"{rule.each}s.filter({rule.each}, {violated}).map({rule.each}, {rule.each}.id)"


def load(files: Mapping[str, bytes]) -> RulePack:
    """A rule pack from file names and their bytes (`*.yaml`; `policy.yaml` is the policy).

    The same files give the same pack, which nobody changes: they are read once. Raises
    RulePackError listing every problem of every file.
    """
    return _load(tuple(sorted(files.items())))


@lru_cache(maxsize=8)
def _load(told: tuple[tuple[str, bytes], ...]) -> RulePack:
    files = dict(told)
    problems: list[Problem] = []
    rules: list[Rule] = []
    policy: Policy | None = None
    homes: dict[str, str] = {}
    for name in sorted(files):
        tree, found = parse(files[name], name, json=False, own=True)
        problems += found
        if tree is None or found:
            continue
        if name.rsplit("/", 1)[-1] == POLICY_FILE:
            if any(n.rsplit("/", 1)[-1] == POLICY_FILE for n in sorted(files) if n < name):
                problems.append(Problem(name, None, "", "is a second policy; keep one"))
            policy = _policy(tree, name, problems)
            continue
        rule = _rule(tree, name, problems)
        if rule is None:
            continue
        if rule.id in homes:
            problems.append(Problem(name, None, "id", f"is also the id of {homes[rule.id]}"))
        homes[rule.id] = name
        rules.append(rule)
    if not rules and not problems:
        problems.append(
            Problem("rules/", None, "", "holds no rule; an empty pack approves nothing")
        )
    if policy is None and not any(p.where.endswith(POLICY_FILE) for p in problems):
        problems.append(Problem(f"rules/consent/{POLICY_FILE}", None, "", "is missing"))
    failures = [failure for rule in rules for failure in _failures(rule)]
    if problems or failures or policy is None:
        count = len(problems) + len(failures)
        raise RulePackError(
            f"The rule pack has {count} problem{'s' if count != 1 else ''}",
            (*(str(p) for p in problems), *failures),
            "Nothing is decided until they are mended; `dam rules check` shows them again",
        )
    texts = {name: files[name].decode("utf-8-sig") for name in sorted(files)}
    expressions = [e for r in rules for e in (r.file.when, r.file.require)]
    return RulePack(
        rules=tuple(sorted(rules, key=lambda r: r.id)),
        policy=policy,
        digest=hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest(),
        sources=texts,
        dates=tuple(sorted({d for e in expressions for d in _dates(e)})),
        usual_days=all(_usual_days(e) for e in expressions),
    )


def _policy(tree: Tree, name: str, problems: list[Problem]) -> Policy | None:
    try:
        return Policy.model_validate(tree.value)
    except ValidationError as error:
        problems += validation_problems(error, tree, name, Policy)
        return None


def _rule(tree: Tree, name: str, problems: list[Problem]) -> Rule | None:
    try:
        file = RuleFile.model_validate(tree.value)
    except ValidationError as error:
        problems += validation_problems(error, tree, name, RuleFile)
        return None
    before = len(problems)
    if (file.otherwise is Otherwise.OBLIGE) != bool(file.obligations):
        problems.append(
            Problem(name, tree.line("obligations"), "obligations", "go with `otherwise: oblige`")
        )
    for unmet in sorted(set(file.obligations) - CARRIED_OUT):
        problems.append(
            Problem(
                name,
                tree.line("obligations"),
                "obligations",
                f"{unmet.value} cannot be carried out yet: use `otherwise: hold`",
            )
        )
    for key in ("when", "require"):
        problems += _expression_problems(getattr(file, key), key, file, tree, name)
    for kind, examples in (("pass", file.examples.passing), ("fail", file.examples.failing)):
        for number, example in enumerate(examples):
            for fact, value in example.facts.items():
                try:
                    sample({fact: value}, file.each)
                except (KeyError, ValueError) as error:
                    problems.append(
                        Problem(
                            name,
                            tree.line("examples", kind, number, "facts", fact),
                            f"examples.{kind}[{number}].facts",
                            str(error.args[0]),
                        )
                    )
    if len(problems) > before:
        return None
    program = cel.compile(_expression(file))
    paths = dict.fromkeys(p for e in (file.when, file.require) for p in named(e).paths)
    return Rule(
        file,
        program,
        tuple(p for p in paths if schema.resolve(p, each=file.each) is not None),
        "purpose" in program.variables(),
    )


def _expression_problems(
    expression: str, key: str, file: RuleFile, tree: Tree, name: str
) -> list[Problem]:
    found = expression_faults(expression, file.each)
    for path in () if found and found[0].startswith(_NO_CEL) else named(expression).paths:
        if Obligation.REDACT_FACES in file.obligations and _follows(path):
            found.append(
                f"{'.'.join(p for p in path if p != '[]')!r} comes of what is redacted: a rule "
                "that obliges redact_faces cannot ask for it"
            )
    return [Problem(name, tree.line(key), key, message) for message in dict.fromkeys(found)]


def expression_faults(expression: str, each: str | None = None) -> list[str]:
    """All that keeps a text from being an expression over the facts; [] if it is one.

    `each` is the name under which one element of a list is asked for, None where none is.
    """
    try:
        functions = cel.compile(expression).functions()
        names = named(expression)
    except Exception as error:  # the CEL parser may raise anything for hostile text
        first = (str(error).splitlines() or ["it nests too deep"])[0][:160]
        return [f"{_NO_CEL}: {first}"]
    found = [*_unfit(names, functions), *_unfit_days(expression, names)]
    for path in names.paths:
        try:
            schema.resolve(path, each=each)
        except KeyError:
            found.append(_unknown(path))
    return found


def _follows(path: Path) -> bool:
    parts = tuple(part for part in path if part != "[]")
    return ("person", *parts[1:2]) in FOLLOWING if parts[0] == "persons" else parts[:2] in FOLLOWING


def _unfit(names: Named, functions: Sequence[str]) -> list[str]:
    found = [
        f"there is no function {name!r}; there are: {', '.join(sorted(FUNCTIONS))}, has, all, "
        "exists, exists_one, filter, map"
        for name in functions
        if _FUNCTION.fullmatch(name) and name not in FUNCTIONS
    ]
    if names.null:
        found.append("no fact is ever null: ask has(…) whether it is known")
    return found


def _unfit_days(expression: str, names: Named) -> list[str]:
    """The day may only be compared, with whole dates, or nobody knows when a decision turns."""
    if ("day",) not in names.paths:
        return []
    found = []
    if re.search(r"(?<![\w.])day\s*[.\[]", expression):
        found.append("the day can only be compared with <=, <, >=, > or ==")
    for text in names.strings:
        if re.match(r"['\"][0-9]", text) and not _dates(text):
            found.append(f"{text} is no day: write YYYY-MM-DD")
    return found


def _unknown(path: Path) -> str:
    wrong = ".".join(p for p in path if p not in ("[]", UNFOLLOWED))
    if path[0] == UNFOLLOWED:
        return f"{wrong!r} is taken from something other than a fact; name the fact itself"
    return f"there is no fact named {wrong!r}"


def _dates(text: str) -> list[date]:
    """The real days among the quoted texts."""
    found = []
    for written in _DATE.findall(text):
        with suppress(ValueError):
            found.append(date.fromisoformat(written))
    return found


def _usual_days(expression: str) -> bool:
    bare = re.sub(r"\s+", "", expression)
    return len(_DAY.findall(bare)) == len(_USUAL.findall(bare))


def test(pack: RulePack) -> list[str]:
    """Run every example of every rule; a line for each that does not come out as it says."""
    return [failure for rule in pack.rules for failure in _failures(rule)]


def _failures(rule: Rule) -> list[str]:
    failures: list[str] = []
    groups: Sequence[tuple[str, tuple[Example, ...], bool]] = (
        ("pass", rule.file.examples.passing, False),
        ("fail", rule.file.examples.failing, True),
    )
    for kind, examples, expected in groups:
        for example in examples:
            context = cel.Context(sample(example.facts, rule.file.each))
            try:
                violated = bool(rule.failing(context))
            except Exception:
                # Unknown facts hold. Where the example leaves nothing unknown, the
                # expression itself is wrong, and no example can vouch for it.
                violated = UNKNOWN in example.facts.values() or not expected
            if violated != expected:
                failures.append(f"{rule.id}: example {example.name!r} should {kind} but does not")
    return failures
