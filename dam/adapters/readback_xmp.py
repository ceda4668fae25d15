"""The XMP packet of a finished rendition, read back by a second reader (ISO 16684-1).

Twice: once as characters, where only the plainest XML is let through (nothing can hide in a
comment, a character reference, a namespace, an indentation), and once as what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

from dam.adapters.readback_blocks import Broken
from dam.core.model import Rights

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "http://www.w3.org/XML/1998/namespace"
#: The namespaces that a packet declares, each once and under this prefix.
NAMESPACES = {
    "x": "adobe:ns:meta/",
    "rdf": _RDF,
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
#: What a stranger's property may be called in a complaint: a name that says what leaked.
_NAMED = {
    **{uri: prefix for prefix, uri in NAMESPACES.items()},
    _XML: "xml",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/xmp/note/": "xmpNote",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://www.metadataworkinggroup.com/schemas/regions/": "mwg-rs",
}
#: Every property that a rendition may have; an array by its kind, a plain text by "".
PROPERTIES = {
    "dc:creator": "rdf:Seq",
    "dc:rights": "rdf:Alt",
    "dc:description": "rdf:Alt",
    "dc:identifier": "",
    "photoshop:Credit": "",
    "photoshop:Source": "",
    "photoshop:DateCreated": "",
    "xmpRights:Marked": "",
    "xmpRights:UsageTerms": "rdf:Alt",
    "xmpRights:WebStatement": "",
    "plus:Licensor": "rdf:Seq",
    "plus:DataMining": "",
    "Iptc4xmpExt:DigitalSourceType": "",
}
_NAME_OF_LICENSOR = "plus:LicensorName"
_WRAPPED = re.compile(
    '<\\?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"\\?>\n(.*)\n<\\?xpacket end="r"\\?>',
    re.DOTALL,
)
_TAG = re.compile(
    '<(/?)[A-Za-z0-9]+:[A-Za-z]+(?: [A-Za-z]+:[A-Za-z0-9]+="[^"<>&\n\t]*")*(/?)>', re.ASCII
)
_TEXT = re.compile("(?:[^<>&]|&amp;|&lt;|&gt;)+")
_TERMS = {
    "plus:DataMining": re.compile(r"http://ns\.useplus\.org/ldf/vocab/DMI-[A-Z]+(-[A-Z]+)*"),
    "Iptc4xmpExt:DigitalSourceType": re.compile(
        r"http://cv\.iptc\.org/newscodes/digitalsourcetype/[A-Za-z]+"
    ),
}
Texts = list[tuple[str, str]]


def complaints(packet: bytes, rights: Rights) -> Iterator[str]:
    """Everything in a packet that is not on the allow-list, or says something else than `rights`.

    Raises Broken where it cannot be read.
    """
    read = _Packet(packet)
    yield from read.complaints
    yield from _form(packet)
    found, wanted = read.values, _wanted(rights)
    for name in PROPERTIES:
        if name in wanted and name not in found:
            yield f"XMP: {name} is missing"
        elif found.get(name) != wanted.get(name):
            yield f"XMP: {name} is not what was to be written"
    for name, term in _TERMS.items():
        if not all(term.fullmatch(text) for _, text in found.get(name, [])):
            yield f"XMP: {name} is no term of its vocabulary"


def _wanted(rights: Rights) -> dict[str, Texts]:
    """The texts of each property, with their language where it has languages."""

    def plain(*texts: str) -> Texts:
        return [("", text) for text in texts if text]

    def alternatives(texts: tuple[tuple[str, str], ...]) -> Texts:
        return [*(("x-default", text) for _, text in texts[:1]), *texts]

    wanted = {
        "dc:creator": plain(*rights.creators),
        "dc:rights": [("x-default", rights.copyright)] if rights.copyright else [],
        "dc:description": alternatives(rights.captions),
        "dc:identifier": plain(rights.pack),
        "photoshop:Credit": plain(rights.credit_line),
        "photoshop:Source": plain(rights.source),
        "photoshop:DateCreated": plain(rights.captured.isoformat() if rights.captured else ""),
        "xmpRights:Marked": plain("True"),
        "xmpRights:UsageTerms": alternatives(rights.usage_terms),
        "xmpRights:WebStatement": plain(rights.web_statement),
        "plus:Licensor": plain(rights.licensor),
        # Nobody may leave out what reserves the picture: without a term there is no rendition.
        "plus:DataMining": [("", rights.data_mining)],
        "Iptc4xmpExt:DigitalSourceType": plain(rights.digital_source_type),
    }
    return {name: texts for name, texts in wanted.items() if texts}


def _form(packet: bytes) -> Iterator[str]:
    """What no parser tells: the wrapper, how tags are written, and the space between them."""
    try:
        match = _WRAPPED.fullmatch(packet.decode("utf-8"))
    except UnicodeDecodeError:
        raise Broken("XMP: not well-formed") from None
    if match is None:
        yield "XMP: not in its wrapper"
        return
    body, at, depth, gap = match[1], 0, 0, ""
    while at < len(body):
        if tag := _TAG.match(body, at):
            depth -= tag[1] == "/"
            if gap and not gap.strip() and gap != "\n" + "  " * depth:
                yield "XMP: padding"
            depth += not (tag[1] or tag[2])
            at, gap = tag.end(), ""
        elif text := _TEXT.match(body, at):
            at, gap = text.end(), text[0]
        else:
            yield "XMP: markup that is not written here"
            return
    if gap:
        yield "XMP: padding"


class _Packet:
    """Reads one packet event by event; every element must be where the allow-list says."""

    def __init__(self, packet: bytes) -> None:
        self.complaints: list[str] = []
        #: The texts of each property with their language, in their order.
        self.values: dict[str, Texts] = {}
        self.path: list[str] = []
        self.places: set[str] = set()
        self.text: list[str] = []
        self.lang = ""
        self.refused = 0
        parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.CommentHandler = self._comment
        parser.ProcessingInstructionHandler = self._instruction
        try:
            parser.Parse(packet, True)
        except (expat.ExpatError, UnicodeError, ValueError):
            raise Broken("XMP: not well-formed") from None

    def _namespace(self, prefix: str | None, uri: str) -> None:
        if NAMESPACES.get(prefix or "") != uri:
            self.complaints.append("XMP: a namespace that is not declared here")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = _short(name)
        parent = self.path[-1] if self.path else ""
        self._flush()
        if self.refused or not self._allowed(tag, parent):
            # One complaint for a stranger, whatever it holds.
            if not self.refused:
                self.complaints.append(f"XMP: {tag}")
            self.refused += 1
            return
        self.path.append(tag)
        place = "/".join(self.path)
        if place in self.places and tag != "rdf:li":
            self.complaints.append(f"XMP: {tag} twice")
        self.places.add(place)
        if tag in PROPERTIES:
            self.values.setdefault(tag, [])
        self.lang = ""
        for attribute, value in attributes.items():
            if not self._attribute(tag, _short(attribute), value):
                self.complaints.append(f"XMP: {_short(attribute)} on {tag}")

    def _allowed(self, tag: str, parent: str) -> bool:
        if PROPERTIES.get(parent):
            return tag == PROPERTIES[parent]
        if parent in ("rdf:Seq", "rdf:Alt"):
            return tag == "rdf:li"
        if parent == "rdf:li":
            return tag == _NAME_OF_LICENSOR and self.path[-3] == "plus:Licensor"
        if parent == "rdf:Description":
            return tag in PROPERTIES
        return (parent, tag) in (
            ("", "x:xmpmeta"),
            ("x:xmpmeta", "rdf:RDF"),
            ("rdf:RDF", "rdf:Description"),
        )

    def _attribute(self, tag: str, attribute: str, value: str) -> bool:
        if tag == "rdf:Description":
            return (attribute, value) == ("rdf:about", "")
        if tag == "rdf:li" and self.path[-3] == "plus:Licensor":
            return (attribute, value) == ("rdf:parseType", "Resource")
        if tag == "rdf:li" and self.path[-2] == "rdf:Alt" and attribute == "xml:lang":
            self.lang = value
            return re.fullmatch("[A-Za-z]{1,3}(-[A-Za-z0-9]{2,8})*", value) is not None
        return False

    def _end(self, _name: str) -> None:
        if self.refused:
            self.refused -= 1
            self.text.clear()
        else:
            self._flush()
            self.path.pop()

    def _characters(self, text: str) -> None:
        self.text.append(text)

    def _flush(self) -> None:
        """Put the text so far where it belongs, or say that it belongs nowhere."""
        text, holder = "".join(self.text), self.path[-1] if self.path else ""
        self.text.clear()
        if self.refused or not text.strip():
            return
        licensor = self.path[3:4] == ["plus:Licensor"]
        leaf = _NAME_OF_LICENSOR if licensor else "rdf:li"
        if holder == leaf or PROPERTIES.get(holder) == "":
            self.values[self.path[3]].append((self.lang, text))
        else:
            self.complaints.append(f"XMP: text in {holder}")

    def _doctype(self, *_parts: object) -> None:
        raise Broken("XMP: document type")

    def _comment(self, _text: str) -> None:
        self.complaints.append("XMP: comment")

    def _instruction(self, target: str, _content: str) -> None:
        if target != "xpacket":
            self.complaints.append("XMP: processing instruction")


def _short(name: str) -> str:
    """`prefix:name` for namespaces known here; a stranger's name is not repeated."""
    uri, _, local = name.rpartition(" ")
    if uri in _NAMED and re.fullmatch("[A-Za-z][A-Za-z0-9]{0,40}", local):
        return f"{_NAMED[uri]}:{local}"
    return "a property nobody knows"
