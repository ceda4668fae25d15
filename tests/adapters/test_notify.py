"""What is said to systemd, heard on a real socket."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dam.adapters.notify import Notifier
from tests.services import manager


@pytest.mark.parametrize("abstract", [False, True])
def test_the_life_of_a_service(tmp_path: Path, abstract: bool) -> None:
    clock = iter([0.0, 0.5, 1.0, 9.0]).__next__
    with manager(tmp_path, abstract=abstract) as heard:
        env = {"NOTIFY_SOCKET": heard.address, "WATCHDOG_USEC": "2000000"}
        with Notifier(env, clock) as said:
            said.ready("Watching\nthe inbox")
            said.status("Watching the inbox")
            said.status("3 photos")
            for _ in range(4):
                said.alive()
            said.reloading()
            said.ready()
            said.stopping()
        said.ready("too late")
        lines = heard.all()
    told = [line for line in lines if not line.startswith("MONOTONIC_USEC=")]
    assert told == [
        "READY=1",
        "STATUS=Watching the inbox",
        "STATUS=3 photos",
        # At 0, 1 and 9 seconds: as often as half of what is granted.
        *["WATCHDOG=1"] * 3,
        "RELOADING=1",
        "READY=1",
        "STOPPING=1",
    ]
    (usec,) = (line for line in lines if line.startswith("MONOTONIC_USEC="))
    assert int(usec.partition("=")[2]) > 0


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, []),
        ({"WATCHDOG_USEC": "x"}, []),
        ({"WATCHDOG_USEC": "0"}, []),
        ({"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}, []),
        ({"WATCHDOG_USEC": "1000", "WATCHDOG_PID": str(os.getpid())}, ["WATCHDOG=1"]),
    ],
)
def test_only_a_watchdog_that_is_meant_is_fed(
    tmp_path: Path, more: dict[str, str], expected: list[str]
) -> None:
    with manager(tmp_path) as heard:
        with Notifier({"NOTIFY_SOCKET": heard.address, **more}) as said:
            said.alive()
        assert heard.all() == expected


@pytest.mark.parametrize("address", ["", "@", "relative", "vsock:2:1234", "/nowhere/at/all"])
def test_where_nobody_listens_nothing_fails(address: str) -> None:
    with Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000"}) as said:
        said.ready("x")
        said.alive()
        said.stopping()


def test_a_manager_that_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    with manager(tmp_path) as heard:
        # Linux queues 10 to 512 messages on a socket; then each sender waits.
        queued = int(Path("/proc/sys/net/unix/max_dgram_qlen").read_text())
        with Notifier({"NOTIFY_SOCKET": heard.address}) as said:
            for number in range(queued + 2):
                said.status(f"{number}")
        told = heard.all()
    assert told[0] == "STATUS=0"
    assert len(told) <= queued + 1
