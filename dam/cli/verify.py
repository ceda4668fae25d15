"""`dam verify`."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from dam.adapters.desk import Desk
from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.core.errors import IntegrityError, UsageError
from dam.core.verification import Code, Depth, Finding
from dam.flows.verify import Verification
from dam.flows.verify import verify as flow
from dam.render import terminal
from dam.render.lang import Speech

#: So many findings fit a table that somebody reads.
LIMIT = 500
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)%?")
_COLORS = {"failure": "red", "note": "yellow"}


def register(app: typer.Typer) -> None:
    example = "Examples: dam verify --checkpoint ../elsewhere/dam.json; dam verify --sample 5%"
    app.command("verify", epilog=example)(verify)


def verify(
    context: typer.Context,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint",
            metavar="FILE",
            help="A checkpoint that is kept elsewhere: it shows a ledger that was cut or replaced. "
            "May be repeated.",
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Look at no file's bytes: sizes, names and records only."),
    ] = False,
    sample: Annotated[
        str | None,
        typer.Option("--sample", metavar="N%", help="Look at the bytes of so many files."),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(
            "--seed",
            help="Which files a sample takes: the day unless said, any word, or random.",
        ),
    ] = None,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Check ledger, checkpoints, originals, archive, packs and caches; exit code 5 on a failure.

    Nothing is changed. It may run beside dam watch: what moves meanwhile is looked at again.
    """
    if quick and sample is not None:
        raise UsageError("--quick and --sample say two things at once", "Leave one out")
    if seed is not None and sample is None:
        raise UsageError("--seed says which files a sample takes", "Add --sample 5%")
    percent = 0.0 if quick else _percent(sample)
    say = shared.speech(context)
    with ExitStack() as stack:
        begin, step = stack.enter_context(terminal.progress(say.gettext("Verifying")))
        try:
            desk = stack.enter_context(shared.desk(context, reading=True))
        except IntegrityError as error:
            # Not even the catalogue opens: that is a finding too.
            broken = Finding(Code.CATALOGUE_DAMAGED, "catalogue", "", error.what)
            found = Verification(iter([broken]), {})
            depth = Depth(percent, seed or "")
        else:
            depth = Depth(percent, _seed(seed, desk))
            found = flow(desk, depth, tuple(checkpoint or ()), begin=begin, step=step)
        told = _Counted(found.findings)
        if format_ is Format.JSON:
            terminal.stream(_document(depth, told, found.checked))
        else:
            _tell(depth, told, found.checked, say)
    if told.failures:
        raise IntegrityError(
            f"Failures: {told.failures}", "See what to do above, and docs/verify.md"
        )


class _Counted:
    """Findings on their way, counted."""

    def __init__(self, findings: Iterator[Finding]) -> None:
        self._findings = findings
        self.failures = 0
        self.notes = 0

    def __iter__(self) -> Iterator[Finding]:
        for finding in self._findings:
            if finding.failed:
                self.failures += 1
            else:
                self.notes += 1
            yield finding


def _percent(text: str | None) -> float:
    if text is None:
        return 100.0
    found = _PERCENT.fullmatch(text.strip())
    if found is None or not 0 < float(found[1]) <= 100:
        raise UsageError("--sample takes a part of all files, such as 5%")
    return float(found[1])


def _seed(given: str | None, desk: Desk) -> str:
    """Another part of the files every day, the same all day long, unless said otherwise."""
    if given == "random":
        return secrets.token_hex(8)
    return given or f"{desk.day().isoformat()} {desk.catalog.origin()[:16]}".strip()


def _document(depth: Depth, told: _Counted, checked: Mapping[str, int]) -> dict[str, object]:
    return {
        "percent": depth.percent,
        "seed": depth.seed if 0 < depth.percent < 100 else None,
        "findings": (_finding(each) for each in told),
        # Known once the findings were told.
        "checked": _checked(checked),
        "totals": _totals(told),
    }


def _checked(checked: Mapping[str, int]) -> Iterator[dict[str, object]]:
    for what, number in checked.items():
        yield {"what": what, "number": number}


def _totals(told: _Counted) -> Iterator[dict[str, object]]:
    yield {"level": "failure", "number": told.failures}
    yield {"level": "note", "number": told.notes}


def _finding(each: Finding) -> dict[str, object]:
    return {
        "code": each.code.value,
        "level": each.code.level,
        "place": each.place,
        "expected": each.expected,
        "found": each.found,
        "advice": each.code.advice,
    }


def _tell(depth: Depth, told: _Counted, checked: Mapping[str, int], say: Speech) -> None:
    stream = iter(told)
    shown = list(islice(stream, LIMIT))
    more = sum(1 for _ in stream)
    if shown:
        terminal.table(
            say.headings("code", "place", "expected", "found", "what to do"),
            [
                (
                    terminal.Styled(say.ident(each.code.value), _COLORS[each.code.level]),
                    say.ident(each.place),
                    say.told(each.expected),
                    say.told(each.found),
                    say.told(each.code.advice),
                )
                for each in shown
            ],
        )
    if more:
        terminal.line(say.gettext("and so many more: {n}; --format json tells all", n=more))
    if 0 < depth.percent < 100:
        terminal.line(
            say.gettext(
                "a sample of {percent}%, seed: {seed}", percent=depth.percent, seed=depth.seed
            )
        )
    looked = (f"{say.word('verified', what)}: {number}" for what, number in checked.items())
    terminal.line(say.gettext("looked at: {things}", things="; ".join(looked)))
    terminal.line(
        say.gettext(
            "failures: {failures}, notes: {notes}", failures=told.failures, notes=told.notes
        )
    )
