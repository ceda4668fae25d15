"""The files under `rules/`, as the desk reads them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dam.adapters.marks import read_marks
from dam.adapters.settings import Workspace
from dam.core import rules
from dam.core.errors import ConfigurationError, RulePackError

MAX_RULE_BYTES = 1024 * 1024

CREDITS = "credits.yaml"

#: The folders under `rules/` with a file each for a rule, a programme, a purpose.
CONSENT, PROGRAMMES, PURPOSES = "consent", "programmes", "purposes"


def read_folder(root: Path, folder: str) -> dict[str, bytes]:
    """The `.yaml` files directly in `root/folder`, by their path relative to `root`'s parent.

    Raises ConfigurationError where the folder or one of them cannot be read, or one is too large
    to be a rule file: what cannot be read must not count as not written.
    """
    found: dict[str, bytes] = {}
    base = root / folder
    try:
        entries = sorted(base.iterdir())
    except FileNotFoundError:
        return found
    except OSError as error:
        name = f"{root.name}/{folder}".rstrip("/")
        raise ConfigurationError(
            f"{name} cannot be read ({error.strerror})", "Give dam's user access to it"
        ) from error
    for path in entries:
        if not path.match("*.y*ml"):
            continue
        name = f"{root.name}/{folder}/{path.name}" if folder else f"{root.name}/{path.name}"
        found[name] = read_rule_file(path, name)
    return found


def read_rule_file(path: Path, name: str) -> bytes:
    """The bytes of one file under `rules/`; ConfigurationError where it is missing or unfit."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_RULE_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            f"{name} cannot be read ({error.strerror})",
            "`dam init` writes the starter rules into a new workspace",
        ) from error
    if len(data) > MAX_RULE_BYTES:
        raise ConfigurationError(f"{name} is larger than {MAX_RULE_BYTES} bytes", "Shorten it")
    return data


def rule_files(workspace: Workspace) -> str:
    """SHA-256 in hex over all files people edit. Raises ConfigurationError as `read_rule_file`."""
    files: dict[str, bytes] = {}
    for folder in (CONSENT, PROGRAMMES, PURPOSES):
        files |= read_folder(workspace.rules, folder)
    name = f"{workspace.rules.name}/{CREDITS}"
    files[name] = read_rule_file(workspace.rules / CREDITS, name)
    marks = read_marks(workspace.rules)
    files |= {f"{workspace.rules.name}/{path}": data for path, data in marks.items()}
    digest = hashlib.sha256()
    for path, data in sorted(files.items()):
        digest.update(hashlib.sha256(path.encode()).digest() + hashlib.sha256(data).digest())
    return digest.hexdigest()


def load_pack(workspace: Workspace) -> rules.RulePack:
    """The rule pack of the workspace. Raises RulePackError with every problem.

    A pack that lacks a rule of `rules.FLOOR` is refused: people may change what such a rule
    asks for, and a file that was lost must not turn into an approval.
    """
    pack = rules.load(read_folder(workspace.rules, CONSENT))
    missing = sorted(rules.FLOOR - {rule.id for rule in pack.rules})
    if missing:
        raise RulePackError(
            "The rule pack lacks rules that it cannot do without",
            tuple(f"{workspace.rules.name}/consent/{name}.yaml: is missing" for name in missing),
            "Put the files back: `dam init` in an empty folder writes the starter rules there; "
            "copy those that are missing from its rules/consent/",
        )
    return pack
