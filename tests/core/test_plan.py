"""From a decision to what is done about it, and the names of filed pictures."""

from __future__ import annotations

import hashlib
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core.model import Decision, Disposition, Purpose
from dam.core.plan import Keep, Publish, Retract, archive_name, asset_id, plan

SHA = st.binary(min_size=32, max_size=32).map(bytes.hex)


def decision(disposition: Disposition) -> Decision:
    day = date(2022, 6, 15)
    return Decision(Purpose.ARCHIVE, "world", day, disposition, (), (), "f", "p", None)


@pytest.mark.parametrize("disposition", Disposition)
@pytest.mark.parametrize("filed_as", [None, "2021/11/18/20211118-k7q2mz9x.jpg"])
def test_only_an_approval_publishes_and_anything_else_takes_back(
    disposition: Disposition, filed_as: str | None
) -> None:
    effect = plan("k7q2mz9x", filed_as, date(2021, 11, 18), decision(disposition))
    approved = disposition is Disposition.APPROVED
    if approved and filed_as is None:
        assert effect == Publish("2021/11/18/20211118-k7q2mz9x.jpg")
    elif not approved and filed_as is not None:
        assert effect == Retract(filed_as)
    else:
        assert effect == Keep()


@given(SHA, st.dates(), st.integers(1, 51))
def test_a_filed_name_says_a_day_and_an_id_and_nothing_else(
    sha256: str, captured: date, length: int
) -> None:
    ident = asset_id(sha256, length)
    name = archive_name(ident, captured)
    assert re.fullmatch(r"[0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9]{8}-[0-9a-z]+\.jpg", name)
    assert len(ident) == length
    assert name[:10].replace("/", "-") == captured.isoformat()
    assert not set(ident) & set("ilou")
    assert asset_id(sha256, 51).startswith(ident)


@given(SHA, SHA)
def test_different_photographs_have_different_full_ids(one: str, other: str) -> None:
    assert (asset_id(one, 51) == asset_id(other, 51)) == (one[:63] == other[:63])


def test_an_id_is_stable() -> None:
    sha256 = hashlib.sha256(b"a photograph").hexdigest()
    assert asset_id(sha256) == asset_id(sha256, 8) == asset_id(sha256.upper(), 8)
