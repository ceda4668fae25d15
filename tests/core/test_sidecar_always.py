"""What always holds of sidecars: models written out read back equal, no input raises."""

from __future__ import annotations

from datetime import date
from json import dumps

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dam.core.model import (
    AgeBand,
    Assent,
    ConsentState,
    GiverRole,
    LocationPermission,
    Method,
    NamePermission,
    Purpose,
    Risk,
    Situation,
)
from dam.core.record import (
    AssetScope,
    ConsentEvent,
    ConsentItem,
    ConsentRecord,
    ConsentSubject,
    Controller,
    Evidence,
    Giver,
    Location,
    Notice,
    Permissions,
    Person,
    PhotoSidecar,
    Region,
    RiskDecision,
    Scope,
    ShootPhoto,
    ShootSheet,
)
from dam.core.sidecar import parse_consents, parse_photo, parse_shoot
from tests.core.test_sidecar import CONSENTS, FULL, PHOTO, RECORD

NOTHING = ("null", "~")
WORDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True).filter(
    lambda word: word.lower() not in NOTHING
)
LETTERS = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
TEXTS = (
    st.text(st.one_of(LETTERS, st.sampled_from("\n\t #:-'\"[]{}")), min_size=1, max_size=40)
    .map(str.strip)
    .filter(lambda text: text != "" and text.lower() not in NOTHING)
)
DATES = st.dates(date(1900, 1, 1), date(2199, 12, 31))
SHA = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
CAPTIONS = st.dictionaries(st.sampled_from(["fr", "ar", "en", "zgh", "pt-BR"]), TEXTS)
START = st.floats(0, 0.99)


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


def tuples(strategy: st.SearchStrategy[object], least: int = 0) -> st.SearchStrategy[object]:
    return st.lists(strategy, min_size=least, max_size=2).map(tuple)


def extents(start: float) -> st.SearchStrategy[float]:
    return st.floats(0, 1 - start, exclude_min=True)


REGIONS = st.tuples(START, START).flatmap(
    lambda at: st.builds(
        Region, x=st.just(at[0]), y=st.just(at[1]), w=extents(at[0]), h=extents(at[1])
    )
)
TERMS: st.SearchStrategy[dict[str, object]] = st.one_of(
    st.fixed_dictionaries({"valid_until": st.dates(date(2010, 1, 1), date(2100, 1, 1))}),
    st.fixed_dictionaries({"valid_for": st.from_regex(r"[1-9][0-9]{0,3}[ymd]", fullmatch=True)}),
    st.just({}),
)
SCOPES = TERMS.flatmap(
    lambda term: st.builds(
        Scope,
        purposes=tuples(st.sampled_from(Purpose), 1),
        prohibited=tuples(WORDS),
        territories=tuples(st.sampled_from(["world", "MA", "FR"]), 1),
        valid_from=st.dates(date(1990, 1, 1), date(2010, 1, 1)),
        **{name: st.just(value) for name, value in term.items()},
    )
)
DECISIONS = st.builds(
    RiskDecision, by=WORDS, on=DATES, visible=st.booleans(), reason=TEXTS, review_on=maybe(DATES)
)


def items(number: int) -> st.SearchStrategy[ConsentItem]:
    subject = st.builds(
        ConsentSubject,
        id=st.just(f"S-{number}"),
        age_band=st.sampled_from(AgeBand),
        birth_year=maybe(st.integers(1900, 2200)),
        birth_date=maybe(DATES),
        unaccompanied=maybe(st.booleans()),
        situation=st.sampled_from(Situation),
        risk=maybe(st.sampled_from(Risk)),
        risk_reasons=tuples(WORDS),
        risk_decision=maybe(DECISIONS),
    )
    permissions = st.builds(
        Permissions,
        face=st.booleans(),
        name=st.sampled_from(NamePermission),
        location=st.sampled_from(LocationPermission),
    )
    givers = st.builds(
        Giver,
        role=st.sampled_from(GiverRole),
        method=st.sampled_from(Method),
        on=DATES,
        witness=maybe(TEXTS),
        authority_evidence=maybe(TEXTS),
    )
    events = st.builds(
        ConsentEvent,
        state=st.sampled_from(ConsentState),
        on=DATES,
        by=maybe(TEXTS),
        reason=maybe(TEXTS),
    )
    return st.builds(
        ConsentItem,
        id=st.just(f"C-{number}"),
        subject=subject,
        notice=maybe(
            st.builds(
                Notice,
                ref=TEXTS,
                sha256=maybe(SHA),
                language=st.sampled_from(["fr", "ar"]),
                interpreter=st.booleans(),
            )
        ),
        controller=maybe(st.builds(Controller, organisation=maybe(TEXTS), contact=maybe(TEXTS))),
        scope=SCOPES,
        permissions=permissions,
        givers=tuples(givers),
        child_assent=maybe(st.sampled_from(Assent)),
        evidence=tuples(st.builds(Evidence, file=TEXTS, sha256=maybe(SHA))),
        events=tuples(events, 1),
        assets=tuples(
            st.builds(AssetScope, sha256=maybe(SHA), match=maybe(TEXTS), region=maybe(REGIONS))
        ),
    )


