"""All that a press pack says, by those who write it."""

from __future__ import annotations

from collections.abc import Iterator

from dam.core.packing import Contents, Document
from dam.render import booklet, pack_page, pack_texts


def documents(contents: Contents, template: bytes | None = None) -> Iterator[Document]:
    """Every text and page of a pack, one by one.

    `template` is the workspace's own one of booklets. Raises ConfigurationError where it or a
    logo cannot be used.
    """
    yield from pack_texts.documents(contents)
    yield from booklet.documents(contents, template)
    yield from pack_page.documents(contents)
