"""Assets, their sources and their sidecars come back exactly."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.adapters.catalog import Catalog
from dam.adapters.catalog.engine import PAGE
from dam.core.errors import DamError
from dam.core.model import Disposition
from dam.core.rows import (
    AssetRow,
    LinkRow,
    ProvenanceRow,
    SidecarRow,
)
from tests.adapters.test_catalog import (
    ANY_TEXT,
    NOON,
    ONE,
    THREE,
    TWO,
    an_asset,
    same_catalog,
    three_assets,
)

DAY = date(2021, 11, 18)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    yield from three_assets(tmp_path / "catalogue.db")


@pytest.fixture
def path(catalog: Catalog) -> Path:
    return catalog._db._path


# --- assets -----------------------------------------------------------------------------


@same_catalog
@given(
    st.builds(
        AssetRow,
        id=st.just("zz"),
        sha256=st.just("f" * 64),
        size=st.integers(0, 2**63 - 1),
        format=st.sampled_from(["JPEG", "TIFF", ""]),
        width=st.none() | st.integers(1, 2**31 - 1),
        height=st.none() | st.integers(1, 2**31 - 1),
        disposition=st.sampled_from(Disposition),
        archived_as=st.none() | ANY_TEXT,
        captured_on=st.none() | st.dates(),
        captured_source=ANY_TEXT,
        photographer=st.none() | ANY_TEXT,
        programme=st.none() | ANY_TEXT,
        country=st.none() | ANY_TEXT,
        city=st.none() | ANY_TEXT,
        facts_digest=st.none() | st.just("a" * 64),
        added_at=st.datetimes(timezones=st.just(UTC)),
        note=ANY_TEXT,
        note_hint=ANY_TEXT,
    )
)
def test_an_asset_comes_back_exactly(catalog: Catalog, row: AssetRow) -> None:
    def check_and_undo() -> None:
        with catalog.transaction() as unit:
            unit.add_asset(row)
            assert unit.asset("zz") == row
            assert unit.asset_by_sha("f" * 64) == row
            raise LookupError

    with pytest.raises(LookupError):
        check_and_undo()


def test_unknown_assets_are_none(catalog: Catalog) -> None:
    assert catalog.asset("none") is None
    assert catalog.asset("\udcff\x00' OR 1=1 --") is None
    assert catalog.asset_by_sha("0") is None
    assert catalog.find("\udcff") == ()


def test_the_same_content_is_refused_twice(catalog: Catalog) -> None:
    with pytest.raises(DamError), catalog.transaction() as unit:
        unit.add_asset(an_asset(9, sha256=an_asset(1).sha256))
    assert catalog.asset(an_asset(9).id) is None


def test_changes_touch_only_what_they_name(catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        unit.update_asset(ONE, disposition=Disposition.APPROVED, captured_on=DAY, city=None)
        unit.update_asset(ONE)
    assert catalog.asset(ONE) == dataclasses.replace(
        an_asset(1), disposition=Disposition.APPROVED, captured_on=DAY
    )
    assert catalog.asset(TWO) == an_asset(2)
    with pytest.raises(DamError), catalog.transaction() as unit:
        unit.update_asset("none", city="Tanger")
    with pytest.raises(DamError), catalog.transaction() as unit:
        unit.update_asset(ONE, sha256="0" * 64)  # type: ignore[call-arg]


def test_find_gives_up_to_ten_ids_and_no_wildcards(catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        for number in range(10, 40):
            unit.add_asset(an_asset(number))
        unit.add_asset(an_asset(99, id="k7q2mz9a"))
    assert catalog.find("k7") == ("k7q2mz9a",)
    assert catalog.find("K7") == ()
    assert catalog.find("%") == catalog.find("_") == ()
    assert len(catalog.find("a")) == 10
    assert catalog.find("a0000001") == (ONE,)


def test_five_thousand_assets_are_streamed_in_order(catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        for number in range(4, 5001):
            # Many share an instant, over the edges of pages.
            unit.add_asset(
                an_asset(
                    number,
                    added_at=NOON + timedelta(minutes=number // 700),
                    disposition=Disposition.APPROVED if number % 5 == 0 else Disposition.HELD,
                )
            )
    rows = list(catalog.assets())
    assert len(rows) == 5000
    assert rows == sorted(rows, key=lambda row: (row.added_at, row.id))
    approved = list(catalog.assets(Disposition.APPROVED))
    assert approved == [row for row in rows if row.disposition is Disposition.APPROVED]
    assert list(catalog.assets(limit=PAGE + 1)) == rows[: PAGE + 1]
    assert list(catalog.assets(limit=0)) == []
    assert catalog.counts() == {
        Disposition.APPROVED: 1000,
        Disposition.HELD: 4000,
        Disposition.REFUSED: 0,
        Disposition.QUARANTINED: 0,
    }


def test_writing_while_streaming(catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        for number in range(4, 2 * PAGE):
            unit.add_asset(an_asset(number))
    stream = catalog.assets(Disposition.HELD)
    seen = [row.id for row in islice(stream, 10)]
    with catalog.transaction() as unit:
        for each in seen:
            unit.update_asset(each, disposition=Disposition.APPROVED)
        unit.update_asset(an_asset(2 * PAGE - 1).id, disposition=Disposition.APPROVED)
    rest = [row.id for row in stream]
    assert len({*seen, *rest}) == len(seen) + len(rest) == 2 * PAGE - 2


def test_due_work_survives_and_a_mark_during_the_work_is_not_lost(catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        unit.mark_due([TWO, ONE, TWO])
    assert catalog.due_assets() == (TWO, ONE)
    mark = catalog.due_mark(TWO)
    with catalog.transaction() as unit:
        unit.mark_due([TWO])
    with catalog.transaction() as unit:
        assert not unit.clear_due(TWO, mark)
        assert unit.clear_due(ONE)
    assert catalog.due_assets() == (TWO,)
    with catalog.transaction() as unit:
        assert unit.clear_due(TWO, unit.due_mark(TWO))
        assert unit.clear_due(THREE)
    assert catalog.due_assets() == ()
    assert catalog.due_mark(TWO) is None


# --- provenance and sidecars ------------------------------------------------------------


def _dropped(asset: str = ONE, folder: str = "amal", name: str = "img_1.jpg") -> ProvenanceRow:
    return ProvenanceRow(
        asset=asset,
        folder=folder.encode("utf-8", "surrogateescape"),
        name=name.encode("utf-8", "surrogateescape"),
        shown=name,
        folder_key=folder,
        name_key=name,
        stem_key=name.partition(".")[0],
        device=2**64 - 1,
        inode=2**64 - 2,
        size=1000,
        mtime_ns=-(10**20),
        seen_at=NOON,
    )


@same_catalog
@given(ANY_TEXT, ANY_TEXT, st.integers(-(2**70), 2**70))
def test_provenance_comes_back_exactly(
    catalog: Catalog, folder: str, name: str, number: int
) -> None:
    row = dataclasses.replace(
        _dropped(),
        folder=folder.encode("utf-8", "surrogatepass"),
        name=name.encode("utf-8", "surrogatepass"),
        shown=name,
        folder_key=folder,
        name_key=name,
        stem_key=name,
        device=abs(number),
        inode=abs(number),
        mtime_ns=number,
    )
    with catalog.transaction() as unit:
        unit.add_provenance(row)
    assert row in catalog.provenance(ONE)
    assert catalog.assets_named(folder, name) == (ONE,)
    assert catalog.assets_stemmed(folder, name) == (ONE,)
    assert (ONE, row.folder) in catalog.arrivals_under(folder)


def test_the_same_source_is_remembered_once(catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        assert unit.add_provenance(_dropped())
        assert not unit.add_provenance(_dropped())
        assert not unit.add_provenance(dataclasses.replace(_dropped(), seen_at=NOON + timedelta(1)))
        assert unit.add_provenance(dataclasses.replace(_dropped(), mtime_ns=7))
    assert len(catalog.provenance(ONE)) == 2
    with pytest.raises(DamError), catalog.transaction() as unit:
        unit.add_provenance(_dropped("nobody"))


def test_removed_sources_are_not_unremoved_until_dropped_again(catalog: Catalog) -> None:
    other = _dropped(TWO, name="img_2.jpg")
    with catalog.transaction() as unit:
        unit.add_provenance(_dropped())
        unit.add_provenance(other)
        unit.mark_removed(ONE, b"amal", b"img_1.jpg")
    assert list(catalog.unremoved()) == [other]
    assert catalog.provenance(ONE)[0].removed
    with catalog.transaction() as unit:
        assert unit.add_provenance(_dropped()), "the very numbers, but it was gone meanwhile"
        assert not unit.add_provenance(_dropped()), "it lies there still"
    assert list(catalog.unremoved()) == [_dropped(), other]


def test_a_share_that_comes_back_with_other_numbers_drops_nothing_anew(catalog: Catalog) -> None:
    elsewhere = dataclasses.replace(_dropped(), device=7, inode=8)
    with catalog.transaction() as unit:
        unit.add_provenance(_dropped())
        assert not unit.add_provenance(elsewhere)
        unit.mark_removed(ONE, b"amal", b"img_1.jpg")
        assert unit.add_provenance(elsewhere), "it was removed: this one was dropped again"
    assert len(catalog.provenance(ONE)) == 2


def test_folders_are_told_apart_by_whole_names(catalog: Catalog) -> None:
    with catalog.transaction() as unit:
        unit.add_provenance(_dropped(ONE, "amal"))
        unit.add_provenance(_dropped(TWO, "amal/jour_1"))
        unit.add_provenance(_dropped(THREE, "amal2"))
    assert [asset for asset, _ in catalog.arrivals_under("amal")] == [ONE, TWO]
    assert catalog.arrivals_under("AMAL") == ()
    assert catalog.arrivals_under("amal/jour%1") == ()
    assert [asset for asset, _ in catalog.arrivals_under("")] == [ONE, TWO, THREE]
    assert catalog.assets_named("amal", "img_1.jpg") == (ONE,)
    assert catalog.assets_stemmed("amal2", "img_1") == (THREE,)
    assert catalog.assets_stemmed("amal2", "img") == ()


def _sidecar(sha256: str = "1" * 64, name: str = "img_1.jpg.consent.yaml") -> SidecarRow:
    return SidecarRow(f"amal/{name}", "photo", sha256, name, "amal", name, NOON)


def test_what_a_sheet_speaks_of_surely_is_not_to_be_linked(catalog: Catalog) -> None:
    sheet = dataclasses.replace(_sidecar(), slot="amal/consent.yaml", kind="shoot")
    with catalog.transaction() as unit:
        for asset in (ONE, TWO, THREE):
            unit.add_provenance(_dropped(asset, "amal"))
        unit.put_sidecar(sheet)
        unit.link_sidecar(ONE, sheet.slot, ambiguous=False)
        unit.link_sidecar(TWO, sheet.slot, ambiguous=True)
    found = catalog.arrivals_under("amal", unlinked=sheet.slot)
    assert [asset for asset, _ in found] == [TWO, THREE]


def test_sidecars_keep_their_newest_version_and_their_history(catalog: Catalog, path: Path) -> None:
    changed = dataclasses.replace(_sidecar("2" * 64), seen_at=NOON + timedelta(1))
    with catalog.transaction() as unit:
        assert unit.put_sidecar(_sidecar())
        assert not unit.put_sidecar(_sidecar())
        unit.link_sidecar(ONE, _sidecar().slot, ambiguous=True)
        assert unit.put_sidecar(changed)
        assert unit.put_sidecar(_sidecar())
        assert unit.put_sidecar(changed)
        unit.link_sidecar(TWO, changed.slot, ambiguous=True)
        unit.link_sidecar(ONE, changed.slot, ambiguous=False)
    assert catalog.sidecar(changed.slot) == changed
    assert catalog.sidecar("none") is None
    assert catalog.sidecars_of(ONE) == ((changed, False),)
    assert catalog.sidecars_of(THREE) == ()
    assert catalog.assets_of_slot(changed.slot) == (ONE, TWO)
    assert catalog.links_of_slot(changed.slot)[1] == LinkRow(TWO, changed.slot, True)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM sidecar_versions").fetchone() == (4,)
    connection.close()
