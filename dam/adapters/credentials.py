"""Content credentials: the owner of the C2PA library. Signs finished pictures and reads them back.

The library is told to open no connection: no time stamp authority, no remote manifest, no OCSP,
no host that it may reach. It makes no thumbnail and adds no action of its own. It is loaded when
something is to be signed or read, and not before: it is an extra.
"""

from __future__ import annotations

import importlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from dam.adapters import certificates
from dam.adapters.certificates import Identity
from dam.adapters.credentials_check import check_signed
from dam.adapters.store_files import Part, chunks, disk, folder, regular, sync_folder
from dam.core import credentials
from dam.core.credentials import METADATA, Certificate, Claim, Deed
from dam.core.errors import ConfigurationError, RenditionRefused
from dam.core.extras import wheel
from dam.core.model import Purpose

JPEG = "image/jpeg"
#: The version of the library with which all this is tested.
TRIED = "0.38.1"
#: What the library says of a manifest: whole and rightly signed; and from an anchor besides.
SOUND, TRUSTED, INVALID = "Valid", "Trusted", "Invalid"
#: The one thing that would open a connection at every signature.
_NO_TIME_STAMP = None
_NOTHING: Mapping[str, Any] = {}
_LOOK = "See dam credentials show; without --c2pa the pack is made unsigned"
#: A JPEG of 8 by 8 grey pixels: tried out before the first picture of a pack is rendered.
_TINY = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300" + "01" * 64 + "ffc0000b080008000801011100"
    "ffc40014000100000000000000000000000000000000ffc40014100100000000000000000000000000000000"
    "ffda0008010100003f003fffd9"
)

_TRIAL = Claim(
    pack="P-0",
    purpose=Purpose.INTERNAL,
    creators=("dam",),
    organisation="dam",
    credit_line="dam",
    copyright="dam",
    source_type="http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
    deeds=tuple(Deed),
)


@dataclass(frozen=True, slots=True)
class Signed:
    """What stands in the picture's place now: SHA-256 in hex and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the library's reader finds in a signed picture.

    `state` is SOUND, TRUSTED or INVALID, `failures` the codes of C2PA for what is wrong,
    `asserted` the data of all assertions by label, `serial` that of the certificate. `extras`
    names what must not be there: `ingredients`, `thumbnail`, `manifests` (more than one).
    """

    state: str
    failures: tuple[str, ...]
    asserted: Mapping[str, object]
    serial: str
    extras: tuple[str, ...]


class Signer:
    """Signs pictures with one certificate; may be used by several threads at once."""

    def __init__(self, library: ModuleType, identity: Identity) -> None:
        self.certificate: Certificate = identity.about
        self._library = library
        self._identity = identity
        try:
            self._context = _context(library)
            self._signer = library.Signer.from_info(
                library.C2paSignerInfo(
                    identity.about.algorithm, identity.chain, identity.key, _NO_TIME_STAMP
                )
            )
        except library.C2paError as error:
            raise _unfit() from error

    def sign(self, path: Path, claim: Claim) -> Signed:
        """Sign the JPEG at `path` in place: it is there as it was, or whole and signed (0600).

        Raises RenditionRefused where anything but the credentials would change, or what was
        signed is not what was to be signed; StorageError where the disk refuses.
        """
        with disk("Signing a picture"), folder(path.parent) as at:
            with regular(path.name, at) as fd:
                before = b"".join(chunks(fd))
            after = self.signed(before, claim)
            with Part(at) as part:
                sha256, size = part.fill(iter([after]), 0o600)
                os.replace(part.name, path.name, src_dir_fd=at, dst_dir_fd=at)
            sync_folder(at)
        return Signed(sha256, size)

    def signed(self, before: bytes, claim: Claim) -> bytes:
        """The signed JPEG, looked at by two readers. Raises RenditionRefused."""
        after = self._made(before, claim)
        complaints = check_signed(before, after, claim, self._identity.certificates)
        if not complaints:
            found = _read(self._library, after, self._context)
            if found.state != SOUND or found.failures or found.extras:
                complaints = (f"Credentials: {', '.join((*found.failures, *found.extras))}",)
        if complaints:
            raise RenditionRefused(
                "The finished rendition was read back and refused: " + "; ".join(complaints)[:1000]
            )
        return after

    def try_out(self) -> None:
        """Sign a tiny picture. Raises ConfigurationError where that fails."""
        try:
            self._made(_TINY, _TRIAL)
        except RenditionRefused as error:
            raise _unfit() from error
        try:
            self.signed(_TINY, _TRIAL)
        except RenditionRefused as error:
            raise ConfigurationError(
                "c2pa-python does not sign here as it should", f"pip install c2pa-python=={TRIED}"
            ) from error

    def _made(self, before: bytes, claim: Claim) -> bytes:
        out = io.BytesIO()
        try:
            with self._library.Builder(_definition(claim), context=self._context) as builder:
                builder.sign(self._signer, JPEG, io.BytesIO(before), out)
        except self._library.C2paError as error:
            raise RenditionRefused("The picture could not be signed", _LOOK) from error
        return out.getvalue()


