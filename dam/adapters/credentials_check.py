"""A second reader's eye on a signed picture: nothing but its credentials were added to it.

It shares no code with the library that signs: it cuts the JPEG itself, reads the boxes with a
reader of its own, and holds every value against the claim that was to be signed. Whether the
signature is right is for the library's own reader to say (`credentials.read`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence

from dam.core import credentials
from dam.core.credentials import ACTIONS, DATA_HASH, METADATA, TRAINING, Claim
from dam.core.jumbf import Box, Broken, Tagged, read_box, read_cbor

_APP11, _SCAN = 0xEB, 0xDA
#: What the payload of APP11 starts with (ISO/IEC 19566-5, D.2): `JP`, the number that the library
#: gives to its box, and that this is the first segment of it.
_HEADER = b"JP\x02\x11\0\0\0\1"
#: The labels of all that a store may hold, each exactly once.
_ASSERTIONS = (ACTIONS, TRAINING, METADATA, DATA_HASH)
_KINDS = {ACTIONS: "cbor", TRAINING: "cbor", METADATA: "json", DATA_HASH: "cbor"}
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_MANIFEST = re.compile(f"urn:c2pa:{_UUID}")
_INSTANCE = re.compile(f"xmp(\\.|:)iid:{_UUID}")
#: What the library adds to the name of the program: its own name and version.
_LIBRARY = "org.contentauth.c2pa_rs"
_VERSION = re.compile(r"[0-9]+(\.[0-9]+){1,3}")
#: COSE header parameters (RFC 9052, RFC 9360): the algorithm and the chain of certificates.
_ALG, _CHAIN = 1, 33
_COSE_SIGN1 = 18


def check_signed(
    before: bytes, after: bytes, claim: Claim, chain: Sequence[bytes] = ()
) -> tuple[str, ...]:
    """Everything in a signed JPEG that is neither in the unsigned one nor in the claim.

    `chain` are the certificates (DER) that it was signed with; `()` does not look at them.
    `()` means clean. Complaints name the place and quote no value. Never raises.
    """
    try:
        return tuple(dict.fromkeys(_complaints(before, after, claim, chain)))
    except Broken as broken:
        return (str(broken),)
    except Exception:
        # A file that throws its reader is the last thing to let out.
        return ("Credentials: the file could not be read back",)


def _complaints(before: bytes, after: bytes, claim: Claim, chain: Sequence[bytes]) -> Iterator[str]:
    start, end = _segment(after)
    if after[:start] + after[end:] != before:
        yield "Credentials: the picture itself was changed"
    if _spans(before):
        yield "Credentials: the picture had credentials before"
    store = read_box(after[start + 4 + len(_HEADER) : end])
    if (store.kind, store.label, len(store.boxes)) != ("c2pa", "c2pa", 1):
        raise Broken("Credentials: not one store with one manifest")
    (manifest,) = store.boxes
    if manifest.kind != "c2ma" or not _MANIFEST.fullmatch(manifest.label):
        yield "Credentials: a manifest of another kind"
    kinds = [(box.kind, box.label) for box in manifest.boxes]
    if kinds != [
        ("c2as", "c2pa.assertions"),
        ("c2cl", "c2pa.claim.v2"),
        ("c2cs", "c2pa.signature"),
    ]:
        raise Broken("Credentials: a manifest with something else in it")
    asserted, claimed, signed = manifest.boxes
    yield from _asserted(asserted.boxes, claim, hashlib.sha256(before).digest(), start, end)
    yield from _claimed(claimed, manifest.label, asserted.boxes)
    yield from _signed(signed, chain)


def _spans(data: bytes) -> list[tuple[int, int]]:
    """Where the APP11 segments stand, markers included, up to the scan."""
    found, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != _SCAN:
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == _APP11:
            found.append((at, at + 2 + size))
        at += 2 + max(size, 2)
    return found


def _segment(after: bytes) -> tuple[int, int]:
    """The one segment that was added."""
    spans = _spans(after)
    if len(spans) != 1:
        raise Broken("Credentials: not one APP11 segment")
    start, end = spans[0]
    if after[start + 4 : end][: len(_HEADER)] != _HEADER:
        raise Broken("Credentials: an APP11 segment of another kind")
    return start, end


def _asserted(
    boxes: Iterable[Box], claim: Claim, digest: bytes, start: int, end: int
) -> Iterator[str]:
    wanted = credentials.assertions(claim)
    boxes = tuple(boxes)
    if sorted(box.label for box in boxes) != sorted(_ASSERTIONS):
        yield "Credentials: another assertion, or one is missing"
    for box in boxes:
        if box.boxes or _KINDS.get(box.label) != box.kind or box.holds != box.kind:
            yield "Credentials: an assertion of another kind"
            continue
        value = _json(box.data) if box.kind == "json" else read_cbor(box.data)
        if box.label == DATA_HASH:
            yield from _hashed(value, digest, start, end)
        elif value != wanted.get(box.label):
            yield f"Credentials: {box.label} is not what was to be signed"


def _hashed(value: object, digest: bytes, start: int, end: int) -> Iterator[str]:
    """The signature is about every byte but its own segment; the filling is empty."""
    if not isinstance(value, dict) or not set(value) <= {
        "exclusions",
        "name",
        "alg",
        "hash",
        "pad",
    }:
        raise Broken("Credentials: a data hash with something else in it")
    if value.get("exclusions") != [{"start": start, "length": end - start}]:
        yield "Credentials: the signature leaves out other bytes than its own"
    if (value.get("alg"), value.get("hash")) != ("sha256", digest):
        yield "Credentials: the digest is not that of the picture"
    if value.get("name") not in (None, "jumbf manifest") or _filled(value.get("pad")):
        yield "Credentials: a data hash with something else in it"


def _claimed(box: Box, manifest: str, asserted: Iterable[Box]) -> Iterator[str]:
    value = _cbor_map(box)
    keys = {"instanceID", "claim_generator_info", "signature", "created_assertions", "alg"}
    if set(value) != keys or value["alg"] != "sha256":
        yield "Credentials: a claim with something else in it"
        return
    if not _INSTANCE.fullmatch(str(value["instanceID"])):
        yield "Credentials: an instance that is no random number"
    program = value["claim_generator_info"]
    if not isinstance(program, dict):
        raise Broken("Credentials: no program is named")
    version = str(program.pop(_LIBRARY, "0.0"))
    if program != credentials.generator() or not _VERSION.fullmatch(version):
        yield "Credentials: another program is named"
    if value["signature"] != f"self#jumbf=/c2pa/{manifest}/c2pa.signature":
        yield "Credentials: the claim names another signature"
    named = [
        {
            "url": f"self#jumbf=c2pa.assertions/{one.label}",
            "hash": hashlib.sha256(one.body).digest(),
        }
        for one in asserted
    ]
    if value["created_assertions"] != named:
        yield "Credentials: the claim names other assertions"


def _signed(box: Box, chain: Sequence[bytes]) -> Iterator[str]:
    """COSE_Sign1 with algorithm, certificates and an empty filling; no time stamp, no OCSP."""
    value = read_cbor(box.data) if box.holds == "cbor" and not box.boxes else None
    if not isinstance(value, Tagged) or value.tag != _COSE_SIGN1:
        raise Broken("Credentials: no signature of the known form")
    parts = value.value
    if not isinstance(parts, list) or len(parts) != 4 or not isinstance(parts[0], bytes):
        raise Broken("Credentials: no signature of the known form")
    head, open_, payload, signature = read_cbor(parts[0]), parts[1], parts[2], parts[3]
    if not isinstance(head, dict) or set(head) != {_ALG, _CHAIN}:
        raise Broken("Credentials: a signature with something else in it")
    fills = open_ if isinstance(open_, dict) and set(open_) <= {"pad", "pad2"} else {"": b"?"}
    if any(map(_filled, fills.values())) or payload is not None or not isinstance(signature, bytes):
        yield "Credentials: a signature with something else in it"
    told = head[_CHAIN] if isinstance(head[_CHAIN], list) else [head[_CHAIN]]
    if chain and told != list(chain):
        yield "Credentials: signed with other certificates"


def _filled(pad: object) -> bool:
    """Whether a filling holds anything but zeros."""
    return pad is not None and not (isinstance(pad, bytes) and not any(pad))


def _cbor_map(box: Box) -> dict[object, object]:
    value = read_cbor(box.data) if box.holds == "cbor" and not box.boxes else None
    if not isinstance(value, dict):
        raise Broken("Credentials: a claim of another kind")
    return value


def _json(data: bytes) -> object:
    """JSON without names that stand twice."""
    return json.loads(data.decode("utf-8"), object_pairs_hook=_once)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Broken("Credentials: a name that stands twice")
    return found
