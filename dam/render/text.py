"""One sanitiser for all text that comes from outside, before it reaches a terminal.

Captions, names and messages of files may carry escape sequences, C1 controls, OSC commands
or bidirectional overrides; rich passes them on, even as plain `Text`. Here they become
visible `\\xNN`/`\\uNNNN`, and markup stays the text it is.
"""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: Joiners that Arabic and other scripts need; they draw nothing by themselves.
_HARMLESS = frozenset("\u200c\u200d")


def clean(value: object, *, lines: bool = False) -> str:
    """`value` as harmless printable text; line breaks kept only with `lines`."""
    return "".join(_shown(char, lines) for char in str(value))


def _shown(char: str, lines: bool) -> str:
    if char == "\n" and lines:
        return char
    if char in _HARMLESS or unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def said(texts: dict[str, str], lang: str) -> str:
    """A text in the wanted language, else English, else whatever there is."""
    return texts.get(lang) or texts.get("en") or next(iter(texts.values()), "")