def open_signer(certificate: Path, key: Path, now: datetime) -> Signer:
    """A signer with these two files (PEM), tried out once, at the instant `now`.

    Raises ConfigurationError with one line where the library is not installed, or certificate and
    key are not fit to sign with: call it before anything is rendered.
    """
    signer = Signer(_library(), certificates.load(certificate, key, now))
    signer.try_out()
    return signer


def read(data: bytes, anchors: str = "") -> Reading:
    """What the library finds in a JPEG. `anchors` (PEM) are authorities to trust; no others are.

    Raises ConfigurationError where the library is not installed, RenditionRefused where there
    are no credentials or they cannot be read.
    """
    library = _library()
    return _read(library, data, _context(library, anchors))


def installed() -> bool:
    """Whether the library is there and starts."""
    try:
        _library()
    except ConfigurationError:
        return False
    return True


def _library() -> ModuleType:
    try:
        # An extra, and large: loaded when it is needed.
        return importlib.import_module("c2pa")
    except (ImportError, OSError) as error:
        raise ConfigurationError(
            "Content credentials cannot be signed or read: c2pa-python is not installed here",
            f"pip install {wheel('c2pa')}",
        ) from error


def _unfit() -> ConfigurationError:
    return ConfigurationError(
        "The certificate is not accepted for content credentials",
        "Ask its authority for one that C2PA accepts, or make one: dam credentials create",
    )


def _context(library: ModuleType, anchors: str = "") -> Any:  # noqa: ANN401  (the library's own)
    """How the library works: without a connection, a thumbnail, or an action that it adds.

    It trusts `anchors` alone; without any it does not ask whom a certificate comes from.
    """
    off = {"enabled": False}
    return library.Context.from_dict(
        {
            "version": 1,
            "trust": {"trust_config": "\n".join(certificates.USES)}
            | ({"trust_anchors": anchors} if anchors else {}),
            "core": {"allowed_network_hosts": [], "decode_identity_assertions": False},
            "verify": {
                # Both readers look at it afterwards.
                "verify_after_sign": False,
                "verify_trust": bool(anchors),
                "remote_manifest_fetch": False,
                "ocsp_fetch": False,
            },
            "builder": {
                "thumbnail": off,
                "actions": {
                    "auto_created_action": off,
                    "auto_opened_action": off,
                    "auto_placed_action": off,
                },
            },
        }
    )


def _definition(claim: Claim) -> dict[str, object]:
    """The claim as the library takes it. The metadata are JSON-LD, the others CBOR.

    `created`: the signer answers for it, and did not gather it from elsewhere.
    """
    return {
        "claim_version": 2,
        "claim_generator_info": [credentials.generator()],
        "assertions": [
            {"label": label, "data": data, "created": True}
            | ({"kind": "Json"} if label == METADATA else {})
            for label, data in credentials.assertions(claim).items()
        ],
    }


def _read(library: ModuleType, data: bytes, context: Any) -> Reading:  # noqa: ANN401
    try:
        with library.Reader(JPEG, io.BytesIO(data), context=context) as reader:
            told = json.loads(reader.json())
    except (library.C2paError, ValueError) as error:
        raise RenditionRefused("The content credentials cannot be read", _LOOK) from error
    manifests = told.get("manifests") or _NOTHING
    active = manifests.get(told.get("active_manifest")) or _NOTHING
    results = told.get("validation_results") or _NOTHING
    extras = [name for name in ("ingredients", "thumbnail", "title") if active.get(name)]
    if len(manifests) != 1:
        extras.append("manifests")
    return Reading(
        state=str(told.get("validation_state") or INVALID),
        failures=tuple(dict.fromkeys(_codes(results))),
        asserted={one["label"]: one.get("data") for one in active.get("assertions") or ()},
        serial=str((active.get("signature_info") or _NOTHING).get("cert_serial_number", "")),
        extras=tuple(extras),
    )


def _codes(results: Mapping[str, Any]) -> Iterator[str]:
    for one in (results.get("activeManifest") or _NOTHING).get("failure") or ():
        yield str(one.get("code"))
    for delta in results.get("ingredientDeltas") or ():
        for one in (delta.get("validationDeltas") or _NOTHING).get("failure") or ():
            yield str(one.get("code"))
