"""Content credentials: pictures and certificates that are refused; and nobody is asked."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from dam.adapters import credentials
from dam.adapters.credentials import TRUSTED, open_signer
from dam.core.errors import ConfigurationError, RenditionRefused, StorageError
from tests import signing
from tests.adapters.desks import CLAIM, Desk, certified
from tests.adapters.disk import plain_files
from tests.adapters.jpegs import rendition

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return certified(tmp_path_factory.mktemp("w") / ".dam" / "credentials")


# --- refused pictures ---------------------------------------------------------------------


def test_a_picture_is_signed_once(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(rendition())
    desk.signer.sign(path, CLAIM)
    once = path.read_bytes()
    with pytest.raises(RenditionRefused):
        desk.signer.sign(path, CLAIM)
    assert path.read_bytes() == once


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"no picture",
        lambda data: data[:20] + b"\0" + data[20:],
        lambda data: data.replace(b"\xff\xda", b"\xff\xff\xda", 1),
    ],
)
def test_what_would_be_changed_by_signing_is_left_alone(
    desk: Desk, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(damage(rendition()))
    before = path.read_bytes()
    with pytest.raises(RenditionRefused) as told:
        desk.signer.sign(path, CLAIM)
    assert "\n" not in str(told.value)
    assert path.read_bytes() == before
    assert plain_files(tmp_path) == [path]


@pytest.mark.parametrize("call", ["replace", "fsync", "write"])
def test_a_disk_that_refuses_leaves_the_picture_as_it_was(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(rendition())

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(StorageError, match="Signing a picture"):
            desk.signer.sign(path, CLAIM)
    assert path.read_bytes() == rendition()
    assert plain_files(tmp_path) == [path]


# --- certificates -------------------------------------------------------------------------

AUTHORITY = signing.Authority()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (signing.p256(), "es256"),
        (ec.generate_private_key(ec.SECP384R1()), "es384"),
        (ec.generate_private_key(ec.SECP521R1()), "es512"),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519"),
        (rsa.generate_private_key(65537, 2048), "ps256"),
    ],
)
def test_certificates_of_an_authority(tmp_path: Path, key: signing.Key, algorithm: str) -> None:
    chain = signing.pem(AUTHORITY.issue(key), AUTHORITY.certificate())
    paths = signing.files(tmp_path, chain, signing.secret(key))
    signer = open_signer(*paths, signing.now())
    assert (signer.certificate.algorithm, signer.certificate.own) == (algorithm, False)
    assert (signer.certificate.subject, signer.certificate.issuer) == ("Agency", "Root")
    after = signer.signed(rendition(), CLAIM)
    assert credentials.read(after, signing.pem(AUTHORITY.certificate()).decode()).state == TRUSTED


def _locked(key: signing.Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))


KEY = signing.p256()
GOOD = signing.pem(AUTHORITY.issue(KEY))


@pytest.mark.parametrize(
    ("chain", "key", "what"),
    [
        (AUTHORITY.issue(KEY, until=timedelta(hours=-1)), KEY, "ended on"),
        (AUTHORITY.issue(KEY, since=timedelta(days=2)), KEY, "counts from"),
        (AUTHORITY.issue(KEY), signing.p256(), "belongs to another certificate"),
        (AUTHORITY.issue(KEY, uses=("1.3.6.1.5.5.7.3.1",)), KEY, "not one for content"),
        (AUTHORITY.issue(KEY, uses=()), KEY, "not one for content"),
        (AUTHORITY.issue(KEY, signs=False), KEY, "not one for content"),
        (AUTHORITY.certificate(), AUTHORITY.key, "not one for content"),
        (
            AUTHORITY.issue(rsa.generate_private_key(65537, 1024)),
            KEY,
            "no certificate that can be used",
        ),
        # Of several uses, one that C2PA does not allow beside the others: only the library knows.
        (
            AUTHORITY.issue(KEY, uses=(signing.CLAIM_SIGNING, "1.3.6.1.5.5.7.3.8")),
            KEY,
            "not accepted for content credentials",
        ),
    ],
)
def test_what_cannot_sign_is_refused(
    tmp_path: Path,
    chain: x509.Certificate,
    key: signing.Key,
    what: str,
) -> None:
    paths = signing.files(tmp_path, signing.pem(chain), signing.secret(key))
    refused(paths, what)


@pytest.mark.parametrize(
    ("chain", "key", "what"),
    [
        (None, signing.secret(KEY), "no certificate for"),
        (GOOD, None, "no key for"),
        (b"", signing.secret(KEY), "empty"),
        (b"x" * 300_000, signing.secret(KEY), "too large"),
        (b"words", signing.secret(KEY), "no certificate that can be used"),
        (GOOD, b"words", "no key that can be used"),
        (GOOD, GOOD, "no key that can be used"),
        (GOOD, _locked(KEY), "no key that can be used"),
    ],
)
def test_files_that_are_none(
    tmp_path: Path, chain: bytes | None, key: bytes | None, what: str
) -> None:
    paths = signing.files(tmp_path, chain or b"", key or b"")
    for path, data in zip(paths, (chain, key), strict=True):
        if data is None:
            path.unlink()
    refused(paths, what)


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o622])
def test_a_key_that_others_can_open_is_refused(tmp_path: Path, bits: int) -> None:
    paths = signing.files(tmp_path, GOOD, signing.secret(KEY))
    paths[1].chmod(bits)
    refused(paths, "open to other users")
    paths[1].chmod(0o400)
    assert open_signer(*paths, signing.now())


def test_a_folder_and_a_pipe_are_no_key(tmp_path: Path) -> None:
    paths = signing.files(tmp_path, GOOD, signing.secret(KEY))
    paths[1].unlink()
    paths[1].mkdir()
    refused(paths, "key of content credentials")
    paths[1].rmdir()
    os.mkfifo(paths[1], 0o600)
    refused(paths, "no file")


def refused(paths: tuple[Path, Path], what: str) -> None:
    with pytest.raises(ConfigurationError) as told:
        open_signer(*paths, signing.now())
    line = str(told.value)
    assert what in line
    assert told.value.hint
    assert "\n" not in line
    assert str(paths[0].parent) not in line


def test_without_the_library_nothing_is_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = signing.files(tmp_path, GOOD, signing.secret(KEY))
    monkeypatch.setitem(sys.modules, "c2pa", None)
    refused(paths, "c2pa-python is not installed")
    assert not credentials.installed()


def test_a_library_that_writes_otherwise_signs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = signing.files(tmp_path, GOOD, signing.secret(KEY))
    monkeypatch.setattr(credentials, "check_signed", lambda *_: ("Credentials: more",))
    refused(paths, "does not sign here as it should")
    assert f"c2pa-python=={credentials.TRIED}" in (ROOT / "constraints.txt").read_text().split()


def test_a_certificate_that_ends_while_a_pack_is_made_signs_no_more(tmp_path: Path) -> None:
    """Opened in time, by a clock that is wrong or in the last second: the readers look again."""
    ended = AUTHORITY.issue(KEY, until=timedelta(hours=-1))
    paths = signing.files(tmp_path, signing.pem(ended), signing.secret(KEY))
    refused_late = signing.now() - timedelta(hours=2)
    with pytest.raises(ConfigurationError, match="not accepted"):
        open_signer(*paths, refused_late)


# --- no connection ------------------------------------------------------------------------

_SIGNS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from dam.adapters import credentials
from tests.adapters.jpegs import rendition
from tests.adapters.desks import CLAIM
certificate, key, anchor = map(Path, sys.argv[1:])
signer = credentials.open_signer(certificate, key, datetime.now(UTC))
after = signer.signed(rendition(), CLAIM)
print(credentials.read(after, anchor.read_text()).state)
"""
_TRACE = ("strace", "-f", "-qq", "-e", "trace=socket,connect,sendto", "-o")


def test_nothing_is_asked_of_the_network(tmp_path: Path) -> None:
    """Signing, trying out and reading back make no socket at all."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    paths = signing.files(tmp_path, GOOD, signing.secret(KEY))
    anchor, log = tmp_path / "anchor.pem", tmp_path / "calls"
    anchor.write_bytes(signing.pem(AUTHORITY.certificate()))
    done = subprocess.run(
        [*_TRACE, str(log), sys.executable, "-c", _SIGNS, *map(str, (*paths, anchor))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.split() == [TRUSTED], done.stderr
    calls = [line for line in log.read_text().splitlines() if "(" in line and "+++" not in line]
    assert calls == []
