"""Technical settings (`dam.toml`, `DAM_*`) and the workspace they belong to.

Nothing about consent is set here; that is `rules/`. A wrong or unknown setting is an
error, never a default: whoever wrote it meant something by it.
"""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    EnvSettingsSource,
    TomlConfigSettingsSource,
)

from dam.adapters.settings_models import GROUPS, PREFIX
from dam.adapters.settings_models import Settings as Settings
from dam.core import names
from dam.core.errors import ConfigurationError, ProblemsError

FILE = "dam.toml"
WORKSPACE_VARIABLE = "DAM_WORKSPACE"
_MAX_FILE_BYTES = 64 * 1024
_INIT_HINT = "Make one with: dam init DIR"


def _keys() -> Iterator[tuple[str, str]]:
    """(dotted key, what is allowed) of every single setting."""
    for name, field in Settings.model_fields.items():
        if name not in GROUPS:
            yield name, field.description or ""
    for group, model in GROUPS.items():
        for name, field in model.model_fields.items():
            yield f"{group}.{name}", field.description or ""


ALLOWED = dict(_keys())


def _variable(key: str) -> str:
    return PREFIX + key.replace(".", "__").upper()


_VARIABLES = {_variable(key): key for key in ALLOWED}


class _GivenEnvironment(EnvSettingsSource):
    """The environment as an argument instead of `os.environ`."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = {name.lower(): value for name, value in given.items()}
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._given


def load_settings(root: Path, env: Mapping[str, str]) -> Settings:
    """The settings of the workspace `root`: defaults, then `dam.toml`, then `env`.

    Raises ProblemsError with every problem at once: file or variable, key, what is
    allowed. Values are not repeated in it.
    """
    from_file, problems = _read_file(root / FILE)
    from_env, env_problems = _read_env(env)
    problems += env_problems
    if problems:
        raise ProblemsError("The settings cannot be used", tuple(problems))
    merged = dict(from_file)
    for name, value in from_env.items():
        base = merged.get(name)
        if isinstance(base, dict) and isinstance(value, dict):
            value = {**base, **value}
        merged[name] = value
    return Settings.model_validate(merged)


def _read_file(path: Path) -> tuple[dict[str, object], list[str]]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return {}, [f"{FILE}: not a regular file"]
        if status.st_size > _MAX_FILE_BYTES:
            return {}, [f"{FILE}: larger than {_MAX_FILE_BYTES} bytes"]
        data = dict(TomlConfigSettingsSource(Settings, path)())
    except FileNotFoundError:
        return {}, []
    except tomllib.TOMLDecodeError as error:
        return {}, [f"{FILE}: not TOML: {names.show(str(error))}"]
    except UnicodeDecodeError:
        return {}, [f"{FILE}: not UTF-8 text"]
    except ValueError:
        return {}, [f"{FILE}: not TOML: a number out of bounds"]
    except RecursionError:
        return {}, [f"{FILE}: nested too deeply"]
    except OSError as error:
        return {}, [f"{FILE}: cannot be read ({error.strerror})"]
    # Sorted out here: BaseSettings takes some underscored names for options of its own.
    unknown = [_unknown_key(key) for key in data if key not in Settings.model_fields]
    known = {key: value for key, value in data.items() if key in Settings.model_fields}
    return known, [*unknown, *(_file_problem(detail) for detail in _validate(known))]


def _read_env(env: Mapping[str, str]) -> tuple[dict[str, object], list[str]]:
    problems, known = [], {}
    for name, value in sorted(env.items()):
        if not name.upper().startswith(PREFIX) or name == WORKSPACE_VARIABLE:
            continue
        if name in _VARIABLES:
            known[name] = value
        else:
            meant = _meant(name.upper(), (*_VARIABLES, WORKSPACE_VARIABLE))
            problems.append(f"{names.show(name)}: unknown variable{meant}")
    data = dict(_GivenEnvironment(known)())
    for detail in _validate(data):
        key = ".".join(map(str, detail["loc"]))
        problems.append(f"{_variable(key)}: allowed is {ALLOWED[key]}")
    return data, problems


def _validate(data: dict[str, object]) -> list[ErrorDetails]:
    """Each source by itself, so that a problem is told where it was made."""
    try:
        Settings.model_validate(data)
    except ValidationError as error:
        return error.errors(include_url=False, include_context=False, include_input=False)
    return []


def _unknown_key(key: str) -> str:
    return f"{FILE}: {names.show(key)}: unknown key{_meant(key, tuple(ALLOWED))}"


def _file_problem(detail: ErrorDetails) -> str:
    key = ".".join(map(str, detail["loc"]))
    if detail["type"] == "extra_forbidden":
        return _unknown_key(key)
    allowed = ALLOWED.get(key) or Settings.model_fields[key].description
    return f"{FILE}: {key}: allowed is {allowed}"


def _meant(name: str, known: tuple[str, ...]) -> str:
    """ "; did you mean ...?", comparing whole keys and, failing that, their last words."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    if not close:
        last = {
            key.replace("__", ".").rpartition(".")[2].removeprefix(PREFIX): key for key in known
        }
        word = name.replace("__", ".").rpartition(".")[2].removeprefix(PREFIX)
        close = [last[hit] for hit in difflib.get_close_matches(word, last, n=1, cutoff=0.7)]
    return f"; did you mean {close[0]}?" if close else ""


