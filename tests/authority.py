"""A timestamp authority (RFC 3161) on this machine: its certificates are new, openssl signs."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from rfc3161_client import TimestampRequestBuilder

_CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""
_PEM = serialization.Encoding.PEM


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificates(folder: Path) -> None:
    """A root and an authority that it vouches for, as openssl wants them."""
    now = datetime.now(UTC)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))

    def begun(name: str, of: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named("Root"))
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(of.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
                critical=False,
            )
        )

    root = begun("Root", root_key).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    tsa = begun("Authority", key).add_extension(usage, critical=True)
    for name, built in (("root", root), ("tsa", tsa)):
        made = built.sign(root_key, hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(made.public_bytes(_PEM))
    (folder / "tsa.key").write_bytes(
        key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))


@dataclass
class Authority:
    """`behaves`: `well`, `refuses`, `other-nonce`, `other-data`, `silent`, `page`, `garbage`."""

    folder: Path
    url: str = ""
    behaves: str = "well"
    asked: list[bytes] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def roots(self) -> Path:
        return self.folder / "root.pem"

    def answer(self, query: bytes) -> bytes:
        self.asked.append(query)
        if self.behaves == "garbage":
            return b"no timestamp"
        if self.behaves == "other-data":
            at = query.index(b"\x04\x40") + 2
            query = query[:at] + hashlib.sha512(b"other").digest() + query[at + 64 :]
        if self.behaves == "other-nonce":
            # The same bytes again: whoever only looks at the digest is content.
            query = self.same.build().as_bytes()
        if self.behaves == "refuses":
            # A digest that nobody knows.
            sha512 = bytes.fromhex("0609608648016503040203")
            query = query.replace(sha512, sha512[:-1] + b"\x09")
        number = len(self.asked)
        question, reply = self.folder / f"{number}.tsq", self.folder / f"{number}.tsr"
        question.write_bytes(query)
        config = ["-config", str(self.folder / "tsa.cnf"), "-section", "one"]
        subprocess.run(
            ["openssl", "ts", "-reply", "-queryfile", str(question), "-out", str(reply), *config],
            check=True,
            capture_output=True,
        )
        return reply.read_bytes()

    same: TimestampRequestBuilder = field(default_factory=TimestampRequestBuilder)


@contextmanager
def authority(folder: Path) -> Iterator[Authority]:
    """One that answers on the loopback until the block ends."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    _certificates(folder)
    made = Authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            if made.behaves == "silent":
                made.done.wait(30)
                return
            body = made.answer(query)
            kind = "text/html" if made.behaves == "page" else "application/timestamp-reply"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/tsr"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        made.done.set()
        server.shutdown()
        thread.join()
        server.server_close()
