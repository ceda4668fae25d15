"""One HTML file that needs nothing else and lets nothing else in: the template, its style, script.

A page names both by their hashes in its content security policy (CSP Level 3, 2.3.1), as
`style_hash` and `script_hash`; whatever else is in it cannot run or load.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from jinja2 import Template  # noqa: TID251

# Jinja is imported where a page is written: it is large, and a watcher that runs for months
# writes none.


def stream(name: str, **told: object) -> Iterator[str]:
    """The page `name` of the templates in pieces; everything told is escaped.

    A template without a script of its own gets an empty one, and names none in its policy.
    """
    style = _part(f"{name}.css")
    script = _part(f"{name}.js") if _place(f"{name}.js").is_file() else ""
    found = _template(name).stream(
        style=Markup(style),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - a file of this package
        style_hash=_hash(style),
        script_hash=_hash(script),
        **told,
    )
    found.enable_buffering(64)
    return iter(found)


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, StrictUndefined  # noqa: TID251

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(_part(f"{name}.html.j2"))


def picture(jpeg: bytes) -> str:
    """A JPEG as an address that holds it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _part(name: str) -> str:
    return _place(name).read_text("utf-8")


def _place(name: str) -> Traversable:
    return resources.files("dam").joinpath("render", "templates", name)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
