"""Checkpoints: what a ledger that was changed as a whole cannot hide."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from dam.core import chain
from dam.core.checkpoint import Checkpoint, CheckpointFault, Flaw, check_checkpoint, parse
from dam.core.errors import IntegrityError

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def sealed(bodies: list[dict[str, object]], of: str = "a1") -> list[str]:
    """The hashes of a ledger of such events."""
    hashes: list[str] = []
    prev = chain.GENESIS
    for seq, body in enumerate(bodies, 1):
        prev = chain.seal(prev, seq, f"e{seq}", chain.instant(NOON), "x", of, body)
        hashes.append(prev)
    return hashes


def signed(hashes: list[str], key: Ed25519PrivateKey = KEY) -> Checkpoint:
    plain = Checkpoint(hashes[0], len(hashes), hashes[-1], NOON, public(key))
    return dataclasses.replace(plain, signature=key.sign(plain.signed()).hex())


def check(checkpoint: Checkpoint, hashes: list[str]) -> tuple[CheckpointFault, ...]:
    known = dict(enumerate(hashes, 1))
    head = (len(hashes), hashes[-1] if hashes else chain.GENESIS)
    return check_checkpoint(checkpoint, known.get, head, {public(KEY)})


def flaws(checkpoint: Checkpoint, hashes: list[str]) -> list[Flaw]:
    return [fault.flaw for fault in check(checkpoint, hashes)]


_BODIES = st.lists(
    st.dictionaries(st.text(max_size=2), st.integers(0, 9), max_size=2), min_size=2, max_size=6
)


@given(_BODIES, st.data())
def test_it_holds_while_the_ledger_grows_and_tells_every_cut_and_change(
    bodies: list[dict[str, object]], data: st.DataObject
) -> None:
    hashes = sealed(bodies)
    seq = data.draw(st.integers(1, len(hashes)))
    checkpoint = signed(hashes[:seq])
    assert check(checkpoint, hashes) == ()
    kept = data.draw(st.integers(1, seq))
    if kept < seq:
        (fault,) = check(checkpoint, hashes[:kept])
        assert (fault.flaw, fault.seq) == (Flaw.CUT, seq)
    at = data.draw(st.integers(0, seq - 1))
    other = [*bodies]
    other[at] = {"changed": len(repr(bodies[at]))}
    # Sealed anew from there on: a chain that is whole.
    wanted = Flaw.WORKSPACE if at == 0 else Flaw.ALTERED
    assert flaws(checkpoint, sealed(other)) == [wanted]


def test_one_of_another_key_or_workspace_says_nothing() -> None:
    hashes = sealed([{}, {"n": 1}])
    assert flaws(signed(hashes, OTHER), hashes) == [Flaw.KEY]
    assert flaws(signed(sealed([{}, {"n": 1}], of="a2")), hashes) == [Flaw.WORKSPACE]
    assert flaws(signed(hashes), []) == [Flaw.WORKSPACE]


def test_a_forged_one_is_no_checkpoint() -> None:
    hashes = sealed([{}, {"n": 1}])
    true = signed(hashes)
    for forged in (
        dataclasses.replace(true, seq=1),
        dataclasses.replace(true, hash=hashes[0]),
        dataclasses.replace(true, at=NOON.replace(year=2025)),
        dataclasses.replace(true, origin="0" * 64),
        # Signed with another key and the name of ours put on it, and the other way round.
        dataclasses.replace(signed(hashes, OTHER), key=public(KEY)),
        dataclasses.replace(true, key=public(OTHER)),
        dataclasses.replace(true, key="f" * 64),
    ):
        assert flaws(forged, hashes) == [Flaw.SIGNATURE]


def test_every_single_bit_of_its_file() -> None:
    hashes = sealed([{}, {"n": 1}])
    data = signed(hashes).document()
    assert parse(data) == signed(hashes)
    for bit in range(8 * (len(data) - 1)):
        other = bytearray(data)
        other[bit // 8] ^= 1 << bit % 8
        try:
            found = parse(bytes(other))
        except IntegrityError:
            continue
        assert check(found, hashes)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 3000, b"1" * 5000, b'{"seq":1,"seq":2}'],
)
def test_what_is_no_checkpoint_is_told(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse(data)
