"""A rule pack: files people can read, checked whole before any of it is used.

A rule is one YAML file. `when` says to what it applies, `require` what must then be true,
both in CEL over the names of `dam.core.view.SCHEMA`; with `each: person` they are asked of
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
from dataclasses import dataclass
from typing import Annotated, Literal

import cel
from pydantic import Field, StringConstraints, ValidationError

from dam.core import view
from dam.core.errors import RulePackError
from dam.core.model import Obligation, Otherwise, Problem, Purpose, Strict, Text
from dam.core.samples import sample
from dam.core.sidecar import validation_problems
from dam.core.tree import Tree, parse

RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{2,60}$")]
Term = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,3}[ymd]$")]
_DATE = re.compile(r"['\"](\d{4}-\d{2}-\d{2})['\"]")

POLICY_FILE = "policy.yaml"


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
    passing: tuple[Example, ...] = Field(min_length=1, alias="pass")
    failing: tuple[Example, ...] = Field(min_length=1, alias="fail")


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
    """All rules with the policy; `digest` is SHA-256 over the files as they were read."""

    rules: tuple[Rule, ...]
    policy: Policy
    digest: str
    sources: Mapping[str, str]
    dates: tuple[str, ...]


def _expression(rule: RuleFile) -> str:
    violated = f"({rule.when}) && !({rule.require})"
    if rule.each is None:
        return violated
    return f"{rule.each}s.filter({rule.each}, {violated}).map({rule.each}, {rule.each}.id)"


def load(files: Mapping[str, bytes]) -> RulePack:
    """A rule pack from file names and their bytes (`*.yaml`; `policy.yaml` is the policy).

    Raises RulePackError listing every problem of every file.
    """
    problems: list[Problem] = []
    rules: list[Rule] = []
    policy: Policy | None = None
    homes: dict[str, str] = {}
    for name in sorted(files):
        tree, found = parse(files[name], name, json=False)
        problems += found
        if tree is None or found:
            continue
        if name.rsplit("/", 1)[-1] == POLICY_FILE:
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
    if problems or policy is None:
        raise RulePackError(
            f"The rule pack has {len(problems)} problem{'s' if len(problems) != 1 else ''}",
            tuple(str(p) for p in problems),
            "Nothing is decided until they are mended; `dam rules check` shows them again",
        )
    texts = {name: files[name].decode("utf-8") for name in sorted(files)}
    expressions = [e for r in rules for e in (r.file.when, r.file.require)]
    pack = RulePack(
        rules=tuple(sorted(rules, key=lambda r: r.id)),
        policy=policy,
        digest=hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest(),
        sources=texts,
        dates=tuple(sorted({d for e in expressions for d in _DATE.findall(e)})),
    )
    failures = test(pack)
    if failures:
        raise RulePackError(
            f"{len(failures)} example{'s' if len(failures) != 1 else ''} of the rule pack do not "
            "come out as they say",
            tuple(failures),
            "Mend the rule or the example",
        )
    return pack


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
    paths = tuple(dict.fromkeys(p for e in (file.when, file.require) for p in view.references(e)))
    return Rule(file, program, paths, any(p[0] == "purpose" for p in paths))


def _expression_problems(
    expression: str, key: str, file: RuleFile, tree: Tree, name: str
) -> list[Problem]:
    line = tree.line(key)
    try:
        cel.compile(expression)
    except Exception as error:  # the CEL parser may raise anything for hostile text
        first = str(error).splitlines()[0][:160]
        return [Problem(name, line, key, f"is no CEL expression: {first}")]
    found = []
    for path in view.references(expression):
        try:
            view.resolve(path, each=file.each)
        except KeyError:
            wrong = ".".join(p for p in path if p != "[]")
            found.append(Problem(name, line, key, f"there is no fact named {wrong!r}"))
    return found


def test(pack: RulePack) -> list[str]:
    """Run every example of every rule; a line for each that does not come out as it says."""
    failures: list[str] = []
    for rule in pack.rules:
        groups: Sequence[tuple[str, tuple[Example, ...], bool]] = (
            ("pass", rule.file.examples.passing, False),
            ("fail", rule.file.examples.failing, True),
        )
        for kind, examples, expected in groups:
            for example in examples:
                context = cel.Context(sample(example.facts, rule.file.each))
                try:
                    violated = bool(rule.failing(context))
                except Exception:  # unknown facts hold, which is a failure of the rule
                    violated = True
                if violated != expected:
                    failures.append(
                        f"{rule.id}: example {example.name!r} should {kind} but does not"
                    )
    return failures
