"""A service manager for tests: the socket of sd_notify(3), and a real `dam watch` beside it."""

from __future__ import annotations

import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.workspaces import Workspace, environment

#: What is waited for comes within this many seconds, or never.
LONG = 120.0


@dataclass
class Manager:
    """Hears what a service says. `address` is what `NOTIFY_SOCKET` is to be."""

    address: str
    heard: socket.socket
    said: list[str] = field(default_factory=list)

    def until(self, wanted: str) -> list[str]:
        """Everything that is said up to a line that begins so, which must come."""
        end, found = time.monotonic() + LONG, []
        while time.monotonic() < end:
            found += self.next(1.0)
            if any(line.startswith(wanted) for line in found):
                return found
        raise AssertionError(f"{wanted} was never said, but {self.said[-20:]}")

    def next(self, seconds: float) -> list[str]:
        """The lines of the next message; () where none comes within so many seconds."""
        self.heard.settimeout(seconds)
        try:
            lines = self.heard.recv(65536).decode().split("\n")
        except TimeoutError:
            return []
        self.said += lines
        return lines

    def all(self) -> list[str]:
        """Everything said, with what still waits to be read."""
        while self.next(0.2):
            pass
        return self.said


@contextmanager
def manager(folder: Path, *, abstract: bool = False) -> Iterator[Manager]:
    """A listening socket, in `folder` or of a name that is in no folder."""
    name = f"@dam-test-{secrets.token_hex(8)}" if abstract else str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(name.replace("@", "\0") if abstract else name)
        yield Manager(name, heard)


@contextmanager
def watching(
    workspace: Workspace, *words: str, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A running `dam watch`, told to stop in the end. What it says is in its pipes."""
    with subprocess.Popen(
        workspace.command(*words, "watch", "--format", "json"),
        env=environment({"DAM_INBOX__SCAN_SECONDS": "0.2", **(env or {})}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=LONG)
        finally:
            process.kill()
