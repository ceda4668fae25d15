"""What the demo prints on a terminal, command by command."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path

#: Columns of the terminal on which the demo is recorded.
COLUMNS = 100
#: Where the tutorial says that the demo works.
PLACE = "/tmp/dam-demo"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Step:
    """A command of the demo as typed, and what it printed, with colours or plain."""

    command: str
    coloured: str

    @property
    def plain(self) -> str:
        return plain(self.coloured)


def plain(text: str) -> str:
    """Without colours, nor blanks at the ends of lines."""
    return "\n".join(line.rstrip() for line in _COLOUR.sub("", text).splitlines())


def record(root: Path, folder: Path, *options: str) -> list[Step]:
    """Run `python -m demo` of the checkout `root` in the new `folder`; raises RuntimeError.

    The folder is told as PLACE. It takes a minute.
    """
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    env = {k: v for k, v in os.environ.items() if not k.startswith("DAM_") and k != "COLUMNS"}
    env |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "demo", "--keep", str(folder), *options]
    with subprocess.Popen(
        command, cwd=root, env=env, stdout=theirs, stderr=subprocess.DEVNULL
    ) as process:
        os.close(theirs)
        told = _all_of(ours)
    os.close(ours)
    if process.returncode:
        raise RuntimeError(f"the demo ended with exit code {process.returncode}")
    return steps(told.replace("\r\n", "\n").replace(str(folder), PLACE))


def _all_of(terminal: int) -> str:
    """Everything that is written to a terminal until nobody has it open any more."""
    parts = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux says EIO where the other side is closed
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts).decode()


def steps(told: str) -> list[Step]:
    """The commands in what the demo printed; its headings in between belong to none."""
    found = []
    for part in re.split(r"^\$ ", told, flags=re.M)[1:]:
        command, _, rest = part.partition("\n")
        body = re.split(r"^— ", rest, maxsplit=1, flags=re.M)[0]
        found.append(Step(plain(command), body.strip("\n")))
    return found
