"""Timestamps by RFC 3161: an authority signs that some bytes were there at a time.

The only place where dam speaks to another machine, and only to the address that was given. Of
the bytes it learns nothing but their SHA-512.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from dam.core.errors import ConfigurationError, IntegrityError, StorageError, UsageError
from dam.core.extras import wheel

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

#: A token with its certificates has some kilobytes.
MAX_BYTES: Final = 256 * 1024
_ASKING = {"Content-Type": "application/timestamp-query"}
_ANSWER = "application/timestamp-reply"
_LATER = "The checkpoint itself is made; ask again later"


def ask(url: str, data: bytes, roots: bytes, seconds: float) -> bytes:
    """A timestamp of `data` from the authority at `url`, checked against `roots` (PEM).

    Waits `seconds` for each step at most. Raises UsageError for an address that is none,
    ConfigurationError without the package or with unusable certificates, StorageError where no
    answer comes, and IntegrityError where the answer is not the timestamp that was asked for.
    """
    client = _client()
    trusted = _certificates(roots)
    builder = client.TimestampRequestBuilder().data(data).cert_request(cert_request=True)
    request = builder.build()
    token = _post(url, request.as_bytes(), seconds)
    _checked(client.VerifierBuilder.from_request(request), token, data, trusted)
    return token


def check(token: bytes, data: bytes, roots: bytes) -> datetime:
    """When `data` was there by its timestamp (UTC). Raises IntegrityError where it is none of

    `data`, or none by an authority that `roots` vouch for, and ConfigurationError as `ask`.
    """
    client = _client()
    return _checked(client.VerifierBuilder(), token, data, _certificates(roots))


def installed() -> bool:
    """Whether timestamps can be asked for and checked."""
    try:
        _client()
    except ConfigurationError:
        return False
    return True


def _post(url: str, body: bytes, seconds: float) -> bytes:
    """What the authority answers. No redirect is followed: nobody else is spoken to."""
    # Large, and asked for by one option of one command.
    import http.client

    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    try:
        at = urlsplit(url)
        kind, host, port = kinds[at.scheme], at.hostname, at.port
    except (KeyError, ValueError):
        host = None
    if not host:
        raise UsageError("--timestamp-url takes an address that begins with http:// or https://")
    path = (at.path or "/") + (f"?{at.query}" if at.query else "")
    try:
        connection = kind(host, port, timeout=seconds)
        try:
            connection.request("POST", path, body, _ASKING)
            answer = connection.getresponse()
            data: bytes = answer.read(MAX_BYTES + 1)
        finally:
            connection.close()
    except TimeoutError:
        raise StorageError("The timestamp authority does not answer", _LATER) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise StorageError(f"The timestamp authority cannot be reached ({why})", _LATER) from None
    kind_of = answer.headers.get_content_type()
    if answer.status != http.client.OK or kind_of != _ANSWER or len(data) > MAX_BYTES:
        told = f"status {answer.status}, {kind_of}"
        raise StorageError(f"The timestamp authority gave no timestamp ({told})", _LATER)
    return data


def _client() -> ModuleType:
    try:
        import rfc3161_client
    except ImportError:
        raise ConfigurationError(
            "Timestamps need the package rfc3161-client", f"pip install {wheel('timestamp')}"
        ) from None
    return rfc3161_client


def _certificates(roots: bytes) -> list[Certificate]:
    # Imported where it is needed: most commands start faster.
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(roots)
    except ValueError:
        raise ConfigurationError(
            "The certificates of the timestamp authority cannot be read",
            "--timestamp-ca takes a PEM file with its root certificate",
        ) from None


def _checked(
    builder: Any,  # noqa: ANN401  (the package is optional)
    token: bytes,
    data: bytes,
    trusted: list[Certificate],
) -> datetime:
    client = _client()
    for certificate in dict.fromkeys(trusted):
        builder = builder.add_root_certificate(certificate)
    try:
        answer = client.decode_timestamp_response(token)
        if client.PKIStatus(answer.status) is not client.PKIStatus.GRANTED:
            raise IntegrityError("The timestamp authority refused", _LATER)
        builder.build().verify_message(answer, data)
        # Verifying uses the answer up.
        told: datetime = client.decode_timestamp_response(token).tst_info.gen_time
    except (ValueError, client.VerificationError) as error:
        raise IntegrityError(
            f"The timestamp is not one of this checkpoint ({error})", _LATER
        ) from None
    return told.astimezone(UTC)
