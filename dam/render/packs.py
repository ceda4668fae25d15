"""All that a press pack says, by those who write it."""

from __future__ import annotations

from collections.abc import Iterator

from dam.core.packing import Contents, Document
from dam.render import pack_texts


def documents(contents: Contents) -> Iterator[Document]:
    """Every text and page of a pack, one by one."""
    yield from pack_texts.documents(contents)
