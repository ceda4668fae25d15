"""Whether this system has what dam keeps photographs safe with; asked before a command is loaded.

Imported before anything else of dam, so nothing here may fail where something is missing.
"""

from __future__ import annotations

import importlib.util
import os

from dam.core.errors import ConfigurationError

#: Locks that end with their process, limits for decoders.
_MODULES = ("fcntl", "resource")
#: Opening without following a link, and below a folder that is held open.
_FLAGS = ("O_NOFOLLOW", "O_DIRECTORY", "O_CLOEXEC", "O_NONBLOCK")
_CALLS = ("fchmod", "geteuid", "pwrite")


def lacking() -> tuple[str, ...]:
    """What of it is not here; empty on Linux and macOS."""
    found = [name for name in _MODULES if importlib.util.find_spec(name) is None]
    found += [f"os.{name}" for name in (*_FLAGS, *_CALLS) if not hasattr(os, name)]
    if os.open not in os.supports_dir_fd:
        found.append("dir_fd")
    return tuple(found)


def require() -> None:
    """Raises ConfigurationError on a system where no photograph would be safe."""
    if missing := lacking():
        raise ConfigurationError(
            f"dam cannot keep photographs safe on this system, which lacks {', '.join(missing)}",
            "Run it on Linux or macOS; on Windows in WSL",
        )