def people() -> st.SearchStrategy[object]:
    def person(number: int) -> st.SearchStrategy[Person]:
        return st.builds(
            Person,
            subject=st.just(f"S-{number}"),
            age_band=st.sampled_from(AgeBand),
            identifiable=st.booleans(),
            region=maybe(REGIONS),
            consent=maybe(st.just(f"C-{number}")),
        )

    listed = st.lists(st.integers(0, 3), unique=True, min_size=1, max_size=2).flatmap(
        lambda numbers: st.tuples(*map(person, numbers))
    )
    return st.none() | st.just("none") | listed


def statement() -> dict[str, st.SearchStrategy[object]]:
    return {
        "photographer": maybe(WORDS),
        "programme": maybe(WORDS),
        "caption": maybe(CAPTIONS),
        "location": maybe(st.builds(Location, country=st.just("MA"), city=maybe(TEXTS))),
        "captured": maybe(DATES),
        "embargo": maybe(DATES),
        "tags": tuples(WORDS),
        "crowd": st.just(False) | st.none(),
        "people": people(),
    }


CONSENT_ITEMS = st.lists(st.integers(0, 3), unique=True, max_size=2).flatmap(
    lambda numbers: st.tuples(*map(items, numbers))
)
SIDECARS = st.builds(
    PhotoSidecar, schema=st.just("dam/photo/1"), consents=CONSENT_ITEMS, **statement()
)
SHEETS = st.builds(
    ShootSheet,
    schema=st.just("dam/shoot/1"),
    consents=CONSENT_ITEMS,
    photos=tuples(st.builds(ShootPhoto, match=TEXTS, **statement())),
    **statement(),
)
RECORDS = items(1).map(
    lambda item: ConsentRecord.model_validate(
        {"schema": "dam/consent/1", **item.model_dump(exclude_unset=True)}
    )
)


@settings(max_examples=60, deadline=None)
@given(st.one_of(SIDECARS, SHEETS, RECORDS))
def test_what_is_written_reads_back_equal(model: PhotoSidecar | ShootSheet | ConsentRecord) -> None:
    plain = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    text = model.model_dump_json(by_alias=True, exclude_none=True)
    for data, json in ((yaml.safe_dump(plain), False), (dumps(plain), True), (text, True)):
        if isinstance(model, ConsentRecord):
            records = parse_consents(data.encode(), "f", json)
            assert (records.problems, records.value) == ((), (model,))
            continue
        parse = parse_photo if isinstance(model, PhotoSidecar) else parse_shoot
        parsed = parse(data.encode(), "f", json)
        assert (parsed.problems, parsed.value) == ((), model)


@given(st.one_of(st.binary(max_size=200), st.text().map(lambda t: t.encode("utf-8", "replace"))))
def test_no_input_raises(data: bytes) -> None:
    for parse in (parse_photo, parse_shoot, parse_consents):
        for json in (False, True):
            parsed = parse(data, "f", json)
            assert (parsed.value is None) == bool(parsed.problems)


PIECES = st.sampled_from(
    ["", " ", "\n", "- ", ":", "{", "}", "[", "]", "none", "&a ", "*a", "<<: x\n", "!!x ", '"', "#"]
)


@settings(deadline=None)
@given(st.sampled_from([FULL, RECORD, PHOTO + CONSENTS]), st.data())
def test_damaged_files_never_raise_nor_leak(whole: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 30)))
    damaged = whole[:start] + data.draw(PIECES) + whole[end:]
    for parse in (parse_photo, parse_shoot, parse_consents):
        parsed = parse(damaged.encode(), "f")
        assert (parsed.value is None) == bool(parsed.problems)
        assert not [p for p in parsed.problems if "Input" in p.message or "http" in p.message]
