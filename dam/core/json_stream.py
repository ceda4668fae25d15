"""A large JSON object read a member at a time, so that it may be of any length.

Only the outer object and the lists and objects directly in it are taken apart; each of their
members is handed out as its text. Nothing is trusted: no member may be longer than `LONGEST`, no
word of the outer object may stand twice, and nothing may follow it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import NoReturn

#: The longest member, in characters: an asset that shows ten thousand people is shorter.
LONGEST = 1024 * 1024
#: Words of the outer object.
MOST_WORDS = 1000

_BLANK = re.compile(r"[ \t\n\r]*")
#: What may follow a value, where the text goes on.
_AFTER = tuple(" \t\n\r,:]}")
#: (word of the outer object, place in its value, text). The place of a list's member is its
#: number, of an object's its word, and None for a value that has no members, and for the bracket
#: that opens one that has.
Piece = tuple[str, int | str | None, str]


class Malformed(ValueError):
    """This is no such JSON; the message says where and why."""


def _refuse(constant: str) -> NoReturn:
    raise Malformed(f"{constant} is no JSON")


#: Numbers stay text here: nobody may make us compute one of a million digits.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse)


def pieces(chunks: Iterable[str]) -> Iterator[Piece]:
    """The members of the object that these chunks of text make up. Raises Malformed."""
    text = _Text(chunks)
    text.expect("{")
    seen: set[str] = set()
    for word in text.words():
        if word in seen or len(seen) == MOST_WORDS:
            text.fail(f"{word[:40]!r} stands twice" if word in seen else "too many words")
        seen.add(word)
        opening = text.ahead()
        if opening not in ("[", "{"):
            yield word, None, text.value()
            continue
        text.expect(opening)
        yield word, None, opening
        if opening == "[":
            for number, _ in enumerate(text.items()):
                yield word, number, text.value()
        else:
            for name in text.words():
                yield word, name, text.value()
    if text.ahead():
        text.fail("something follows the object")


class _Text:
    """Text that arrives in chunks, and how far it was read."""

    def __init__(self, chunks: Iterable[str]) -> None:
        self._chunks = iter(chunks)
        self._kept = ""
        self._at = 0
        self._lines = 1

    def fail(self, why: str) -> NoReturn:
        line = self._lines + self._kept.count("\n", 0, self._at)
        raise Malformed(f"line {line}: {why}")

    def ahead(self) -> str:
        """The next character that is no blank; "" at the end."""
        while True:
            if match := _BLANK.match(self._kept, self._at):
                self._at = match.end()
            if self._at < len(self._kept):
                return self._kept[self._at]
            if not self._more():
                return ""

    def expect(self, char: str) -> None:
        """Pass over this character."""
        if self.ahead() != char:
            self.fail(
                f"{char!r} is expected" if self._kept[self._at :] else "the file ends too soon"
            )
        self._at += 1

    def items(self) -> Iterator[None]:
        """Once for each member of a list whose bracket was passed; its value is read by `value`."""
        return self._members("]")

    def words(self) -> Iterator[str]:
        """The word of each member of an object whose bracket was passed, likewise."""
        for _ in self._members("}"):
            if self.ahead() != '"':
                self.fail("a word in quotes is expected")
            word = json.loads(self.value())
            self.expect(":")
            yield word

    def _members(self, closing: str) -> Iterator[None]:
        if self.ahead() != closing:
            yield
            while self.ahead() == ",":
                self.expect(",")
                yield
        self.expect(closing)

    def value(self) -> str:
        """The text of the value that comes next."""
        self.ahead()
        while True:
            all_here = len(self._kept) - self._at > LONGEST
            try:
                end = _DECODER.raw_decode(self._kept, self._at)[1]
            except json.JSONDecodeError as error:
                # It may only not be here whole.
                if all_here or not self._more():
                    self.fail("a member is too long, or no JSON" if all_here else error.msg)
                continue
            except RecursionError:
                self.fail("nested too deeply")
            if end - self._at > LONGEST:
                self.fail("a member is too long")
            # A number may go on in the next chunk: of `1.5e9` first `1.` may have come.
            if self._kept[end : end + 1] in _AFTER or all_here or not self._more():
                told, self._at = self._kept[self._at : end], end
                return told

    def _more(self) -> bool:
        """Take in another chunk, or several where the member in hand is long; false at the end."""
        rest, taken, length = len(self._kept) - self._at, list[str](), 0
        for chunk in self._chunks:
            taken.append(chunk)
            length += len(chunk)
            if length >= max(1, rest):
                break
        if not length:
            return False
        self._lines += self._kept.count("\n", 0, self._at)
        self._kept = "".join((self._kept[self._at :], *taken))
        self._at = 0
        return True
