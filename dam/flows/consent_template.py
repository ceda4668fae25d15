"""template: an empty register of consents, with an example that no import takes for a record."""

from __future__ import annotations

import enum
from pathlib import Path

from dam.adapters import tables
from dam.core import example, sheet
from dam.core.errors import UsageError


class Form(enum.StrEnum):
    """What a template can be written as."""

    CSV = "csv"
    XLSX = "xlsx"
    YAML = "yaml"


def template(out: Path, lang: str, form: Form | None) -> Form:
    """Write an empty register with a marked example to a new file; which form it has.

    Without `form` the ending of `out` tells. Raises UsageError where the two disagree (an
    import goes by the ending) or the file is there already.
    """
    ending = {".yml": Form.YAML}.get(out.suffix.lower()) or next(
        (f for f in Form if f".{f.value}" == out.suffix.lower()), None
    )
    if ending is None or form not in (None, ending):
        wanted = [form] if form else list(Form)
        endings = " or ".join(f".{f.value}" for f in wanted)
        raise UsageError(f"The file of --out must end in {endings}")
    if ending is Form.YAML:
        data = example.yaml_template(lang).encode()
    elif ending is Form.XLSX:
        data = tables.write_xlsx(
            sheet.template(example.EXAMPLE, lang),
            title=example.TITLES[lang],
            right_to_left=lang == "ar",
        )
    else:
        # Spreadsheets in French and in Arabic part the cells of a CSV with semicolons.
        separator = "," if lang == "en" else ";"
        data = tables.write_csv(sheet.template(example.EXAMPLE, lang), separator)
    tables.write_new(out, data)
    return ending
