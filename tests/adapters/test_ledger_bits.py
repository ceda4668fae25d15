"""No bit of a stored event can be changed, no event added, left out or moved, unseen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dam.adapters.catalog.events import EventReads
from dam.core import chain
from dam.core.chain import Fault

COLUMNS = ("id", "at", "type", "subject", "body", "prev", "hash")
Stored = dict[str, Any]


class Tape(EventReads):
    """Rows as a database would give them, in the order of their numbers."""

    def __init__(self, rows: Sequence[Stored], end: tuple[int, str]) -> None:
        self._rows, self._end = sorted(rows, key=lambda row: int(row["seq"])), end

    def head(self) -> tuple[int, str]:
        return self._end

    def _stored(self, *conditions: Any) -> Iterator[Any]:  # noqa: ANN401
        assert not conditions
        return (SimpleNamespace(**row) for row in self._rows)


def tape(bodies: Sequence[dict[str, object]]) -> list[Stored]:
    rows: list[Stored] = []
    prev = chain.GENESIS
    for seq, body in enumerate(bodies, 1):
        at = f"2026-06-15T12:00:{seq:02d}.000000+00:00"
        text = chain.canonical(body).decode()
        row = {"seq": seq, "id": f"e{seq}", "at": at, "type": "asset.changed", "subject": "a1"}
        sealed = chain.seal(prev, seq, f"e{seq}", at, "asset.changed", "a1", body)
        rows.append({**row, "body": text, "prev": prev, "hash": sealed})
        prev = sealed
    return rows


def end(rows: Sequence[Stored]) -> tuple[int, str]:
    return (rows[-1]["seq"], rows[-1]["hash"]) if rows else (0, chain.GENESIS)


def faults(rows: Sequence[Stored], head: tuple[int, str]) -> list[Fault]:
    return list(Tape(rows, head).ledger_faults())


def test_every_single_bit() -> None:
    rows = tape([{"now": {"facts": "ab"}}, {"n": 1, "é": [True, None]}, {}])
    head = end(rows)
    assert faults(rows, head) == []
    flipped = 0
    for number, row in enumerate(rows):
        for column in COLUMNS:
            data = row[column].encode()
            for bit in range(8 * len(data)):
                other = bytearray(data)
                other[bit // 8] ^= 1 << bit % 8
                text = other.decode("utf-8", "surrogateescape")
                changed = [*rows]
                changed[number] = {**row, column: text}
                found = faults(changed, head)
                assert number + 1 in {fault.seq for fault in found}, (column, bit)
                flipped += 1
        for bit in range(63):
            changed = [*rows]
            changed[number] = {**row, "seq": row["seq"] ^ 1 << bit}
            assert faults(changed, head), bit
    assert flipped == 8 * sum(len(row[name].encode()) for row in rows for name in COLUMNS)


_BODIES: st.SearchStrategy[list[dict[str, object]]] = st.lists(
    st.dictionaries(st.text(max_size=3), st.integers(0, 9) | st.text(max_size=3), max_size=2),
    min_size=2,
    max_size=8,
)


@given(st.data())
def test_every_row_that_is_deleted_added_or_swapped_is_found_there(data: st.DataObject) -> None:
    rows = tape(data.draw(_BODIES))
    head = end(rows)
    at = data.draw(st.integers(0, len(rows) - 1))
    found = faults(rows[:at] + rows[at + 1 :], head)
    # The next one misses it; of the last one the end tells.
    assert found[0].seq == min(at + 2, len(rows))
    assert found[0].expected.split()[0] == str(at + 1 if at + 1 < len(rows) else len(rows))

    added = {**rows[at], "id": "new", "seq": data.draw(st.integers(-1, len(rows) + 2))}
    found = faults([*rows, added], head)
    assert found[0].seq in (added["seq"], added["seq"] + 1, len(rows))

    other = data.draw(st.integers(0, len(rows) - 1))
    if other != at:
        swapped = [*rows]
        swapped[at] = {**rows[other], "seq": rows[at]["seq"]}
        swapped[other] = {**rows[at], "seq": rows[other]["seq"]}
        found = faults(swapped, head)
        assert found[0].seq == min(at, other) + 1


@given(_BODIES, st.data())
def test_every_cut_of_the_tail_is_seen_at_the_end(
    bodies: list[dict[str, object]], data: st.DataObject
) -> None:
    rows = tape(bodies)
    kept = data.draw(st.integers(0, len(rows) - 1))
    assert [fault.seq for fault in faults(rows[:kept], end(rows))] == [len(rows)]
    # Whoever changes the end with it is not seen here: only a checkpoint kept elsewhere tells.
    assert faults(rows[:kept], end(rows[:kept])) == []
