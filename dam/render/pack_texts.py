"""The texts of a press pack as files: captions, credits and terms.

Text files begin with the mark of UTF-8, by which browsers and editors everywhere know the
encoding. Lines in Arabic begin and end with a mark of direction, so that they stand in order in an
editor that knows of no direction too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from dam.core import captions, table
from dam.core.packing import Contents, Document, Picture
from dam.core.presets import TextKind
from dam.render import pack_credits, pack_terms
from dam.render.lang import LANGUAGES, Speech, speech
from dam.render.text import outgoing, wrapped

_BOM = "\ufeff"
_RLM = "\u200f"
#: Columns of a text file.
_WIDTH = 80


def documents(pack: Contents) -> Iterator[Document]:
    """The files that the preset asks for, one by one."""
    for kind in pack.preset.texts:
        if kind in _WRITERS:
            yield from _WRITERS[kind](pack)


def languages(pack: Contents) -> tuple[str, ...]:
    """Those of the preset in which dam can speak; English where it is none of them."""
    return tuple(lang for lang in pack.preset.languages if lang in LANGUAGES) or ("en",)


# --- captions -----------------------------------------------------------------------------


def _captions(pack: Contents) -> Iterator[Document]:
    yield "captions.csv", (_BOM + _table(pack)).encode()
    yield "captions.json", (_listed(pack).model_dump_json(
        by_alias=True, exclude_none=True, indent=2, ensure_ascii=False
    ) + "\n").encode()  # fmt: skip


def _table(pack: Contents) -> str:
    tags = tuple(dict.fromkeys(outgoing(lang) for lang in pack.preset.languages))
    header = (
        "file", "date", "city", "country", *(f"caption_{lang}" for lang in tags),
        "credit", "asset", "sha256", "pack", "until",
    )  # fmt: skip
    until = pack.until.isoformat() if pack.until else ""
    rows = (
        (
            *map(outgoing, (p.file, p.taken or "", p.city, p.country)),
            *(outgoing(p.captions.get(lang, "")) for lang in tags),
            *map(outgoing, (p.credit, p.asset, p.sha256, pack.id, until)),
        )
        for p in pack.pictures
    )
    return table.render(header, rows)


def _listed(pack: Contents) -> captions.CaptionsFile:
    events, head = pack.head
    return captions.CaptionsFile(
        schema="dam/captions/1",
        pack=outgoing(pack.id),
        day=pack.day,
        purpose=pack.purpose,
        use=pack.use,
        territory=outgoing(pack.territory),
        until=pack.until,
        recipient=outgoing(pack.recipient),
        organisation=outgoing(pack.organisation),
        contact=outgoing(pack.contact) or None,
        languages=pack.preset.languages,
        rights=captions.RightsTold(
            usage_terms=_by_language(pack.usage_terms),
            data_mining="prohibited",
            data_mining_code="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED",
            credit_required=True,
            web_statement=outgoing(pack.web_statement) or None,
        ),
        pictures=tuple(map(_told, pack.pictures)),
        ledger=captions.LedgerTold(event=events, head=head) if head else None,
    )


def _told(picture: Picture) -> captions.PictureTold:
    return captions.PictureTold(
        asset=outgoing(picture.asset),
        file=outgoing(picture.file),
        sha256=picture.sha256,
        size=picture.size,
        width=picture.width,
        height=picture.height,
        taken=picture.taken,
        city=outgoing(picture.city) or None,
        country=outgoing(picture.country) or None,
        captions=_by_language(picture.captions),
        credit=outgoing(picture.credit),
        photographer=outgoing(picture.photographer),
    )


def _by_language(texts: Mapping[str, str]) -> dict[str, str]:
    return {outgoing(lang): outgoing(text, lines=True) for lang, text in texts.items()}


# --- credits ------------------------------------------------------------------------------


def _credits(pack: Contents) -> Iterator[Document]:
    rows: list[str] = []
    for lang in languages(pack):
        say = speech(lang)
        told = [pack_credits.title(say), ""]
        for paragraph in pack_credits.thanks(pack, say):
            told += [row for line in paragraph for row in wrapped(line, _WIDTH, 2)]
            told.append("")
        rows += [*_directed(told, lang), ""]
    rows += list(_lines(pack))
    yield "CREDITS.txt", _text(rows)


def _lines(pack: Contents) -> Iterator[str]:
    """Each credit line with the names of its pictures."""
    photographer = ""
    for line in pack_credits.lines(pack):
        if line.photographer != photographer:
            photographer = line.photographer
            yield from (photographer, "-" * min(len(photographer), _WIDTH))
        yield line.credit
        names = ", ".join(PurePosixPath(file).name for file in line.files)
        yield from (f"  {row}" for row in wrapped(names, _WIDTH - 2))
        yield ""


# --- terms --------------------------------------------------------------------------------


def _terms(pack: Contents) -> Iterator[Document]:
    for lang in languages(pack):
        rows = _directed(_terms_in(pack, speech(lang)), lang)
        yield f"TERMS.{lang}.txt", _text(rows)


def _terms_in(pack: Contents, say: Speech) -> Iterator[str]:
    yield from _underlined(pack_terms.title(say), "=")
    yield ""
    for name, value in pack_terms.about(pack, say):
        yield from wrapped(say.gettext("{name}: {value}", name=name, value=value), _WIDTH, 2)
    for section in pack_terms.sections(pack, say):
        yield ""
        yield from _underlined(section.heading, "-")
        for paragraph in section.paragraphs:
            yield from wrapped(paragraph, _WIDTH)
        for point in section.points:
            first, *others = wrapped(point, _WIDTH - 2)
            yield from (f"- {first}", *(f"  {row}" for row in others))


def _underlined(text: str, sign: str) -> Iterator[str]:
    yield text
    yield sign * min(len(text), _WIDTH)


# --- files --------------------------------------------------------------------------------


def _directed(rows: Iterable[str], lang: str) -> list[str]:
    """Lines that keep their order whatever direction an editor gives to all."""
    return [f"{_RLM}{row}{_RLM}" if lang == "ar" and row else row for row in rows]


def _text(rows: Sequence[str]) -> bytes:
    """Trailing empty lines left out."""
    return (_BOM + "\n".join(rows).rstrip("\n") + "\n").encode()


_WRITERS: Mapping[TextKind, Callable[[Contents], Iterator[Document]]] = {
    "captions": _captions,
    "credits": _credits,
    "terms": _terms,
}
