"""A recall as a mail that is ready to be sent: one `.eml` (RFC 5322, MIME), text and HTML.

Nothing in it comes from the machine: the id is that of the recall at the domain of the contact,
the boundaries are made of it as well, and no header names a program. The same letter has the same
bytes.
"""

from __future__ import annotations

from email.headerregistry import Address, Group
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from dam.core.errors import ConfigurationError
from dam.core.recalls import Named, Notice, address
from dam.render import recall_page, recall_texts
from dam.render.text import outgoing


def document(notice: Notice) -> bytes | None:
    """The mail; None where the contact is no e-mail address: then nobody could send it so."""
    sender = address(notice.contact)
    if not sender:
        return None
    found = EmailMessage(policy=SMTP)
    try:
        _head(found, notice, sender)
    except ValueError:
        raise ConfigurationError(
            "The names of a recall cannot stand in a mail",
            "Correct withdrawal_contact in rules/consent/policy.yaml, or --to",
        ) from None
    texts = (recall_texts.text(notice, lang) for lang in recall_texts.LANGUAGES)
    found.set_content(f"\n{recall_texts.RULE}\n\n".join(texts), cte="base64")
    pictures = {
        named.file: f"{number}.{notice.name}@{_domain(sender)}"
        for number, named in enumerate(notice.files, 1)
        if named.thumb is not None
    }

    def source(named: Named) -> str:
        return f"cid:{pictures[named.file]}" if named.file in pictures else ""

    found.add_alternative(recall_page.mail(notice, source), subtype="html", cte="base64")
    _attach(found, notice, pictures)
    found["Content-Language"] = ", ".join(recall_texts.LANGUAGES)
    parts = [part for part in found.walk() if part.is_multipart()]
    for number, part in enumerate(parts, 1):
        # Without these a boundary is random. "=_" stands in no base64.
        part.set_boundary(f"=_{notice.name}_{number}")
    return found.as_bytes()


def _head(found: EmailMessage, notice: Notice, sender: str) -> None:
    us = Address(str(outgoing(notice.organisation)), addr_spec=sender)
    recipient = str(outgoing(notice.recipient))
    # An empty group (RFC 5322, 3.4) is a name that nothing is sent to until somebody adds where.
    to = Address(recipient, addr_spec=notice.to) if notice.to else Group(recipient, ())
    found["From"] = us
    found["Reply-To"] = us
    found["To"] = to
    found["Subject"] = recall_texts.subject(notice)
    found["Date"] = format_datetime(notice.at)
    found["Message-ID"] = _ident(notice, notice.number, sender)
    if notice.number > 1:
        first = _ident(notice, 1, sender)
        found["In-Reply-To"] = first
        found["References"] = first


def _attach(found: EmailMessage, notice: Notice, pictures: dict[str, str]) -> None:
    """Small pictures beside the HTML that shows them (RFC 2387)."""
    html = found.get_body(("html",))
    if not isinstance(html, EmailMessage):
        return
    for named in notice.files:
        if named.thumb is not None:
            html.add_related(
                named.thumb, "image", "jpeg", cid=f"<{pictures[named.file]}>", disposition="inline"
            )


def _ident(notice: Notice, number: int, sender: str) -> str:
    """The id of a letter of the recall: that is random, and of nothing else."""
    return f"<{notice.recall}.{number}@{_domain(sender)}>"


def _domain(sender: str) -> str:
    return sender.rpartition("@")[2].lower()
