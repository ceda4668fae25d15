"""What a service tells systemd (sd_notify(3)): ready, what it does, alive, reloading, stopping.

Of the libraries for this one is unmaintained and the others need systemd's headers; the protocol
is a datagram. Nothing here ever raises: a service must not fail because nobody listens.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Final

_SEND_SECONDS: Final = 1.0


class Notifier:
    """Speaks to the socket of `NOTIFY_SOCKET`; silent where there is none. A context manager.

    `env` is the environment as systemd set it; a watchdog meant for another process
    (`WATCHDOG_PID`) is not answered. `status` must hold no personal data: everybody may read it.
    """

    def __init__(
        self, env: Mapping[str, str], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self._address = _address(env.get("NOTIFY_SOCKET", ""))
        self._socket: socket.socket | None = None
        self._every = _interval(env)
        self._next = 0.0
        self._status = ""
        if self._address:
            with suppress(OSError):
                self._socket = socket.socket(
                    socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
                )
                # A service manager that does not read must not hold up the photographs.
                self._socket.settimeout(_SEND_SECONDS)

    def __enter__(self) -> Notifier:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        opened, self._socket = self._socket, None
        if opened is not None:
            opened.close()

    def ready(self, status: str = "") -> None:
        """The service does its work from now on (or again, after `reloading`)."""
        self._send("READY=1", *self._told(status, always=True))

    def status(self, status: str) -> None:
        """What it does just now, in one line; told when it changes."""
        if told := self._told(status):
            self._send(*told)

    def alive(self) -> None:
        """Feed the watchdog, no more often than it needs; only after some work was done."""
        if self._every and (now := self._monotonic()) >= self._next:
            self._next = now + self._every
            self._send("WATCHDOG=1")

    def reloading(self) -> None:
        """Settings are read anew; `ready` ends it."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={now}")

    def stopping(self) -> None:
        """It ends: safe to call from a signal handler."""
        self._send("STOPPING=1")

    def _told(self, status: str, *, always: bool = False) -> tuple[str, ...]:
        line = " ".join(status.split())
        if not line or (line == self._status and not always):
            return ()
        self._status = line
        return (f"STATUS={line}",)

    def _send(self, *lines: str) -> None:
        if (opened := self._socket) is not None:
            with suppress(OSError):
                opened.sendto("\n".join(lines).encode(), self._address)


def _address(name: str) -> bytes:
    """Of a path or an abstract socket (`@name`); empty for what this protocol does not know."""
    if name.startswith("@") and len(name) > 1:
        return b"\0" + os.fsencode(name[1:])
    return os.fsencode(name) if name.startswith("/") else b""


def _interval(env: Mapping[str, str]) -> float:
    """Seconds between two signs of life: half of what the watchdog grants; 0 for no watchdog."""
    meant = env.get("WATCHDOG_PID", "")
    granted = env.get("WATCHDOG_USEC", "")
    if not granted.isdigit() or (meant and meant != str(os.getpid())):
        return 0.0
    return int(granted) / 2_000_000