def find_workspace(start: Path, explicit: Path | None, env: Mapping[str, str]) -> Path:
    """The workspace root, resolved: `explicit` (-C), else DAM_WORKSPACE, else the nearest of
    `start` and its parents that has `rules/` and `inbox/`. Raises ConfigurationError."""
    if explicit is not None:
        return _named_workspace(start, os.fspath(explicit), "-C")
    if WORKSPACE_VARIABLE in env:
        return _named_workspace(start, env[WORKSPACE_VARIABLE], WORKSPACE_VARIABLE)
    here = start.resolve()
    for folder in (here, *here.parents):
        if not _missing(folder):
            return folder
    raise ConfigurationError(
        "No workspace here: neither this folder nor one above it has rules/ and inbox/",
        f"Name one with -C DIR or {WORKSPACE_VARIABLE}. {_INIT_HINT}",
    )


def _named_workspace(start: Path, name: str, by: str) -> Path:
    if not name.strip() or "\0" in name:
        # An empty variable is a script's mistake; another workspace must not step in.
        raise ConfigurationError(f"{by} names no folder", _INIT_HINT)
    try:
        root = (start / name).resolve()
    except (OSError, RuntimeError) as error:
        raise ConfigurationError(f"{by}: {names.show(name)} cannot be opened") from error
    if missing := _missing(root):
        raise ConfigurationError(
            f"{by}: {names.show(name)} is not a workspace, it lacks {', '.join(missing)}",
            _INIT_HINT,
        )
    return root


def _missing(folder: Path) -> list[str]:
    return [f"{name}/" for name in ("rules", "inbox") if not os.path.isdir(folder / name)]  # noqa: PTH112  unreadable is missing


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where everything of one workspace lies; all paths absolute and resolved once.

    `private` is `.dam`; `restricted` holds originals that were taken back, which nothing opens but
    to decide on them anew. `certificate` and `key` may lie anywhere, or not be there. Quarantined
    bytes lie among `originals` like all others, under their hash, where nothing runs or opens
    them unasked.
    """

    root: Path
    inbox: Path
    rules: Path
    archive: Path
    private: Path
    originals: Path
    restricted: Path
    work: Path
    packs: Path
    previews: Path
    renditions: Path
    database: Path
    lock: Path
    gate: Path
    log: Path
    metrics: Path | None
    certificate: Path
    key: Path
    tombstones: Path | None

    @classmethod
    def at(cls, root: Path, settings: Settings) -> Workspace:
        """The workspace in the resolved folder `root`; touches no disk."""
        private = root / ".dam"
        made, named = private / "credentials", settings.credentials
        return cls(
            root=root,
            inbox=root / "inbox",
            rules=root / "rules",
            archive=root / "archive",
            private=private,
            originals=private / "originals",
            restricted=private / "restricted",
            work=private / "work",
            packs=private / "packs",
            previews=private / "previews",
            renditions=private / "renditions",
            database=root / settings.database if settings.database else private / "catalogue.db",
            lock=private / "lock",
            gate=private / "gate",
            log=private / "log" / "dam.log",
            metrics=root / settings.metrics if settings.metrics else None,
            certificate=root / named.certificate if named.certificate else made / "certificate.pem",
            key=root / named.key if named.key else made / "key.pem",
            tombstones=root / settings.backup.tombstones if settings.backup.tombstones else None,
        )


def prepare(ws: Workspace, *, dry_run: bool = False, reading: bool = False) -> tuple[str, ...]:
    """Makes `.dam` with its folders (0700, whatever the umask) and `archive`; checks the rest.

    Returns what was put right, in words, for the user. With `dry_run` it checks the same
    and changes nothing; with `reading` too, and no folder has to be writable. Raises
    ConfigurationError with one line where a folder is a link, no folder, not writable, or missing
    when it must be there (the inbox).
    """
    notes: list[str] = []
    dry_run = dry_run or reading
    access = os.R_OK | os.X_OK | (0 if reading else os.W_OK)
    _check_folder(ws.root, "the workspace", access)
    _check_folder(ws.inbox, "inbox", access)
    if not _check_folder(ws.archive, "archive", access, may_lack=True) and not dry_run:
        _make_folder(ws.archive, "archive", 0o755)
        notes.append("archive was missing and has been made")
    folders = (
        *(ws.private, ws.originals, ws.restricted, ws.work),
        *(ws.packs, ws.previews, ws.renditions),
        ws.log.parent,
    )
    for folder in folders:
        name = os.fspath(folder.relative_to(ws.root))
        if not _check_folder(folder, name, access, may_lack=True):
            if not dry_run:
                _make_folder(folder, name, 0o700)
        elif stat.S_IMODE(folder.lstat().st_mode) & 0o077:
            if not dry_run:
                _set_mode(folder, name, 0o700)
            done = "would be" if dry_run else "has been"
            notes.append(f"{name} was open to other users and {done} made private (0700)")
    return tuple(notes)


def _check_folder(path: Path, name: str, access: int, *, may_lack: bool = False) -> bool:
    """Whether the folder is there; raises where it cannot be used."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        if may_lack:
            return False
        raise ConfigurationError(f"{name} is missing", "Is its disk connected?") from None
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be opened ({error.strerror})") from error
    if stat.S_ISLNK(mode):
        raise ConfigurationError(f"{name} is a link", "Put a folder in its place.")
    if not stat.S_ISDIR(mode):
        raise ConfigurationError(f"{name} is not a folder", "Put a folder in its place.")
    if not os.access(path, access):
        what = "writable" if access & os.W_OK else "readable"
        raise ConfigurationError(f"{name} is not {what}", "Give dam's user access to it.")
    return True


def _make_folder(path: Path, name: str, mode: int) -> None:
    try:
        path.mkdir(0o700)
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be made ({error.strerror})") from error
    _set_mode(path, name, mode)


def _set_mode(path: Path, name: str, mode: int) -> None:
    try:
        opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fchmod(opened, mode)
        finally:
            os.close(opened)
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be made private ({error.strerror})") from error
