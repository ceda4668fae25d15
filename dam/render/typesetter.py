"""The process that runs typst: `python -P -m dam.render.typesetter`, started by `dam.render.paper`.

What it is to do comes as JSON on standard input, the PDF leaves on standard output. It ends with
one document, so that nothing of its pictures stays in memory, and it may be stopped: a template
that people wrote can run forever. Exit code `FAILED`: the message of typst, as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

FAILED = 3
#: A template that makes lists of lists without end; pictures of 60 pages take a tenth of it.
_MEMORY = 6 * 1024**3


def main() -> int:
    # Whoever starts this process needs the module's constants, and not typst.
    import typst  # noqa: TID251

    order = json.load(sys.stdin)
    root = Path(order["root"])
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        made = typst.compile(
            root / order["main"],
            root=root,
            font_paths=typst.Fonts(False, False, [Path(path) for path in order["fonts"]]),
            ignore_system_fonts=True,
            pdf_standards="ua-1",
            package_path=root,
            package_cache_path=root,
            timestamp=order["timestamp"],
            format="pdf",
        )
    except typst.TypstError as error:
        told = {"message": error.message, "where": error.diagnostic, "hints": error.hints}
        json.dump(told, sys.stdout)
        return FAILED
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
