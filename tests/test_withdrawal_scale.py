"""Taking back one consent among many photographs: soon, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.result import written
from bench.withdraw import withdraw


@pytest.mark.parametrize("erase", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_only_what_it_must(erase: bool, tmp_path: Path) -> None:
    told = withdraw(tmp_path, 120, 10, erase=erase).figures
    assert told["assets_concerned"]
    assert told["packs_marked"]
    assert told["files_changed_that_need_not"] == []


@pytest.mark.slow
def test_ten_thousand_photographs_and_two_hundred_packs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    result = withdraw(tmp_path, 10_000, 200)
    told = result.figures
    with capsys.disabled():
        print(f"\n{written(result, 'table')}")
    assert told["files_changed_that_need_not"] == []
    # Of the processor, start included: other tests run beside this one.
    (spent,) = result.runs["dam consent withdraw"]
    assert spent.cpu < 2
