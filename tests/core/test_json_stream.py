"""A JSON object of any length, in chunks of any size, by anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dam.core import json_stream
from dam.core.json_stream import LONGEST, Malformed, pieces

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)
DOCUMENTS = st.dictionaries(st.text(), VALUES, max_size=6)


def cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def rebuilt(chunks: list[str]) -> dict[str, object]:
    """The object that its pieces make up."""
    found: dict[str, object] = {}
    for word, place, text in pieces(chunks):
        if place is None:
            found[word] = {"[": [], "{": {}}.get(text) if text in ("[", "{") else json.loads(text)
            continue
        inside = found[word]
        if isinstance(inside, list):
            assert place == len(inside)
            inside.append(json.loads(text))
        elif isinstance(inside, dict):
            inside[place] = json.loads(text)
    return found


@given(DOCUMENTS, st.integers(1, 40), st.sampled_from([None, 2]), st.booleans())
def test_the_pieces_are_the_whole(
    body: dict[str, object], size: int, indent: int | None, ascii_: bool
) -> None:
    text = json.dumps(body, indent=indent, ensure_ascii=ascii_)
    assert rebuilt(cut(text, size)) == body


@given(DOCUMENTS, st.integers(1, 40), st.data())
def test_a_file_that_was_cut_off_is_no_report(
    body: dict[str, object], size: int, data: st.DataObject
) -> None:
    text = json.dumps(body)
    shorter = text[: data.draw(st.integers(0, len(text) - 1))]
    with pytest.raises(Malformed):
        rebuilt(cut(shorter, size))


@given(st.text(alphabet='[]{}:,"\\01ea.-+ntfu \n'), st.integers(1, 9))
@example("{}", 1)
@example('{"a": 1} {', 3)
def test_what_is_taken_is_what_json_takes(text: str, size: int) -> None:
    """Everything else is malformed, and never anything but that."""
    try:
        expected = json.loads(text, object_pairs_hook=_once)
    except ValueError:
        expected = None
    if not isinstance(expected, dict):
        with pytest.raises(Malformed):
            rebuilt(cut(text, size))
    else:
        assert rebuilt(cut(text, size)) == expected


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a word stands twice")
    return dict(pairs)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "too soon"),
        ("[]", "'{' is expected"),
        ('{"a":1,"a":2}', "'a' stands twice"),
        ('{"a":1}\n\nb', "line 3: something follows"),
        ('{"a":[1,]}', "Expecting value"),
        ('{\n"a":{1:2}}', "line 2: a word in quotes"),
        ('{"a":NaN}', "NaN is no JSON"),
        ('{"a":[-Infinity]}', "-Infinity is no JSON"),
        ('{"a":' + "[" * 100_000, "nested too deeply"),
        ("{" + ",".join(f'"w{n}":0' for n in range(2000)) + "}", "too many words"),
        ('{"a":["' + "x" * (LONGEST + 1) + '"]}', "too long"),
        ('{"a":["' + "x" * (3 * LONGEST), "too long"),
    ],
)
def test_why_it_is_refused(text: str, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        rebuilt(cut(text, 64 * 1024))


def test_a_number_of_a_million_digits_is_never_computed() -> None:
    (opening, piece) = pieces([f'{{"a":[{"9" * 1_000_000}]}}'])
    assert opening == ("a", None, "[")
    assert len(piece[2]) == 1_000_000


def test_no_more_is_held_than_a_member_and_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = 0

    def chunks() -> Iterator[str]:
        nonlocal taken
        yield '{"a":['
        for number in range(100_000):
            taken += 1
            yield f'{"," if number else ""}"{number:090}"'
        yield "]}"

    monkeypatch.setattr(json_stream, "LONGEST", 1000)
    for number, piece in enumerate(pieces(chunks())):
        assert taken <= number + 2, piece
    assert taken == 100_000
