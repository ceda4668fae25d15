"""Hypothesis strategies that damage bytes and lines, for every target."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

Draw = st.DrawFn

#: Numbers at which counts, offsets and lengths go wrong.
ODD = (0, 1, 2, 3, 4, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000)
WIDE = (*ODD, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
#: What readers look for: markers, magic words, signs of the text formats.
WORDS: tuple[bytes, ...] = (
    b"\xff\xd8", b"\xff\xd9", b"\xff\xda", b"\xff\xe1", b"\xff\xed", b"\xff\xfe", b"\xff\xff",
    b"Exif\0\0", b"II*\0", b"MM\0*", b"8BIM", b"\x1c\x02\x5a", b"Photoshop 3.0\0",
    b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0",
    b"<!DOCTYPE", b"<!ENTITY", b"&amp;", b"]]>", b"<![CDATA[", b"rdf:li", b"\xef\xbb\xbf",
    b"\n", b"\t", b": ", b"- ", b"&a ", b"*a", b"<<: ", b"---\n", b"|\n", b"'", b'"', b"#",
    b"{", b"}", b"[", b"]", b",", b"null", b"no", b"yes", b"~", b"!!str ", b"\0", b"\x85",
    b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\xed\xa0\x80", b"=1+1", b";",
)  # fmt: skip


@st.composite
def damaged(draw: Draw, data: bytes, most: int = 6) -> bytes:
    """`data` after up to `most` changes, none included."""
    body = bytearray(data)
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(body)))
        size = draw(st.integers(0, min(64, len(body) - at)))
        match draw(st.integers(0, 6)):
            case 0 if at < len(body):
                body[at] ^= 1 << draw(st.integers(0, 7))
            case 1:
                number = draw(st.sampled_from(WIDE)).to_bytes(4, "big")
                body[at : at + 4] = number[:: draw(st.sampled_from((1, -1)))]
            case 2:
                body[at : at + 2] = draw(st.sampled_from(ODD)).to_bytes(3, "big")[1:]
            case 3:
                body[at:at] = draw(st.sampled_from(WORDS) | st.binary(max_size=8))
            case 4:
                del body[at : at + size]
            case 5:
                body[at:at] = body[at : at + size]
            case _:
                source = draw(st.integers(0, len(body)))
                body[at : at + size] = body[source : source + size]
    if draw(st.integers(0, 9)) == 0:
        del body[draw(st.integers(0, len(body))) :]
    return bytes(body)


@st.composite
def shuffled(draw: Draw, lines: Sequence[str], more: Sequence[str], most: int = 5) -> list[str]:
    """`lines` after up to `most` changes: taken out, doubled, moved, indented, others put in."""
    found = list(lines)
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(found)))
        which = draw(st.integers(0, 4))
        if which == 0 or at == len(found):
            found.insert(at, draw(st.sampled_from(more)))
        elif which == 1:
            found.pop(at)
        elif which == 2:
            found.insert(at, found[at])
        elif which == 3:
            found.insert(draw(st.integers(0, len(found) - 1)), found.pop(at))
        else:
            found[at] = draw(st.sampled_from(("", " ", "  ", "- ", "  - "))) + found[at].lstrip()
    return found
