"""Certificates for tests of content credentials, as authorities would give them out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict, Unpack

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
CLAIM_SIGNING = "1.3.6.1.4.1.62558.2.1"


def now() -> datetime:
    """The real clock: the signing library has no other."""
    return datetime.now(UTC)


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


class Changes(TypedDict, total=False):
    """In what a certificate differs from what C2PA asks for."""

    since: timedelta
    until: timedelta
    uses: tuple[str, ...]
    signs: bool


@dataclass(frozen=True)
class Authority:
    """One that may be on somebody's list."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=p256)

    def certificate(self) -> x509.Certificate:
        return _made("Root", self.key, "Root", self.key, ca=True)

    def issue(self, key: Key, **changes: Unpack[Changes]) -> x509.Certificate:
        """A certificate for a key: what C2PA asks for, but for the `changes`."""
        return _made("Agency", key, "Root", self.key, **changes)


def _made(
    subject: str,
    key: Key,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    ca: bool = False,
    since: timedelta = timedelta(days=-2),
    until: timedelta = timedelta(days=400),
    uses: tuple[str, ...] = (CLAIM_SIGNING,),
    signs: bool = True,
) -> x509.Certificate:
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() + since)
        .not_valid_after(now() + until)
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(
            x509.KeyUsage(signs and not ca, False, not signs, False, False, ca, ca, False, False),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if uses and not ca:
        oids = [x509.ObjectIdentifier(use) for use in uses]
        made = made.add_extension(x509.ExtendedKeyUsage(oids), critical=False)
    return made.sign(issuer_key, hashes.SHA256())


def _name(organisation: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)])


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def secret(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def files(folder: Path, certificates: bytes, key: bytes) -> tuple[Path, Path]:
    """Both as files: (certificate, key), the key for its owner alone."""
    certificate_path, key_path = folder / "certificate.pem", folder / "key.pem"
    certificate_path.write_bytes(certificates)
    key_path.write_bytes(key)
    key_path.chmod(0o600)
    return certificate_path, key_path
