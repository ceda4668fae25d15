"""Runs of the real command line, forked from a process that has imported it already.

Reads jobs from standard input, an object a line, and answers each with an object a line:
`python -m tests.faults.server`. A thousand runs do not pay a thousand times for starting Python.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from dam.adapters import catalog, darkroom, desk  # noqa: F401
from dam.cli import main
from tests import starts
from tests.faults import trap


@dataclass(frozen=True, slots=True)
class Job:
    """`dam WORDS` with the environment `env`; its output goes to the files `out` and `err`.

    `fault`: what the `number`th call of the kind `call` meets, empty for nothing.
    """

    words: Sequence[str]
    env: dict[str, str]
    out: str
    err: str
    call: str = ""
    number: int = 0
    fault: str = ""


def _become(job: Job, told: socket.socket) -> None:
    """The forked child: `dam`, under the trap. Does not return."""
    code = 70
    try:
        os.setpgid(0, 0)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        for path, number in ((job.out, 1), (job.err, 2)):
            opened = os.open(path, flags, 0o600)
            os.dup2(opened, number)
            os.close(opened)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.clear()
        os.environ.update(job.env)
        sys.argv = ["dam", *job.words]
        trap.install(told)
        told.close()
        try:
            main.run()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def run(job: Job) -> dict[str, object]:
    """One run: how it ended (negative: by a signal), how many calls it made, what was hit."""
    code, watch = trap.forked(partial(_become, job), job.call, job.number, job.fault)
    return {
        "code": code,
        "counts": dict(watch.counts),
        "hit": watch.hit,
        "hung": watch.hung,
    }


if __name__ == "__main__":
    os.umask(0o077)
    # Every run makes the same calls: none of them imports a command, or keeps it compiled.
    sys.dont_write_bytecode = True
    starts.know_the_commands()
    starts.know_the_rules()
    for line in sys.stdin:
        print(json.dumps(run(Job(**json.loads(line)))), flush=True)
