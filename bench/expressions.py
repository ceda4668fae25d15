"""`python -m bench.expressions WHAT ROOT VIEWS COUNT`: decisions without dam around them.

WHAT is `expressions` (the rules' CEL expressions, each for every purpose it speaks of, in one
`cel.Context` an asset) or `core` (`decide_all` alone). VIEWS is a file that `written` makes of
some photographs; they are taken again and again until there were COUNT.
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from itertools import cycle, islice
from pathlib import Path

from dam.adapters.desk import Desk
from dam.adapters.desk_rules import load_pack
from dam.adapters.settings import Workspace, load_settings
from dam.core import view
from dam.core.decide import WORLD, decide_all
from dam.core.model import Purpose
from dam.core.rules import RulePack
from dam.core.view import Dossier

Case = tuple[Dossier, dict[str, object]]


def written(desk: Desk, ids: Sequence[str], file: Path) -> None:
    """What is known of these photographs, as the rules see it."""
    rows = (desk.catalog.asset(ident) for ident in ids)
    found = (desk.dossier(row) for row in rows if row is not None)
    term = desk.pack.policy.default_term
    cases = [
        (each, view.build(each, Purpose.ARCHIVE, WORLD, desk.day(), term))
        for each in found
        if each is not None
    ]
    file.write_bytes(pickle.dumps((desk.day(), cases)))


def _expressions(pack: RulePack, cases: Sequence[Case], day: date) -> Callable[[int], None]:
    import cel

    def evaluate(number: int) -> None:
        context = cel.Context(cases[number][1])
        for purpose in Purpose:
            context.add_variable("purpose", purpose.value)
            for rule in pack.rules:
                if rule.applies_to(purpose):
                    with suppress(Exception):
                        rule.program.execute(context)

    return evaluate


def _core(pack: RulePack, cases: Sequence[Case], day: date) -> Callable[[int], None]:
    def decide(number: int) -> None:
        decide_all(cases[number][0], pack, tuple(Purpose), day)

    return decide


WHAT = {"expressions": _expressions, "core": _core}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.expressions", description=__doc__)
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("root", type=Path)
    parser.add_argument("views", type=Path)
    parser.add_argument("count", type=int)
    given = parser.parse_args()
    day, cases = pickle.loads(given.views.read_bytes())
    pack = load_pack(Workspace.at(given.root, load_settings(given.root, {})))
    decide = WHAT[given.what](pack, cases, day)
    for number in islice(cycle(range(len(cases))), given.count):
        decide(number)


if __name__ == "__main__":
    main()
