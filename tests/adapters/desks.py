"""A desk that signs pictures, as tests use it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from dam.adapters import certificates
from dam.adapters.credentials import Signer, open_signer
from dam.core.credentials import Deed, claim_of
from dam.core.model import Purpose
from tests import signing
from tests.adapters.jpegs import RIGHTS

CLAIM = claim_of(
    replace(RIGHTS, captured=date(2021, 11, 18)), Purpose.PRESS, [Deed.RESIZED, Deed.REDACTED]
)


@dataclass(frozen=True)
class Desk:
    """A signer with a certificate made by dam, and the authority it hangs from (PEM)."""

    signer: Signer
    anchor: str
    chain: tuple[bytes, ...]


def certified(place: Path) -> Desk:
    """A desk with what `dam credentials create` keeps in this folder."""
    place.parent.mkdir()
    certificates.create(place, "Programme AMAL", 400, signing.now())
    paths = place / certificates.CERTIFICATE, place / certificates.KEY
    return Desk(
        open_signer(*paths, signing.now()),
        (place / certificates.AUTHORITY).read_text(),
        certificates.load(*paths, signing.now()).certificates,
    )
