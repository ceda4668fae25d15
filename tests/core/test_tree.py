"""Bytes -> tree: text stays text, hostile files are refused, lines are right."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dam.core.tree import Node, Tree, field_name, parse, survey


def value_of(text: str, *, json: bool = False) -> Node:
    tree, problems = parse(text.encode(), "f", json=json)
    assert problems == ()
    assert tree is not None
    return tree.value


def refusal(data: str | bytes, *, json: bool = False) -> tuple[int | None, str]:
    """Line and message of the only problem."""
    raw = data if isinstance(data, bytes) else data.encode()
    tree, problems = parse(raw, "f", json=json)
    assert tree is None
    (problem,) = problems
    assert problem.where == "f"
    return problem.line, problem.message


@pytest.mark.parametrize(
    "written",
    ["no", "NO", "12:30", "1_000", "0o17", "0x10", "2021-10-28", "~", "null", "1e3", ".inf", "y"],
)
def test_yaml_scalars_stay_as_written(written: str) -> None:
    assert value_of(f"a: {written}\nb: [{written}]\n{written}: c") == {
        "a": written,
        "b": [written],
        written: "c",
    }


def test_empty_values_are_none_and_quoted_ones_are_text() -> None:
    assert value_of("a:\nb: ''\nc: [{d: }]\ne: # none\n") == {
        "a": None,
        "b": "",
        "c": [{"d": None}],
        "e": None,
    }


def test_json_scalars_become_their_text() -> None:
    numbers = "1.50, -0, 1E5, 123456789012345678901"
    text = f'{{"a": [true, false, null, {numbers}], "b": "é\\n\\ud83d\\ude00"}}'
    assert value_of(text, json=True) == {
        "a": ["true", "false", None, "1.50", "-0", "1E5", "123456789012345678901"],
        "b": "é\n😀",
    }


def test_words_are_compared_in_nfc() -> None:
    assert value_of("cafe\u0301: x") == {"caf\u00e9": "x"}
    assert "twice" in refusal("cafe\u0301: x\ncaf\u00e9: y")[1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("json", [False, True])
def test_encodings(encoding: str, json: bool) -> None:
    tree, problems = parse('{"a": "طنجة"}'.encode(encoding), "f", json=json)
    assert (tree and tree.value, problems) == ({"a": "طنجة"}, ())


def test_yaml_lines() -> None:
    tree, _ = parse(b"# x\na: 1\nb:\n  - c: 2\n    d:\n      e: 3\n  - f\n", "f", json=False)
    assert tree is not None
    assert tree.lines == {
        (): 2,
        ("a",): 2,
        ("b",): 3,
        ("b", 0): 4,
        ("b", 0, "c"): 4,
        ("b", 0, "d"): 5,
        ("b", 0, "d", "e"): 6,
        ("b", 1): 7,
    }
    assert tree.line("b", 0, "missing", "deeper") == 4
    assert tree.line("missing") == 2


def test_json_lines() -> None:
    text = b'{\n "a":\n  [1,\n\n   {"b": "x\\ny", "c": {}}],\r\n "d": null}'
    tree, _ = parse(text, "f", json=True)
    assert tree is not None
    assert tree.lines == {
        (): 1,
        ("a",): 2,
        ("a", 0): 3,
        ("a", 1): 5,
        ("a", 1, "b"): 5,
        ("a", 1, "c"): 5,
        ("d",): 6,
    }


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nconsent: no\nconsent: yes", 3, "stands twice (first on line 2)"),
        ("a: {b: 1, b: 2}", 1, "stands twice"),
        ("a: &x 1", 1, "anchors"),
        ("a: &x [1]\nb: 2", 1, "anchors"),
        ("a: *x", 1, "aliases"),
        ("- *x", 1, "aliases"),
        ("match: *.JPG", 1, "'*'"),
        ("a: {b: 1}\n<<: {c: 2}", 2, "'<<'"),
        ("a: !!python/object:os.system x", 1, "tags"),
        ("a: !foo [x]", 1, "tags"),
        ("a: !!str no", 1, "tags"),
        ("a: !e!foo x", 1, "tags"),
        ("a: b\n---\nc: d", 2, "second document"),
        ("? [a]\n: b", 1, "single word"),
        ("a: {{b}}", 1, "single word"),
        ("a:\n\tb: c", 2, "use spaces"),
        ("a: b: c", 1, "quotes"),
        ('a: "b\nc: d', 1, "never closed"),
        ("a: [b, c\nd: e\n", 1, "bracket"),
        ("a:\n   b: c\n  d: e", 3, "indented"),
        ("a: 1\nb\nc: d", 2, "without ':'"),
        ("a: @b", 1, "quotes"),
        ('a: "C:\\Users"', 1, "backslash"),
        ('a: "\\UFFFFFFFF"', None, "escape"),
        ("%YAML 1." + "1" * 5000 + "\n---\na: b", None, "cannot be read"),
        ("a: 1\nb: \0", 2, "control character"),
        ("a: \x1b[31m", 1, "control character"),
        ('a: "\\0"', 1, "control character"),
        ('"\\x07": a', 1, "control character"),
        ('a: "\\ud800"', 1, "control character"),
        ("", None, "empty"),
        ("# only a comment\n", None, "empty"),
        ("---\n", None, "empty"),
    ],
)
def test_refused_yaml(text: str, line: int | None, said: str) -> None:
    at, message = refusal(text)
    assert at == line
    assert said in message


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('{"consent": "no",\n"consent": "yes"}', 2, "stands twice (first on line 1)"),
        ('[\n{"a": {"b": 1, "b": 1}}]', 2, "stands twice"),
        ("[1,\nNaN]", 2, "not numbers"),
        ("[-Infinity]", 1, "not numbers"),
        ("[" + "9" * 1_000_000 + "]", 1, "number this long"),
        ('{"a": 1,\n}', 2, "cannot be read as JSON"),
        ('{"a": "b', 1, "cannot be read as JSON"),
        ("{'a': 1}", 1, "cannot be read as JSON"),
        ("]" + "[" * 10_000, None, "nested too deep|cannot be read"),
        ("nullnull", 1, "cannot be read as JSON"),
        ('{"a": "\\u0000"}', 1, "control character"),
        ('{"a": "\\udfff"}', 1, "control character"),
        (" \n", None, "empty"),
        ("null", None, "empty"),
    ],
)
def test_refused_json(text: str, line: int | None, said: str) -> None:
    at, message = refusal(text, json=True)
    assert line is None or at == line
    assert any(part in message for part in said.split("|"))


def test_not_utf8_names_the_line() -> None:
    line, message = refusal(b"a: b\nc: caf\xe9\n")
    assert (line, message) == (2, "this is not UTF-8 text: save the file as UTF-8")
    assert refusal(b"\xff\xfea\xd8")[0] is None


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.parametrize("piece", ["[", '{"a":', "[\n", "- ", "? ", "{", "&a ", "!", '"', '"\\"'])
def test_200_kb_of_nesting_is_refused_at_once(piece: str, json: bool) -> None:
    begun = time.perf_counter()
    tree, problems = parse((piece * (200_000 // len(piece))).encode(), "f", json=json)
    assert tree is None
    assert len(problems) >= 1
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize("json", [False, True])
def test_bounds_are_exact(json: bool) -> None:
    assert parse(b"[" * 32 + b"]" * 32, "f", json=json)[1] == ()
    assert "deep" in refusal(b"[" * 33 + b"]" * 33, json=json)[1]
    tree, _ = parse(b"[1, 2]", "f", json=json, max_nodes=3, max_bytes=6, max_depth=1)
    assert tree is not None
    _, problems = parse(b"[1, 2]", "f", json=json, max_nodes=2)
    assert "too many" in problems[0].message
    _, problems = parse(b"[1, 2]", "f", json=json, max_bytes=5)
    assert "too large" in problems[0].message
    assert "too many" in refusal(b"[" + b"1," * 120_000 + b"1]", json=json)[1]


def test_endless_duplicates_stop() -> None:
    tree, problems = parse(b"a: 1\n" * 10_000, "f", json=False)
    assert tree is None
    assert len(problems) == 101


def test_all_duplicates_are_told_and_survey_keeps_the_first_value() -> None:
    text = b"a: 1\na: {b: 2}\nc: &x 3\na: 4\n"
    tree, problems = survey(text, "f", json=False)
    assert tree == Tree({"a": "1", "c": "3"}, tree.lines if tree else {})
    assert [(p.line, p.field) for p in problems] == [(2, "a"), (3, "c"), (4, "a")]
    assert parse(text, "f", json=False) == (None, problems)


def test_field_names_repeat_no_names() -> None:
    assert field_name(("people", 0, "age_band")) == "people[0].age_band"
    assert field_name(("caption", "pt-BR")) == "caption.pt-BR"
    assert field_name(("caption", "Amina")) == field_name(("caption", "a b")) == "caption.(…)"
    assert field_name((2, "id")) == "[2].id"


YAMLISH = st.text(alphabet="[]{}:,-&*!|>'\"%@`#?<~\\abUxu08.\n \t\r\x85\u2028é", max_size=80)
JSONISH = st.text(alphabet='[]{}:,-"\\untrfalse01.eE+ \n\t\ud7ff', max_size=80)


@given(st.binary(max_size=200), st.booleans())
@example(b"\xff\xfe\x00", False)
def test_no_bytes_raise(data: bytes, json: bool) -> None:
    tree, problems = parse(data, "f", json=json)
    assert (tree is None) == bool(problems)


@given(st.one_of(st.text(), YAMLISH, JSONISH), st.booleans())
def test_no_text_raises(text: str, json: bool) -> None:
    tree, problems = parse(text.encode("utf-8", "surrogatepass"), "f", json=json)
    assert (tree is None) == bool(problems)


#: What YAML is made of, put together at random.
_PIECES = st.sampled_from(
    [
        *("a", "b: ", "- ", "? ", ": ", ", ", "#", " # x", '"', "'", "[", "]", "{", "}", "\\n"),
        *("\n", "\n  ", "\n    ", "\r\n", "\t", "|\n", ">\n", "|-\n  x", ">+\n  y"),
        *("&a ", "*a", "!x ", "---\n", "...\n", "%YAML 1.1\n", "<<: ", "=", "@", "`", "no", "~"),
        *("é", "\u2028", "\x85", "\ufeff"),
    ]
)


@given(st.one_of(YAMLISH, st.lists(_PIECES, max_size=14).map("".join)))
@example("a: [b, 'c']\nd: |\n  e\n f: ''\n")
@example("\n\ufeff\ufeff")
@example(">#")
def test_libyaml_reads_what_the_other_parser_reads(text: str) -> None:
    """It may take what the other refuses, in files of one's own; never for something else."""
    slow = parse(text.encode(), "f", json=False)
    quick = parse(text.encode(), "f", json=False, own=True)
    assert quick == slow or (slow[0] is None and quick[0] is not None)


def test_every_file_of_ours_is_the_same_to_both_parsers() -> None:
    files = sorted(Path("rules").rglob("*.yaml"))
    assert len(files) > 30
    for file in files:
        data = file.read_bytes()
        assert parse(data, "f", json=False) == parse(data, "f", json=False, own=True)


def test_deep_nesting_in_a_file_of_ones_own_is_refused_at_once() -> None:
    began = time.process_time()
    for piece in ("[", "{", "- ", "? "):
        assert parse((piece * 15_000).encode(), "f", json=False, own=True)[0] is None
    assert time.process_time() - began < 10
