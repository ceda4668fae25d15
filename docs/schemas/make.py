"""Write the JSON Schemas beside this file anew: `make schemas`."""

from __future__ import annotations

import json
from pathlib import Path

from dam.core import json_schema


def text_of(schema: json_schema.Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, schema in json_schema.documents().items():
        Path(__file__).with_name(name).write_text(text_of(schema), "utf-8")
