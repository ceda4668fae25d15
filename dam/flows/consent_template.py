"""template: an empty register, or shoot table, with examples that nothing takes for a record."""

from __future__ import annotations

import enum
from pathlib import Path

from dam.adapters import tables
from dam.core import example, sheet, shoot_table
from dam.core.errors import UsageError


class Form(enum.StrEnum):
    """What a template can be written as."""

    CSV = "csv"
    XLSX = "xlsx"
    YAML = "yaml"


class Kind(enum.StrEnum):
    """What a template is for: `dam consent import`, or `consent.csv` beside photographs."""

    REGISTER = "register"
    SHOOT = "shoot"


def shoot(out: Path, lang: str, form: Form | None) -> None:
    """Write an empty shoot table with marked examples to a new file. Raises UsageError where

    it is not to be a CSV (nothing else is read beside photographs) or is there already.
    """
    if out.suffix.lower() != ".csv" or form not in (None, Form.CSV):
        raise UsageError(
            "A shoot table is a CSV file", "Name it consent.csv: by that name it is read"
        )
    rows = shoot_table.template(example.EXAMPLE, lang)
    tables.write_new(out, tables.write_csv(rows, _separator(lang)))


def _separator(lang: str) -> str:
    """Spreadsheets in French and in Arabic part the cells of a CSV with semicolons."""
    return "," if lang == "en" else ";"


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
        endings = ", ".join(f".{f.value}" for f in wanted)
        raise UsageError(f"The file of --out must end in one of: {endings}")
    if ending is Form.YAML:
        data = example.yaml_template(lang).encode()
    elif ending is Form.XLSX:
        data = tables.write_xlsx(
            sheet.template(example.EXAMPLE, lang),
            title=example.TITLES[lang],
            right_to_left=lang == "ar",
        )
    else:
        data = tables.write_csv(sheet.template(example.EXAMPLE, lang), _separator(lang))
    tables.write_new(out, data)
    return ending
