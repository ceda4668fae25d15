"""The XMP packet of a rendition: IPTC Photo Metadata Standard 2023.2, XMP properties."""

from __future__ import annotations

from lxml import etree  # noqa: TID251  this package is the owner

from dam.adapters.xmp.rdf import NAMESPACES, XML_LANG
from dam.core.model import Rights
from dam.core.plain import tidy


def write(rights: Rights) -> bytes:
    """The XMP packet of a rendition in UTF-8, from `rights` alone.

    Texts that are empty are left out. The first caption and the first usage terms are the
    `x-default`. There is no padding: nobody is to edit the packet in place.
    """
    return _Writer(tidy(rights)).packet()


class _Writer:
    def __init__(self, rights: Rights) -> None:
        self.rights = rights
        used = ("rdf", "dc", "photoshop", "xmpRights", "plus", "Iptc4xmpExt")
        self.root = etree.Element(_name("x:xmpmeta"), nsmap={"x": NAMESPACES["x"]})
        rdf = etree.SubElement(
            self.root, _name("rdf:RDF"), nsmap={prefix: NAMESPACES[prefix] for prefix in used}
        )
        self.about = etree.SubElement(rdf, _name("rdf:Description"), {_name("rdf:about"): ""})

    def packet(self) -> bytes:
        rights = self.rights
        self._array("dc:creator", "rdf:Seq", [("", name) for name in rights.creators])
        self._array("dc:rights", "rdf:Alt", [("x-default", rights.copyright)])
        self._languages("dc:description", rights.captions)
        self._text("dc:identifier", rights.pack)
        self._text("photoshop:Credit", rights.credit_line)
        self._text("photoshop:Source", rights.source)
        if rights.captured is not None:
            self._text("photoshop:DateCreated", rights.captured.isoformat())
        self._text("xmpRights:Marked", "True")
        self._languages("xmpRights:UsageTerms", rights.usage_terms)
        self._text("xmpRights:WebStatement", rights.web_statement)
        if rights.licensor:
            array = etree.SubElement(
                etree.SubElement(self.about, _name("plus:Licensor")), _name("rdf:Seq")
            )
            item = etree.SubElement(array, _name("rdf:li"), {_name("rdf:parseType"): "Resource"})
            etree.SubElement(item, _name("plus:LicensorName")).text = rights.licensor
        self._text("plus:DataMining", rights.data_mining)
        self._text("Iptc4xmpExt:DigitalSourceType", rights.digital_source_type)
        body = etree.tostring(self.root, encoding="utf-8", pretty_print=True)
        start = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'.encode()
        return start + body + b'<?xpacket end="r"?>'

    def _text(self, name: str, text: str) -> None:
        if text:
            etree.SubElement(self.about, _name(name)).text = text

    def _array(self, name: str, kind: str, texts: list[tuple[str, str]]) -> None:
        kept = [(lang, text) for lang, text in texts if text]
        if not kept:
            return
        array = etree.SubElement(etree.SubElement(self.about, _name(name)), _name(kind))
        for lang, text in kept:
            item = etree.SubElement(array, _name("rdf:li"))
            if lang:
                item.set(XML_LANG, lang)
            item.text = text

    def _languages(self, name: str, texts: tuple[tuple[str, str], ...]) -> None:
        default = [("x-default", text) for _lang, text in texts[:1]]
        self._array(name, "rdf:Alt", [*default, *texts])


def _name(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"
