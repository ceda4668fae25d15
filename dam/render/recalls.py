"""A letter of a recall as files, and recalls as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from dam.core.recalls import Notice, Recall, Standing
from dam.render import recall_page, recall_texts

Json = dict[str, object]


def documents(notice: Notice) -> Iterator[tuple[str, bytes]]:
    """Every file of a letter by name: a text and a page in each language, and the mail where one

    can be made.
    """
    for lang in recall_texts.LANGUAGES:
        yield f"{notice.name}.{lang}.txt", recall_texts.document(notice, lang)
        yield f"{notice.name}.{lang}.html", recall_page.document(notice, lang)
    # Python's mail is large, and few commands write one.
    from dam.render import recall_mail

    if (mail := recall_mail.document(notice)) is not None:
        yield f"{notice.name}.eml", mail


def recall(item: Recall, day: date) -> Json:
    """A recall as it stands on a day, without what was noted of the answer."""
    ended = item.row.ended_at
    return {
        "recall": item.id,
        "pack": item.row.pack,
        "state": item.state(day),
        "opened_at": item.row.opened_at.isoformat(),
        "deadline": item.deadline.isoformat(),
        "overdue": item.overdue(day),
        "files": [
            {
                "file": asked.file,
                "added_at": asked.added_at.isoformat(),
                "told_at": asked.told_at.isoformat() if asked.told_at else None,
            }
            for asked in item.files
        ],
        "letters": [
            {
                "number": letter.number,
                "kind": letter.kind,
                "at": letter.at.isoformat(),
                "deadline": letter.deadline.isoformat(),
            }
            for letter in item.letters
        ],
        "acknowledged_at": ended.isoformat() if ended else None,
        "acknowledged_by": item.row.role or None,
    }


def standing(item: Standing) -> Json:
    """The same with who has the pack."""
    return {**recall(item.recall, item.day), "recipient": item.pack.recipient}
