"""Taking back one consent among many photographs: soon, and nothing else is touched."""

from __future__ import annotations

import pytest

from bench.withdraw import withdraw


@pytest.mark.parametrize("erase", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_only_what_it_must(erase: bool) -> None:
    told = withdraw(120, 10, erase=erase)
    assert told["photographs_concerned"]
    assert told["packs_marked"]
    assert told["files_changed_that_need_not"] == []


@pytest.mark.slow
def test_ten_thousand_photographs_and_two_hundred_packs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = withdraw(10_000, 200)
    with capsys.disabled():
        print(f"\n{told}")
    assert told["files_changed_that_need_not"] == []
    # Of the processor: other tests run beside this one.
    assert float(str(told["processor_seconds"])) < 2
