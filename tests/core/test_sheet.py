"""Rows of a spreadsheet -> consent records, or every problem of every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.core import example
from dam.core.columns import BY_NAME, COLUMNS, Kind, fold
from dam.core.record import ConsentItem, NamedItem
from dam.core.sheet import MAX_PROBLEMS, Cell, Row, Unfit, parse, rows_of, template

HEAD = (
    "id", "subject", "age_band", "purposes", "territories", "valid_from", "valid_until", "face",
    "giver_role", "giver_method", "giver_on", "state", "state_on",
)  # fmt: skip
FULL = (
    "C-1", "S-1", "6-11", "press; web", "MA", "2021-11-01", "2031-10-31", "yes",
    "parent", "written", "2021-10-28", "given", "2021-10-28",
)  # fmt: skip
LANGS = ("en", "fr", "ar")


def rows(*lines: Sequence[Cell]) -> list[Row]:
    return [Row(number, tuple(cells)) for number, cells in enumerate(lines, 1)]


def but(**changed: Cell) -> list[Cell]:
    """The full row with some cells otherwise."""
    assert set(changed) <= set(HEAD)
    return [changed.get(name, cell) for name, cell in zip(HEAD, FULL, strict=True)]


def items(*lines: Sequence[Cell]) -> tuple[NamedItem, ...]:
    parsed = parse(rows(*lines), "r.csv")
    assert parsed.value is not None, [str(p) for p in parsed.problems]
    return parsed.value.items


def written(item: ConsentItem) -> dict[str, object]:
    return item.model_dump(mode="json", exclude_unset=True)


def problems(*lines: Sequence[Cell]) -> list[str]:
    parsed = parse(rows(*lines), "r.csv")
    assert parsed.value is None
    assert parsed.problems
    return [str(problem) for problem in parsed.problems]


def test_one_row_is_one_record() -> None:
    (item,) = items(HEAD, FULL)
    assert item.id == "C-1"
    assert item.subject.id == "S-1"
    assert [p.value for p in item.scope.purposes] == ["press", "web"]
    assert item.scope.valid_until == date(2031, 10, 31)
    assert item.permissions.face is True
    assert [g.role.value for g in item.givers] == ["parent"]
    assert [(e.state.value, e.on) for e in item.events] == [("given", date(2021, 10, 28))]
    # What no cell says stays unsaid.
    assert "situation" not in item.subject.model_fields_set
    assert item.notice is None


def test_no_two_columns_share_a_heading() -> None:
    told = Counter(name for c in COLUMNS for name in {fold(s) for s in c.spellings()})
    assert [name for name, count in told.items() if count > 1] == []
    assert len(BY_NAME) == len(told)


@pytest.mark.parametrize("lang", LANGS)
def test_headings_of_every_language_mean_the_same(lang: str) -> None:
    head, *body = template(example.EXAMPLE, lang)
    body[0][0] = example.EXAMPLE.id
    (item,) = items(head, *body)
    assert written(item) == written(example.EXAMPLE)
    loud = [f"  {text.upper().replace(' ', '_')} " for text in head]
    assert items(loud, *body) == (item,)


@pytest.mark.parametrize("lang", LANGS)
def test_a_template_holds_no_record(lang: str) -> None:
    (problem,) = problems(*template(example.EXAMPLE, lang))
    assert "no consent record" in problem
    assert "example" in problem
    # Beside real rows the example is left out, and counted.
    parsed = parse(rows(HEAD, FULL, but(id=f"#{example_word(lang)} C-2")), "r.csv")
    assert parsed.value is not None
    assert [i.id for i in parsed.value.items] == ["C-1"]
    assert parsed.value.examples == 1


def example_word(lang: str) -> str:
    return template(example.EXAMPLE, lang)[1][0].lstrip("#").split()[0]


def test_only_the_marked_example_is_left_out() -> None:
    assert any("row 2: id" in p for p in problems(HEAD, but(id="#C-9", state="withdrawn")))


def test_words_are_folded_as_spreadsheets_write_them() -> None:
    (item,) = items(
        HEAD,
        but(
            age_band=" 6–11 ",
            purposes="Press، WEB",
            giver_role="Legal Guardian",
            face="YES",
            territories="ma fr",
            state="Given",
        ),
    )
    assert item.subject.age_band.value == "6-11"
    assert item.givers[0].role.value == "legal_guardian"
    assert item.scope.territories == ("MA", "FR")


def test_dates_are_dates_or_written_as_one() -> None:
    (item,) = items(HEAD, but(valid_from=date(2021, 11, 1)))
    assert item.scope.valid_from == date(2021, 11, 1)
    (told,) = problems(HEAD, but(valid_from="01/11/2021"))
    assert told.startswith("r.csv, row 2: valid_from: ")
    assert "YYYY-MM-DD" in told


def test_an_age_band_that_became_a_date_is_explained() -> None:
    for cell in (date(2026, 11, 6), "06-nov"):
        (told,) = problems(HEAD, but(age_band=cell))
        assert "row 2: age_band" in told
        assert "as text" in told
        assert "12-15" in told


def test_every_problem_of_every_row_at_once() -> None:
    told = problems(
        HEAD,
        but(age_band="child", giver_role="mother", valid_from="soon"),
        but(id="C-2", purposes="pres", state="", state_on=""),
        but(id="C 3", face=Unfit("a formula"), territories="Morocco"),
        but(id="", valid_until="2020-01-01"),
    )
    for place in (
        "row 2: age_band", "row 2: giver_role", "row 2: valid_from",
        "row 3: purposes", "row 3: state",
        "row 4: id", "row 4: face", "row 4: territories",
        "row 5: id", "row 5: valid_until",
    ):  # fmt: skip
        assert any(place in line for line in told), (place, told)
    assert len(told) == 10
    assert "parent, legal_guardian" in " ".join(told)


def test_a_word_that_was_nearly_right_is_suggested() -> None:
    (told,) = problems(HEAD, but(giver_role="parnet"))
    assert "did you mean 'parent'" in told


def test_problems_are_told_in_the_headings_of_the_file() -> None:
    head = ["fiche", "Personne", *HEAD[2:]]
    head[2] = "TRANCHE D'AGE"
    (told,) = problems(head, but(age_band="enfant"))
    assert "row 2: tranche d'âge: " in told


def test_rows_of_one_id_are_one_record() -> None:
    more = (
        "C-1",
        "S-1",
        *[""] * 6,
        "social_worker",
        "audio",
        "2021-10-30",
        "renewed",
        "2022-01-01",
    )
    (item,) = items(HEAD, FULL, more, but(id="C-2"), more)[:1]
    assert [g.role.value for g in item.givers] == ["parent", "social_worker"]
    assert [e.state.value for e in item.events] == ["given", "renewed"]


def test_rows_of_one_id_must_agree() -> None:
    told = problems(HEAD, but(face=""), but(subject="S-2"), but(face="yes"), but(id="C-2"))
    assert len(told) == 3
    assert "row 3: subject: differs from row 2" in told[0]
    # What the first row leaves open is not filled in by a later one either.
    assert "row 3: face" in told[1]
    assert "row 4: face" in told[2]


def test_what_contradicts_itself_is_told() -> None:
    head = (*HEAD, "valid_for")
    (told,) = problems(head, [*FULL, "5y"])
    assert "not both" in told


def test_headings() -> None:
    told = problems((*HEAD, "prohibeted", "Karim"), [*FULL, "commercial", "x"])
    assert len(told) == 2
    assert "column N" in told[0]
    assert "did you mean 'prohibited'" in told[0]
    assert "Karim" not in told[1]
    (told_twice,) = problems((*HEAD, "ID"), [*FULL, "C-1"])
    assert "id: this column stands twice" in told_twice
    assert len(items((*HEAD, "# notes"), [*FULL, "seen by A."])) == 1
    (stray,) = problems(HEAD, [*FULL, "", "x"])
    assert "row 2: column O: a text under no heading" in stray
    (gap,) = problems(("id", "", *HEAD[1:]), ["C-1", "x", *FULL[1:]])
    assert "column B" in gap
    missing = problems(HEAD[:-2], FULL[:-2])
    assert [line.split(": ")[1] for line in missing] == ["state", "state_on"]
    (none,) = problems(("Karim", "Fatima"), ("a", "b"))
    assert "must name the columns" in none
    assert "Karim" not in none


def test_nothing_in_the_table() -> None:
    assert problems() == ["r.csv: the table is empty"]
    assert problems(("", " "), ()) == ["r.csv: the table is empty"]
    assert "no consent record" in problems(HEAD)[0]


def test_hidden_control_characters() -> None:
    (told,) = problems(HEAD, but(subject="S-\x001"))
    assert "row 2: subject: a control character" in told


def test_problems_are_bounded() -> None:
    told = problems(HEAD, *(but(id=f"C-{n}", age_band="x") for n in range(MAX_PROBLEMS + 5)))
    assert len(told) == MAX_PROBLEMS + 1
    assert "5 problems more" in told[-1]


@given(st.sampled_from([c.name for c in COLUMNS]), st.sampled_from(["fatima", "Fatima Zahra"]))
def test_no_problem_repeats_a_cell(name: str, secret: str) -> None:
    """Columns slip: a name may stand anywhere."""
    full = rows_of(example.EXAMPLE)[0] | {name: secret}
    parsed = parse(rows(list(full), list(full.values())), "r.csv")
    assert all("fatima" not in str(problem).lower() for problem in parsed.problems)


_cells = st.one_of(
    st.text(max_size=12),
    st.sampled_from([w for c in COLUMNS for w in c.allowed]),
    st.dates(),
    st.just(Unfit("no")),
    st.sampled_from(["C-1", "S-1", "2021-01-01", "press", "MA", "5y", "#example"]),
)


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from(sorted(BY_NAME)) | st.text(max_size=8), max_size=12),
    st.lists(st.lists(_cells, max_size=14), max_size=5),
)
def test_any_table_gives_records_or_problems(
    head: list[str], body: list[list[str | date | Unfit]]
) -> None:
    parsed = parse(rows(head, *body), "r.csv")
    assert (parsed.value is None) == bool(parsed.problems)


_days = st.dates(date(1990, 1, 1), date(2060, 1, 1)).map(date.isoformat)
_columns = {c.name: c for c in COLUMNS}


def _plain(name: str) -> st.SearchStrategy[str]:
    column = _columns[name]
    if column.allowed:
        return st.sampled_from([w for w in column.allowed if w not in ("true", "false")])
    return {
        "birth_year": st.integers(1900, 2200).map(str),
        "birth_date": _days,
        "notice_ref": st.sampled_from(["F-1", "استمارة 2"]),
        "notice_language": st.sampled_from(["fr", "ar", "zgh"]),
        "prohibited": st.just("commercial political"),
        "photos": st.sampled_from(["IMG_01*.JPG", "a.jpg; b b.jpg"]),
        "authority_evidence": st.just("decision 12"),
    }[name]


_OPEN = (
    "age_band", "birth_year", "birth_date", "unaccompanied", "situation", "risk", "prohibited",
    "face", "name", "location", "child_assent", "photos",
)  # fmt: skip


@st.composite
def _tables(draw: st.DrawFn) -> list[dict[str, str]]:
    first = {
        "id": draw(st.sampled_from(["C-1", "2021.7_a"])),
        "subject": "S-1",
        "purposes": draw(st.sampled_from(["press", "press web donor"])),
        "territories": draw(st.sampled_from(["world", "MA FR"])),
        "valid_from": "2021-01-01",
    }
    for name in draw(st.sets(st.sampled_from(_OPEN))):
        first[name] = draw(_plain(name))
    if draw(st.booleans()):
        first |= {n: draw(_plain(n)) for n in ("notice_ref", "notice_language", "interpreter")}
    first |= draw(st.sampled_from([{}, {"valid_for": "5y"}, {"valid_until": "2031-01-01"}]))
    events = draw(st.lists(st.tuples(_plain("state"), _days), min_size=1, max_size=3, unique=True))
    givers = draw(
        st.lists(st.tuples(_plain("giver_role"), _plain("giver_method"), _days), max_size=3,
                 unique=True)
    )  # fmt: skip
    table = []
    for number in range(max(len(events), len(givers))):
        row = dict(first) if not number else {"id": first["id"], "subject": "S-1"}
        if number < len(events):
            row |= dict(zip(("state", "state_on"), events[number], strict=True))
        if number < len(givers):
            row |= dict(
                zip(("giver_role", "giver_method", "giver_on"), givers[number], strict=True)
            )
        table.append(row)
    return table


@given(_tables())
def test_rows_and_records_tell_the_same(table: list[dict[str, str]]) -> None:
    head = [c.name for c in COLUMNS]
    (item,) = items(head, *([row.get(name, "") for name in head] for row in table))
    assert rows_of(item) == table


def test_columns_fit_the_record() -> None:
    """Every column is used by the fullest record there is, and every list of words is complete."""
    assert all(c.kind is not Kind.WORD or c.allowed for c in COLUMNS)
    assert [c.name for c in COLUMNS][:2] == ["id", "subject"]
