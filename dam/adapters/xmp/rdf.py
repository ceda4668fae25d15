"""RDF as XMP uses it (ISO 16684-1, clause 7): bytes of a stranger to plain values, bounded.

No XML tree is ever built from the outside: a bounded event parse makes small nodes of its
own, so that depth, counts and bytes are limited before anything grows. Entities and document
types are refused before a parser sees them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree  # noqa: TID251  this package is the owner

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 100_000

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
NAMESPACES = {
    "x": "adobe:ns:meta/",
    "rdf": RDF[1:-1],
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "MP": "http://ns.microsoft.com/photo/1.2/",
    "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "acdsee-rs": "http://ns.acdsee.com/regions/",
    "acdsee-stArea": "http://ns.acdsee.com/sType/Area#",
    "acdsee-stDim": "http://ns.acdsee.com/sType/Dimensions#",
    "mediapro": "http://ns.iview-multimedia.com/mediapro/1.0/",
    "GettyImagesGIFT": "http://xmp.gettyimages.com/gift/1.0/",
    "prism": "http://prismstandard.org/namespaces/basic/2.0/",
}
_PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}
Fields = dict[str, list["Value"]]


class Odd(Exception):
    """The packet cannot be trusted or followed. The text names the place, never a value."""


@dataclass(slots=True)
class Node:
    tag: str
    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Value:
    """One RDF value: a text, or an array of values, or a structure of named values."""

    text: str = ""
    lang: str = ""
    items: list[Value] = field(default_factory=list)
    fields: Fields = field(default_factory=dict)


class _Target:
    """Takes parser events and refuses what is too deep or too much while it comes in."""

    def __init__(self) -> None:
        self.root = Node("", {})
        self.open = [self.root]
        self.nodes = 0

    def start(self, tag: str | bytes, attrib: dict[str | bytes, str | bytes]) -> None:
        self.nodes += 1 + len(attrib)
        if len(self.open) > MAX_DEPTH:
            raise Odd("nested too deeply")
        if self.nodes > MAX_NODES:
            raise Odd("too many elements")
        node = Node(_short(tag), {_short(name): str(text) for name, text in attrib.items()})
        self.open[-1].children.append(node)
        self.open.append(node)

    def end(self, tag: str | bytes) -> None:
        self.open.pop()

    def data(self, data: str | bytes) -> None:
        self.open[-1].text.append(str(data))

    def comment(self, text: str | bytes) -> None:
        """Comments say nothing."""

    def close(self) -> Node:
        return self.root


def _short(tag: str | bytes) -> str:
    """`{uri}name` as `prefix:name` where the namespace is one of ours."""
    tag = str(tag)
    uri, brace, name = tag[1:].partition("}")
    return f"{_PREFIXES[uri]}:{name}" if brace and uri in _PREFIXES else tag


def decode(packet: bytes) -> str:
    """The text of a packet without padding and XML declaration. Raises `Odd`."""
    if len(packet) > MAX_BYTES:
        raise Odd("the packet is too large")
    encoding = "utf-8-sig"
    for start, found in (
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"<\0\0\0", "utf-32-le"),
        (b"\0\0\0<", "utf-32-be"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"<\0", "utf-16-le"),
        (b"\0<", "utf-16-be"),
    ):
        if packet.startswith(start):
            encoding = found
            break
    try:
        text = packet.decode(encoding).strip("\0 \t\r\n\ufeff")
    except UnicodeDecodeError:
        raise Odd("the text is in no encoding of XMP") from None
    folded = text.upper()
    if "<!DOCTYPE" in folded or "<!ENTITY" in folded:
        raise Odd("it declares a document type or entities")
    # The text is Unicode by now; a declaration could only contradict that.
    return re.sub(r"\A<\?xml\s[^>]{0,200}\?>\s*", "", text)


def parse(text: str) -> Node:
    """The elements of a decoded packet, under a nameless root. Raises `Odd`."""
    target = _Target()
    parser = etree.XMLParser(
        target=target,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    try:
        raw = text.encode("utf-8")
        for at in range(0, len(raw), 1 << 16):
            parser.feed(raw[at : at + (1 << 16)])
        parser.close()
    except (etree.LxmlError, UnicodeEncodeError, ValueError):
        raise Odd("it is not well-formed XML") from None
    return target.root


def top(root: Node) -> Fields:
    """All properties of all descriptions of the packet, whatever they are about.

    Raises `Odd` where there is no rdf:RDF.
    """
    waiting, found = [root], False
    fields: Fields = {}
    while waiting:
        node = waiting.pop()
        if node.tag == "rdf:RDF":
            found = True
            for child in node.children:
                _merge(fields, _structure(child))
        else:
            waiting += node.children
    if not found:
        raise Odd("there is no rdf:RDF in it")
    return fields


def _merge(into: Fields, more: Fields) -> None:
    for name, values in more.items():
        into.setdefault(name, []).extend(values)


def _structure(node: Node) -> Fields:
    """The named values of a node: properties as attributes and as elements."""
    fields: Fields = {}
    for name, text in node.attributes.items():
        if name != XML_LANG and (not name.startswith("rdf:") or name == "rdf:value"):
            fields.setdefault(name, []).append(Value(text=text.strip()))
    for child in node.children:
        fields.setdefault(child.tag, []).append(_value(child))
    return fields


def _value(node: Node) -> Value:
    """The value of one property element or `rdf:li` (ISO 16684-1, clause 7)."""
    value = Value(text="".join(node.text).strip(), lang=node.attributes.get(XML_LANG, ""))
    value.text = value.text or node.attributes.get("rdf:resource", "").strip()
    for child in node.children:
        if child.tag in ("rdf:Bag", "rdf:Seq", "rdf:Alt"):
            value.items += [_value(item) for item in child.children]
        elif child.tag == "rdf:Description":
            _merge(value.fields, _structure(child))
        else:
            value.fields.setdefault(child.tag, []).append(_value(child))
    _merge(value.fields, _structure(Node(node.tag, node.attributes)))
    for inner in value.fields.pop("rdf:value", ()):
        value.text = value.text or inner.text
        value.items += inner.items
    return value


def texts(values: list[Value]) -> Iterator[tuple[str, str]]:
    """(text, language) of simple values; arrays and odd structures are looked into."""
    for value in values:
        if value.text:
            yield value.text, value.lang
        yield from texts(value.items)
        # Beside a text, fields are its qualifiers (clause 7.8), not further values.
        for inner in () if value.text else value.fields.values():
            yield from texts(inner)


def leaves(values: list[Value]) -> Iterator[Value]:
    """The values themselves, arrays taken apart."""
    for value in values:
        if value.items:
            yield from leaves(value.items)
        else:
            yield value


def structs(values: list[Value]) -> Iterator[Fields]:
    """The structures among the values, arrays taken apart."""
    for value in values:
        if value.fields:
            yield value.fields
        yield from structs(value.items)


def first(fields: Fields, *names: str) -> str:
    """The first text of the first of these properties that has one, or nothing."""
    for name in names:
        for text, _lang in texts(fields.get(name, [])):
            return text
    return ""


def number(fields: Fields, *names: str) -> float | None:
    """The first text as a finite number, or None."""
    try:
        found = float(first(fields, *names))
    except ValueError:
        return None
    return found if math.isfinite(found) else None
