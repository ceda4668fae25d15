"""The names and texts of a bag."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core import bag
from dam.core.errors import IntegrityError
from tests.bags import clashes, outside

DAY = date(2021, 11, 18)
NO = "0" * 64
ODD = (
    *("", ".", "..", "/", "a/../b", "../a", "a//b", "/a", "a/", "é.jpg", "a\\b", "a\n", "a\x00b"),
    *("a%0Ab", "C:a", "~a", "-rf", ".hidden", "a.", "a b", "x" * 101),
)
PARTS = st.from_regex(r"[A-Za-z0-9._-]{1,6}", fullmatch=True)
#: Names near to those that are generated, and any text.
ANY = st.one_of(
    st.lists(PARTS, min_size=1, max_size=4).map("/".join),
    st.text(max_size=20),
    st.sampled_from(ODD),
)


def accepted(path: str) -> bool:
    try:
        return bag.payload_path(path) == f"data/{path}"
    except IntegrityError:
        return False


@given(ANY)
def test_a_name_that_is_accepted_stays_where_it_is(name: str) -> None:
    if accepted(name):
        assert not outside(name)
        assert re.fullmatch(r"[A-Za-z0-9._/-]+", name)
        assert not any(part[0] in ".-" or part[-1] == "." for part in name.split("/"))


@pytest.mark.parametrize(
    "name", ["captions.csv", "images/20211118-k7q2mz.jpg", "TERMS.ar.txt", "a"]
)
def test_generated_names_are_accepted(name: str) -> None:
    assert accepted(name)


@pytest.mark.parametrize(
    "name",
    [*ODD, "a./b", "/".join("abcdefghi")],
)
def test_other_names_are_refused_and_not_told(name: str) -> None:
    for refuse in (bag.payload_path, bag.tag_path):
        with pytest.raises(IntegrityError) as told:
            refuse(name)
        assert len(name) < 3 or name not in str(told.value)


@pytest.mark.parametrize(
    "name",
    [
        *("bagit.txt", "BagIt.TXT", "bag-info.txt", "fetch.txt", "Data", "manifest-sha256.txt"),
        *("tagmanifest-md5.txt", "manifest-x", "a/b.html"),
    ],
)
def test_the_bag_keeps_its_own_names(name: str) -> None:
    with pytest.raises(IntegrityError):
        bag.tag_path(name)


@given(st.lists(st.lists(st.sampled_from(["a", "A", "b", "B.c", "b.C"]), min_size=1, max_size=3)))
def test_names_in_use_never_clash(wanted: list[list[str]]) -> None:
    names, used = bag.Names(), []
    for path in map("/".join, wanted):
        try:
            names.claim(path)
        except IntegrityError:
            continue
        used.append(path)
    folders = {path[:i] for path in used for i, c in enumerate(path) if c == "/"}
    assert clashes([*used, *folders]) == []
    for path in used:
        assert names.holds(path)
        names.release(path)
        names.claim(path)


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z][a-z]{1,5}(-[A-Z][a-z]{1,5})?", fullmatch=True), st.text()
    ),
    st.lists(st.integers(0, 1 << 40), max_size=5),
)
def test_a_value_never_becomes_another_element(given_: dict[str, str], sizes: list[int]) -> None:
    payload = [bag.BagFile(f"data/{n}", NO, size) for n, size in enumerate(sizes)]
    lines = bag.info(given_, DAY, payload).decode("utf-8").splitlines()
    labels = [line.partition(": ")[0] for line in lines]
    assert [label for label in given_ if label in labels] == labels[:-2]
    assert lines[-2:] == ["Bagging-Date: 2021-11-18", f"Payload-Oxum: {sum(sizes)}.{len(sizes)}"]
    assert all(line.partition(": ")[2].strip() for line in lines)


def test_values_are_harmless() -> None:
    value = " Le\r\nMatin\u2028x\x1b[2J \u202egnp\u202c طنجة\ud800 "
    told = bag.info({"External-Description": value, "Contact-Name": "\n"}, DAY, []).decode()
    assert told.splitlines()[0] == "External-Description: Le Matin x[2J gnp طنجة"
    assert "Contact-Name" not in told


@pytest.mark.parametrize("label", ["", "a:b", "a\nb", " a", "Payload-Oxum", "bagging-date", "é"])
def test_a_label_that_can_be_none(label: str) -> None:
    with pytest.raises(IntegrityError):
        bag.info({label: "x"}, DAY, [])


@pytest.mark.parametrize(("sha", "size"), [("", 0), ("0" * 63, 0), ("A" * 64, 0), (NO, -1)])
def test_a_file_without_its_digest(sha: str, size: int) -> None:
    with pytest.raises(IntegrityError):
        bag.BagFile("data/a", sha, size)


def test_a_manifest_is_in_order() -> None:
    files = [bag.BagFile(f"data/{name}", NO, 1) for name in ("b", "a/c", "a.b", "A")]
    expected = "".join(f"{NO}  data/{name}\n" for name in ("A", "a.b", "a/c", "b"))
    assert bag.manifest(files).decode() == expected
