"""Sidecars and shoot tables of any shape, and what must hold of whatever is read from them."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Sequence
from typing import Any

import yaml
from hypothesis import strategies as st

from dam.core import shoot_table, sidecar, tree
from dam.core.model import ConsentState
from dam.core.sidecar import Parsed
from tests.fuzz.damage import Draw, damaged, shuffled

_PHOTO = """\
schema: dam/photo/1
photographer: rachid-azzouzy
programme: amal
caption: {fr: Une lecture, ar: قراءة}
captured: 2021-11-18
city: Tanger
country: MA
crowd: no
people:
  - subject: S-1
    age_band: 6-11
    identifiable: yes
    consent: C-1
    region: {x: 0.1, y: 0.2, w: 0.3, h: 0.4}
  - {subject: S-2, age_band: adult, identifiable: no}
consents:
  - id: C-1
    subject: {id: S-1, age_band: 6-11, unaccompanied: no, situation: migrant, risk: low}
    notice: {ref: form-2, language: fr}
    scope:
      purposes: [press, web]
      territories: [world]
      valid_from: 2021-11-01
      valid_for: 10y
    permissions: {face: no, name: none, location: none}
    givers:
      - {role: guardian, method: written, on: 2021-10-28}
    events:
      - {state: given, on: 2021-10-28}
      - {state: withdrawn, on: 2022-01-01}
"""
_SHOOT = """\
schema: dam/shoot/1
photographer: rachid-azzouzy
people: none
photos:
  - match: 'IMG_01*.JPG'
    people: [{subject: S-7, age_band: 6-11}]
  - {match: IMG_0200.JPG, crowd: yes}
"""
_LINES = (
    "people: none", "people: []", "people:", "crowd: yes", "consent: no", "consent: yes",
    "<<: *a", "base: &a {face: yes}", "face: yes", "permissions: {face: yes}",
    "  permissions: {face: yes}", "? [a]", ": b", "---", "...", "# note", "%YAML 1.1", "!!bool yes",
    "caption: |", "  caption: >-", "note: 'it''s", '"\\x41": 1', "\ttab: 1", "- - - -", "{a: b}",
    "schema: dam/photo/1", "schema: dam/consent/1", "12:30: 1_000", "face: 'no", "événement: é",
)  # fmt: skip
_SEEDS = (_PHOTO, _SHOOT, "schema: dam/consent/1\nconsents:\n" + _PHOTO.partition("consents:\n")[2])


@st.composite
def texts(draw: Draw) -> tuple[bytes, bool]:
    """The bytes of a sidecar, a sheet or a record, and whether it calls itself JSON."""
    seed = draw(st.sampled_from(_SEEDS))
    if draw(st.booleans()):
        data = json.dumps(yaml.load(seed, Loader=yaml.BaseLoader), indent=1).encode()
        return draw(damaged(data)), True
    text = "\n".join(draw(shuffled(seed.splitlines(), _LINES))) + "\n"
    codec = draw(st.sampled_from(("utf-8", "utf-8", "utf-8-sig", "utf-16")))
    return draw(damaged(text.encode(codec), 3)), False


def read_text(data: bytes, as_json: bool) -> None:
    """Nothing is raised, and whatever is read is what another reader finds in the same bytes."""
    for parse in (sidecar.parse_photo, sidecar.parse_shoot, sidecar.parse_consents):
        _sound(parse(data, "x", as_json))
    found, problems = tree.parse(data, "x", json=as_json)
    assert (found is None) == bool(problems)
    if found is None:
        return
    try:
        second = _second(data, as_json)
    except yaml.scanner.ScannerError as error:
        # `{crowd:}` is a word without a value to the one, and no YAML to libyaml.
        if error.problem != "found unexpected ':'":
            raise
        return
    assert _plain(found.value) == second


def _sound(parsed: Parsed[Any]) -> None:
    assert (parsed.value is None) == bool(parsed.problems)
    for problem in parsed.problems:
        assert problem.message
        assert len(str(problem)) < 2000


def _plain(node: tree.Node) -> object:
    if isinstance(node, dict):
        return {word: _plain(value) for word, value in node.items()}
    return [_plain(item) for item in node] if isinstance(node, list) else node or ""


def _second(data: bytes, as_json: bool) -> object:
    """The same bytes by a reader that shares no code: libyaml, or the json of Python."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = data.decode("utf-16" if wide else "utf-8-sig")
    if as_json:
        return _words(json.loads(text, parse_int=str, parse_float=str, object_pairs_hook=_once))
    return _words(yaml.load(text, Loader=yaml.CBaseLoader))


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    assert len({unicodedata.normalize("NFC", word) for word, _ in pairs}) == len(pairs)
    return dict(pairs)


def _words(node: object) -> object:
    """Words in NFC as ours are, and JSON's own words by their name."""
    if isinstance(node, dict):
        return {unicodedata.normalize("NFC", w): _words(value) for w, value in node.items()}
    if isinstance(node, list):
        return [_words(item) for item in node]
    return {True: "true", False: "false", None: ""}.get(node, node)  # type: ignore[call-overload]


# --- consent.csv --------------------------------------------------------------------------

_HEAD = (
    "photo", "subject", "age_band", "identifiable", "id", "people", "crowd", "caption_fr",
    "purposes", "territories", "valid_from", "valid_for", "face", "giver_role", "giver_method",
    "giver_on", "state", "state_on",
)  # fmt: skip
_NO = (
    "IMG_0001.JPG", "S-1", "adult", "yes", "C-1", "", "", "", "press", "world", "2021-11-01", "5y",
    "no", "subject", "written", "2021-10-28", "withdrawn", "2022-01-01",
)  # fmt: skip
_CELLS = (
    "", " ", "yes", "no", "none", "oui", "given", "withdrawn", "S-1", "S-2", "C-1", "C-2", "adult",
    "6-11", "IMG_0001.JPG", "IMG_*.JPG", "*", "press", "world", "2021-11-01", "01/11/2021", "=A1",
    "#REF!", "'yes", "a;b", 'say "yes"', "é\nfr", "\u202eyes", "+1", "@x", "1e3", "true",
)  # fmt: skip


@st.composite
def tables(draw: Draw) -> tuple[bytes, bool]:
    """The bytes of a shoot table; whether its one sure row, a withdrawal, still stands in it."""
    separator = draw(st.sampled_from(",;\t"))
    rows: list[Sequence[str]] = [_HEAD, _NO]
    cells = st.lists(st.sampled_from(_CELLS), max_size=len(_HEAD) + 1)
    for row in draw(st.lists(cells, max_size=4)):
        rows.insert(draw(st.integers(1, len(rows))), row)
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    codec = draw(st.sampled_from(("utf-8", "utf-8-sig", "utf-16")))
    whole = out.getvalue().encode(codec)
    data = draw(damaged(whole, 4)) if draw(st.booleans()) else whole
    return data, data == whole


def read_table(data: bytes, whole: bool) -> None:
    """Nothing is raised; a table that is read says no where its sure row does."""
    parsed = shoot_table.parse(data, "x")
    _sound(parsed)
    shoot_table.survey(data, "x")
    if whole and parsed.value is not None:
        said = [event.state for item in parsed.value.consents for event in item.events]
        assert ConsentState.WITHDRAWN in said
        assert any(p.people for p in parsed.value.photos)
