"""The table of settings, out of the model that reads them, put into docs/settings.md.

What a setting is for stands here; a setting without such a sentence is an error.
"""

from __future__ import annotations

import re

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from dam.adapters.settings import Settings
from dam.adapters.settings_models import GROUPS, PREFIX
from handbook.tables import table

BEGIN, END = "<!-- the table is made from the program: make pages -->\n", "<!-- its end -->\n"

#: Key -> what it is for.
MEANS = {
    "workers": "photos worked on side by side",
    "face_check": "false: faces count as not checked, photos with a sidecar are held",
    "database": "another file for the catalogue",
    "metrics": "a further place for [metrics](operations.md#monitoring), readable by others",
    "inbox.quiet_seconds": "a file is complete when unchanged for so long",
    "inbox.scan_seconds": "how often `dam watch` looks anyway",
    "inbox.polling": "true for network shares, where the system tells of no change: every file "
    "is looked at each `scan_seconds`",
    "limits.max_pixels": "larger pictures are quarantined",
    "limits.max_bytes": "larger files are not taken",
    "limits.seconds": "for one look at a photo, or one rendition",
    "limits.memory_mb": "addresses of a process that decodes, in MiB",
    "renditions.jpeg_quality": "of the archive; packs follow their [presets](packs.md#presets)",
    "renditions.keep_mb": "MiB of finished pictures [kept](packs.md#what-is-kept) for the next "
    "pack; 0 keeps none",
    "log.max_bytes": "the [log](operations.md#the-log) is turned over at this size",
    "log.files": "so many files of it are kept, the newest included",
    "credentials.certificate": "what `dam export --c2pa` signs with: see "
    "[content credentials](credentials.md)",
    "credentials.key": "its key, for dam's user alone (0600)",
    "backup.recipients": "who can read [backups](backup.md); in the variable with blanks between "
    "them",
    "backup.tombstones": "where a restore is told [what was taken back]"
    "(backup.md#what-was-taken-back)",
}
#: Defaults that the model works out for itself.
_ELSE = {
    "workers": "cores",
    "database": "`.dam/catalogue.db`",
    "credentials.certificate": "`.dam/credentials/certificate.pem`",
    "credentials.key": "`.dam/credentials/key.pem`",
}


def put_into(page: str) -> str:
    """The page with the table of now between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError("docs/settings.md has lost the marks around its table")
    return before + BEGIN + "\n" + _table() + "\n" + END + after


def _table() -> str:
    rows = []
    groups: dict[str, type[BaseModel]] = {"": Settings, **GROUPS}
    for group, model in groups.items():
        for name, field in model.model_fields.items():
            if name in GROUPS:
                continue
            key = f"{group}.{name}" if group else name
            shown = f"`[{group}] {name}`" if group else f"`{name}`"
            variable = PREFIX + key.replace(".", "__").upper()
            said = _default(key, field.default)
            rows.append((shown, f"`{variable}`", said, _code(field.description), MEANS[key]))
    return table(("dam.toml", "variable", "default", "allowed", "means"), rows)


def _default(key: str, value: object) -> str:
    if key in _ELSE:
        return _ELSE[key]
    if value is None or value is PydanticUndefined or value == ():
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _code(text: str | None) -> str:
    return re.sub(r"(\[.*\])", r"`\1`", text or "")
