"""The page of the files that people write, out of the schemas in docs/schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dam.core import json_schema
from handbook.tables import cell, table

HEAD = """\
# The words of every file

What may stand in sidecars, consent records and the files of `rules/`. This page is made from the
[JSON Schemas](../sidecars.md#in-an-editor), which are made from the models that check the files.
Words marked * must be there. Another word anywhere is an error that names the file and the line.
How they are meant is told in [sidecars and consent](../sidecars.md), [rules](../rules.md),
[watermark](../watermark.md), [press packs](../packs.md#presets),
[the booklet](../booklet.md#the-programmes-file) and [retention](../retention.md).

"""
#: What a text of this form is; "" for another spelling of what stands beside it.
_PATTERNS = {
    "^([0-9]{4}-[0-9]{2}-[0-9]{2})$": "a date, YYYY-MM-DD",
    "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": "an id: letters, digits and `. _ -`, at most 64",
    "^[a-z][a-z0-9-]{2,60}$": "an id: small letters, digits and `-`, 3 to 61",
    "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$": "a language: `fr`, `ar`, `en`, ...",
    "^[1-9][0-9]{0,3}[ymd]$": "a term: `5y`, `18m`, `90d`",
    "^([1-9][0-9]{0,3}[ymd]|forever)$": "a term: `5y`, `18m`, `90d`, or `forever`",
    "^([A-Za-z]{2})$": "a country, two letters: `MA`",
    "^([A-Za-z]{2}|[Ww][Oo][Rr][Ll][Dd])$": "a country, two letters: `MA`",
    "^([0-9a-fA-F]{64})$": "a SHA-256",
    "^#[0-9A-Fa-f]{6}$": "a colour: `#0a6ebd`",
    "^[A-Za-z0-9][A-Za-z0-9_-]{0,60}\\.(png|svg)$": "the name of a PNG or SVG file",
    "^logos/[A-Za-z0-9][A-Za-z0-9._-]{0,63}\\.png$": "a file: `logos/organisation.png`",
    "^([Yy][Ee][Ss]|[Nn][Oo]|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$": "",
    "^[Nn][Oo][Nn][Ee]$": "",
    "^[0-9]+$": "",
    "^(-?[0-9]*\\.?[0-9]+([eE]-?[0-9]{1,3})?)$": "",
    "^(0|1|0?\\.[0-9]+|0\\.|1\\.0*|[0-9]+(\\.[0-9]*)?[eE]-[0-9]{1,3})$": "",
    "^(19[0-9]{2}|2[01][0-9]{2})$": "",
}
#: The same forms under another name.
_LIKE = {"ListedRecord": "Record", "Record": "consent-records-for-dam-consent-import"}
Schema = dict[str, Any]


def page() -> str:
    """The whole page, in Markdown. Parts that several files share stand once, at the end."""
    parts, shared = [HEAD], dict[str, Schema]()
    for name, document in json_schema.documents().items():
        if name == "captions.schema.json":
            continue  # a file that dam writes; docs/json.md tells it
        shared |= document.get("$defs", {})
        parts.append(f"## {document['title']}\n\n[{name}](../schemas/{name})\n\n")
        parts.append(_table(_properties(document)) + "\n")
    parts.append("## Parts of files\n\n")
    for name in sorted(shared):
        if "properties" in shared[name] and name not in _LIKE:
            parts.append(f"### {name}\n\n" + _table(shared[name]) + "\n")
    return "".join(parts).rstrip("\n") + "\n"


def _properties(document: Schema) -> Schema:
    """The form of a file that has words of its own, where there are several forms."""
    if "properties" in document:
        return document
    return _DEFINED["Record"]  # records for import: one, a list, or `consents:`


def _table(body: Schema) -> str:
    needed = body.get("required", ())
    rows = [
        (
            f"`{word}`{' *' if word in needed else ''}",
            _what(node),
            cell(node.get("description", "")),
        )
        for word, node in body["properties"].items()
    ]
    return table(("word", "what", "means"), rows)


def _what(node: Schema) -> str:
    """What may stand there, in words; each once."""
    said = list(dict.fromkeys(_said(node)))
    default = node.get("default")
    if isinstance(default, str | int | float) and not isinstance(default, bool):
        said.append(f"else `{default}`")
    return "; ".join(said)


def _said(node: Schema) -> Iterator[str]:
    for forms in ("anyOf", "oneOf", "allOf"):
        if forms in node:
            whole = node[forms]
            if {"type": "boolean"} in whole:
                yield "`yes`, `no`"
                return
            for form in whole:
                yield from _said(form)
            return
    if "$ref" in node:
        yield from _referred(node["$ref"].rpartition("/")[2])
    elif "const" in node:
        yield f"`{node['const']}`"
    elif "enum" in node:
        yield ", ".join(f"`{word}`" for word in node["enum"])
    elif node.get("type") == "array":
        inner = " or ".join(dict.fromkeys(_said(node.get("items", {}))))
        yield f"a list: {inner}" if inner else "a list"
    elif node.get("type") == "object":
        yield from _mapping(node)
    elif node.get("type") in ("number", "integer") or "minimum" in node:
        yield _number(node)
    elif "pattern" in node:
        if said := _PATTERNS[node["pattern"]]:
            yield said
    elif node.get("type") == "string":
        yield "text"


def _referred(name: str) -> Iterator[str]:
    body = _DEFINED[name]
    if "properties" in body:
        yield f"[{name}](#{name.lower()})"
    else:
        yield from _said(body)


def _mapping(node: Schema) -> Iterator[str]:
    if "properties" in node:
        yield ", ".join(f"`{word}`" for word in node["properties"])
        return
    ((key, inner),) = node.get("patternProperties", {"": node["additionalProperties"]}).items()
    said = " or ".join(dict.fromkeys(_said(inner)))
    language = "language" in _PATTERNS.get(key, "")
    names = list(_said(node["propertyNames"])) if "propertyNames" in node else []
    by = names[0] if names else "language" if language else "name"
    yield f"by {by}: {said or 'a value'}"


def _number(node: Schema) -> str:
    low = node.get("minimum", node.get("exclusiveMinimum"))
    high = node.get("maximum", node.get("exclusiveMaximum"))
    kind = "a whole number" if node.get("type") == "integer" else "a number"
    if low is not None and high is not None:
        return f"{kind}, {low}–{high}"
    return kind if low is None else f"{kind} from {low}"


_DEFINED: dict[str, Schema] = {
    name: body
    for document in json_schema.documents().values()
    for name, body in document.get("$defs", {}).items()
}
