"""Certificates and keys for content credentials: read, judged and made; the owner of X.509.

What C2PA asks of a certificate (C2PA 2.2, X.509 certificate profile): version 3, for signing
alone, not self-signed, with one of a few extended key usages. Keys are PKCS #8 without a password:
nobody sits there to type one while a pack is made.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dam.adapters.store_files import PRIVATE, Part, disk, folder, sync_folder
from dam.core.credentials import Certificate
from dam.core.errors import ConfigurationError

CERTIFICATE, KEY, AUTHORITY = "certificate.pem", "key.pem", "authority.pem"
_MAX_BYTES = 256 * 1024
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_MIN_RSA = 2048
#: A clock may run behind; the certificate counts from a little before it is made.
_BEFORE = timedelta(hours=1)

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
_SPKI = PublicFormat.SubjectPublicKeyInfo
_MAKE = "dam credentials create makes one, or name yours under [credentials] in dam.toml"
#: The names in certificates that are made here: viewers show them beside the organisation.
LEAF, OWN = "Content credentials", "Own authority, not listed"
#: Extended key usages that may sign: C2PA claim signing, document signing (RFC 9336), e-mail
#: protection, and the one under which some authorities sell them.
USES = (
    "1.3.6.1.4.1.62558.2.1",
    "1.3.6.1.5.5.7.3.36",
    "1.3.6.1.5.5.7.3.4",
    "1.3.6.1.4.1.311.76.59.1.9",
)


@dataclass(frozen=True, slots=True)
class Identity:
    """What signs: the chain, leaf first, as PEM and DER, the key as PEM, and what is told of it."""

    chain: bytes
    certificates: tuple[bytes, ...]
    key: bytes
    about: Certificate

    def __repr__(self) -> str:
        return f"Identity({self.about.fingerprint[:12]})"


def look(certificate: Path) -> Certificate:
    """What is told of a certificate, whatever its dates. Raises ConfigurationError."""
    return _about(_chain(certificate)[0])


def load(certificate: Path, key: Path, now: datetime) -> Identity:
    """A certificate and its key, fit to sign at the instant `now`.

    Raises ConfigurationError with one line where they are missing, unreadable, open to others,
    no pair, not for signing, ended or not valid yet.
    """
    chain = _chain(certificate)
    about = _about(chain[0])
    _in_time(about, now)
    _for_signing(chain[0])
    secret = _key(key)
    if _public(secret) != chain[0].public_key().public_bytes(Encoding.DER, _SPKI):
        raise ConfigurationError(
            "The key of content credentials belongs to another certificate",
            "Put the key of this certificate in its place, or make both anew: dam credentials "
            "create --replace",
        )
    return Identity(
        chain=b"".join(one.public_bytes(Encoding.PEM) for one in chain),
        certificates=tuple(one.public_bytes(Encoding.DER) for one in chain),
        key=secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        about=about,
    )


def _in_time(about: Certificate, now: datetime) -> None:
    if about.ended(now):
        raise ConfigurationError(
            f"The certificate of content credentials ended on {about.until:%Y-%m-%d}",
            "Put a new one in its place, or make one: dam credentials create --replace",
        )
    if not about.begun(now):
        raise ConfigurationError(
            f"The certificate of content credentials counts from {about.since:%Y-%m-%d} on only",
            "Wait until then, or set the machine's clock right",
        )


def _for_signing(leaf: x509.Certificate) -> None:
    """What C2PA's certificate profile asks of the leaf, as far as it can be told in words."""
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        extended = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        fit = usage.digital_signature and not usage.key_cert_sign
        fit = fit and any(use.dotted_string in USES for use in extended)
    except (x509.ExtensionNotFound, ValueError):
        fit = False
    if not fit or leaf.issuer == leaf.subject:
        raise ConfigurationError(
            "The certificate is not one for content credentials",
            "Ask its authority for one with the key usage digitalSignature and the extended key "
            "usage C2PA claim signing, document signing or e-mail protection",
        )


def _chain(path: Path) -> list[x509.Certificate]:
    """The certificates of a PEM file, leaf first."""
    data = _read(path, "certificate", private=False)
    try:
        found = x509.load_pem_x509_certificates(data)
        _about(found[0])
    except (ValueError, x509.UnsupportedGeneralNameType) as error:
        raise ConfigurationError(
            "The certificate of content credentials is no certificate that can be used",
            "It must be PEM, the certificate itself first, then those of its authority, with a "
            "key of ECDSA, Ed25519 or RSA",
        ) from error
    return found


