"""The presets of packs: what a file may say, every mistake in it, and what never goes missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core.errors import ProblemsError
from dam.core.model import IMPLIED_PURPOSES, Face, Purpose
from dam.core.presets import BUILT_IN, Preset, load_presets, to_destroy
from dam.core.readings import Color
from dam.core.watermark import Marks, load_marks
from tests.core.dossiers import RULES

HEAD = "schema: dam/purpose/1\n"
MARKS = load_marks(
    {
        "watermark.yaml": b"schema: dam/watermark/1\nstyles:\n  bare: {kind: none}\n"
        b"  tiles: {kind: tiled}\npurposes: {internal: bare}\n"
    }
)
SHIPPED = RULES.parent / "purposes"
LEAVING = [p for p in Purpose if p not in IMPLIED_PURPOSES]


def preset(text: str, purpose: Purpose = Purpose.PRESS, marks: Marks = MARKS) -> Preset:
    files = {f"rules/purposes/{purpose}.yaml": (HEAD + text).encode()}
    return load_presets(files, marks)[purpose]


def problems(files: dict[str, str], marks: Marks = MARKS) -> list[str]:
    with pytest.raises(ProblemsError) as caught:
        load_presets({f"rules/purposes/{n}": t.encode() for n, t in files.items()}, marks)
    return list(caught.value.problems)


def shipped() -> dict[str, bytes]:
    return {f"rules/purposes/{path.name}": path.read_bytes() for path in SHIPPED.glob("*.yaml")}


def test_every_purpose_has_a_preset_without_any_file() -> None:
    assert load_presets({}, Marks()) == BUILT_IN
    assert set(BUILT_IN) == set(Purpose)


def test_the_shipped_files_are_for_all_that_packs_are_made_for() -> None:
    marks = load_marks({"watermark.yaml": (RULES.parent / "watermark.yaml").read_bytes()})
    found = load_presets(shipped(), marks)
    assert {Path(name).stem for name in shipped()} == {str(p) for p in Purpose} - {"archive"}
    assert found == BUILT_IN
    assert marks.of(Purpose.SOCIAL, found[Purpose.SOCIAL].mark).keep_in == "both"
    assert all(marks.of(p, found[p].mark).kind != "none" for p in Purpose)


def test_what_is_left_out_is_built_in_and_what_is_said_counts() -> None:
    assert preset("") == BUILT_IN[Purpose.PRESS]
    said = preset(
        "size: full\nquality: 77\ncolour: original\nmark: tiles\nmetadata: credit\n"
        "redaction: all_faces\nnaming: numbered\ntexts: [terms, credits]\nlanguages: [ar]\n"
        "pages: 3\n"
    )
    assert said == Preset(
        Purpose.PRESS, None, 77, Color.KEEP, "tiles", "credit", "all_faces", "numbered",
        ("terms", "credits"), ("ar",), 3,
    )  # fmt: skip
    assert said.digest() != BUILT_IN[Purpose.PRESS].digest()


def test_every_mistake_of_every_file_is_told_at_once_with_its_line() -> None:
    found = problems(
        {
            "press.yaml": HEAD + "size: 40\nqualty: 90\nmetadata: some\nlanguages: [fr, fr]\n",
            "web.yaml": HEAD + "quality: 101\nmark: nowhere\nlanguages: []\n",
            "social.yaml": HEAD + "# nothing\nmark: nowhere\ntexts: [captions]\n",
            "donor.yaml": "schema: dam/purpose/2\n",
            "presse.yaml": HEAD,
            "archive.yaml": HEAD,
            "print.yaml": HEAD + "size: [1]\n",
        }
    )
    told = "\n".join(found)
    for place in (
        "press.yaml:2: size: ", "press.yaml:3: qualty: ", "press.yaml:4: metadata: ",
        "press.yaml:5: languages: ", "web.yaml:2: quality: ", "web.yaml:3: mark: ",
        "web.yaml:4: languages", "social.yaml:3: mark: ",
        "social.yaml:4: texts: ", "donor.yaml:1: schema: ", "presse.yaml: ", "archive.yaml: ",
        "print.yaml:2: size",
    ):  # fmt: skip
        assert f"rules/purposes/{place}" in told, (place, told)
    assert "from 320 to 20000, or full" in told
    assert "goes with its credits and terms" in told


def test_two_files_for_one_purpose_are_one_too_many() -> None:
    (told,) = problems({"web.yaml": HEAD, "web.yml": HEAD})
    assert told == "rules/purposes/web.yml: another file is for the same purpose"


@pytest.mark.parametrize("purpose", list(Purpose))
def test_what_leaves_the_organisation_is_never_without_a_mark(purpose: Purpose) -> None:
    if purpose is Purpose.ARCHIVE:
        return
    if purpose in LEAVING:
        (told,) = problems({f"{purpose}.yaml": HEAD + "mark: bare\n"})
        assert told.endswith("what leaves the organisation cannot go without a mark")
        assert f"{purpose}.yaml:2: mark" in told
    else:
        assert preset("mark: bare\n", purpose).mark == "bare"


@given(st.binary(max_size=200))
def test_whatever_a_file_holds_it_loads_or_is_told_with_its_name(data: bytes) -> None:
    told: tuple[str, ...] = ()
    try:
        load_presets({"rules/purposes/web.yaml": data}, MARKS)
    except ProblemsError as error:
        told = error.problems
    assert all(line.startswith("rules/purposes/web.yaml") for line in told)


FACES = st.builds(
    Face,
    x=st.floats(0, 0.8), y=st.floats(0, 0.8), w=st.just(0.1), h=st.just(0.1), score=st.just(1.0),
)  # fmt: skip


@given(st.lists(FACES, max_size=3), st.none() | st.lists(FACES, max_size=3))
def test_what_the_rules_want_destroyed_always_is(
    asked: list[Face], seen: list[Face] | None
) -> None:
    by_rules, everybody = BUILT_IN[Purpose.PRESS], preset("redaction: all_faces\n")
    assert to_destroy(by_rules, asked, seen) == tuple(asked)
    hidden = to_destroy(everybody, asked, seen)
    assert (hidden is None) == (seen is None)
    places = {(f.x, f.y) for f in hidden or ()}
    assert places == ({(f.x, f.y) for f in (*asked, *(seen or ()))} if seen is not None else set())
