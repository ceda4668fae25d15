"""The starter rules and folders that `dam init` writes out.

`rules/` at the top of the source tree is their one source. The wheel carries a copy inside
the package; a checkout reads the folder itself.
"""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

from dam.core.errors import ConfigurationError

INBOX_README = """\
Drop photographs here; a sub-folder may be named by a photographer's id (see
rules/credits.yaml) or by the shoot. Beside IMG_0001.JPG put IMG_0001.JPG.consent.yaml:

    schema: dam/photo/1
    people: none

or a list of the people shown. It may come later. `dam ingest` or `dam watch` takes them in.
"""
ARCHIVE_README = """\
Approved renditions only, by date of capture. dam writes and removes them; do not edit here.
"""


def starter_rules() -> Path:
    """The folder of the starter rules. Raises ConfigurationError where an installation lacks it."""
    package = Path(str(resources.files("dam")))
    for folder in (package / "starter" / "rules", package.parent / "rules"):
        if (folder / "consent" / "policy.yaml").is_file():
            return folder
    raise ConfigurationError("This installation lacks the starter rules", "Install dam again")


def write_workspace(root: Path) -> tuple[str, ...]:
    """Make a workspace in `root`: rules, inbox, archive. The names of the files written.

    Nothing that exists is changed. Raises ConfigurationError where `root` is a workspace
    already, lies inside another one's folders, or cannot be written.
    """
    where = root.resolve()
    _refuse(where)
    written: list[str] = []
    try:
        for folder in ("inbox", "archive", "rules"):
            (where / folder).mkdir(parents=True, exist_ok=True)
        source = starter_rules()
        files = {
            Path("rules") / path.relative_to(source): path.read_bytes()
            for path in sorted((*source.rglob("*.yaml"), *source.rglob("logos/*.png")))
        }
        files[Path("inbox/README.md")] = INBOX_README.encode()
        files[Path("archive/README.md")] = ARCHIVE_README.encode()
        for relative, data in files.items():
            target = where / relative
            if os.path.lexists(target):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(data)
            written.append(str(relative))
    except OSError as error:
        raise ConfigurationError(
            f"The workspace cannot be made there ({error.strerror})", "Choose another folder"
        ) from error
    return tuple(written)


def _refuse(where: Path) -> None:
    if (where / "rules").is_dir() and (where / "inbox").is_dir():
        raise ConfigurationError(
            "There is a workspace here already", "Use it as it is, or choose another folder"
        )
    for parent in where.parents:
        inside = (parent / "rules").is_dir() and (parent / "inbox").is_dir()
        if inside and where.relative_to(parent).parts[0] in ("rules", "inbox", "archive", ".dam"):
            raise ConfigurationError(
                "This lies inside another workspace's own folders", "Choose a folder outside it"
            )