def _key(path: Path) -> PrivateKey:
    data = _read(path, "key", private=True)
    try:
        found = load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            "The key of content credentials is no key that can be used",
            "It must be PEM and without a password, readable for dam's user alone",
        ) from error
    if not isinstance(found, PrivateKey):
        raise ConfigurationError(
            "The key of content credentials is of a kind that C2PA does not know",
            "Use a certificate with a key of ECDSA, Ed25519 or RSA",
        )
    return found


def _public(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, _SPKI)


def _read(path: Path, what: str, *, private: bool) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            status = os.fstat(fd)
            data = file.read(_MAX_BYTES + 1) if stat.S_ISREG(status.st_mode) else b""
    except FileNotFoundError:
        raise ConfigurationError(f"There is no {what} for content credentials", _MAKE) from None
    except OSError as error:
        raise ConfigurationError(
            f"The {what} of content credentials cannot be read ({error.strerror})",
            "Let dam's user read it",
        ) from error
    if not data or len(data) > _MAX_BYTES:
        raise ConfigurationError(
            f"The {what} of content credentials is empty, too large or no file", _MAKE
        )
    if private and status.st_mode & 0o077:
        raise ConfigurationError(
            "The key of content credentials is open to other users of this machine",
            "chmod 600 closes it; if somebody may have taken it, make another: dam credentials "
            "create --replace",
        )
    return data


def _about(leaf: x509.Certificate) -> Certificate:
    """Raises ValueError where its key is of a kind that C2PA does not know."""
    return Certificate(
        subject=_named(leaf.subject),
        issuer=_named(leaf.issuer),
        since=leaf.not_valid_before_utc,
        until=leaf.not_valid_after_utc,
        fingerprint=leaf.fingerprint(hashes.SHA256()).hex(),
        algorithm=_algorithm(leaf),
        own=_common(leaf.issuer) == OWN,
    )


def _algorithm(leaf: x509.Certificate) -> str:
    """What C2PA calls it (C2PA 2.2, digital signatures)."""
    key = leaf.public_key()
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA:
        return "ps256"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    raise ValueError("a key of another kind")


def _named(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _common(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def create(
    place: Path, organisation: str, days: int, now: datetime, *, replace: bool = False
) -> Certificate:
    """Make an authority of one's own, a certificate from it for so many days, and its key.

    They go to the folder `place` (0700, files 0600). The authority's key is thrown away: it signs
    this one certificate and never another. Raises ConfigurationError where there is a certificate
    or key already and `replace` is not asked for, StorageError where the disk refuses.
    """
    taken = [name for name in (CERTIFICATE, KEY) if os.path.lexists(place / name)]
    if taken and not replace:
        raise ConfigurationError(
            "There is a certificate for content credentials already",
            "See it with dam credentials show; --replace makes another, and its key is gone then",
        )
    since, until = now.astimezone(UTC) - _BEFORE, now.astimezone(UTC) + timedelta(days=days)
    authority_key, key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    authority = _authority(authority_key, organisation, since, until)
    leaf = _leaf(key, authority, authority_key, organisation, since, until)
    with (
        disk("Keeping the certificate"),
        folder(place.parent.parent, place.parent.name, place.name, make=PRIVATE) as at,
    ):
        _put(at, KEY, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        _put(at, AUTHORITY, authority.public_bytes(Encoding.PEM))
        _put(at, CERTIFICATE, leaf.public_bytes(Encoding.PEM))
        sync_folder(at)
    return _about(leaf)


def _put(at: int, name: str, data: bytes) -> None:
    with Part(at) as part:
        part.fill(iter([data]), 0o600)
        os.replace(part.name, name, src_dir_fd=at, dst_dir_fd=at)


def _x500(organisation: str, common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _authority(
    key: ec.EllipticCurvePrivateKey, organisation: str, since: datetime, until: datetime
) -> x509.Certificate:
    name = _x500(organisation, OWN)
    usage = _usage(key_cert_sign=True, crl_sign=True)
    return (
        _begun(name, name, key.public_key(), since, until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    organisation: str,
    since: datetime,
    until: datetime,
) -> x509.Certificate:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        _begun(_x500(organisation, LEAF), authority.subject, key.public_key(), since, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        # Of all that may sign, what every viewer has known from the beginning.
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(identifier, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    since: datetime,
    until: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
