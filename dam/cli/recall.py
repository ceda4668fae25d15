"""`dam recall`: recipients are asked to stop using pictures, and answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, ClassVar

import typer
from pydantic import TypeAdapter

from dam.adapters.desk import Desk
from dam.adapters.outfile import clear, new_file
from dam.cli import context as shared
from dam.cli.arguments import OwnWord, as_role, read
from dam.cli.context import Format, FormatOption
from dam.core.errors import StorageError, UsageError
from dam.core.fields import Text
from dam.core.recalls import DEADLINE_DAYS, REMINDER_DAYS, LetterKind, Notice, Standing, address
from dam.flows import packs
from dam.flows import recalls as flow
from dam.render import documents, terminal
from dam.render import recalls as letters

_NOTE: TypeAdapter[str] = TypeAdapter(Text)
_MAX_DAYS = 366

OutOption = Annotated[
    Path,
    typer.Option("--out", metavar="DIR", help="A folder for the letters; made where missing."),
]
DeadlineOption = Annotated[
    str,
    typer.Option("--deadline", metavar="DAYS", help="How long an answer may take: 14d, 2w."),
]
ThumbnailsOption = Annotated[
    bool,
    typer.Option("--thumbnails", help="With small pictures, made of the pack as it was sent."),
]


class _Recalls(OwnWord):
    left_out: ClassVar[str] = "notice"


recall = typer.Typer(
    cls=_Recalls,
    no_args_is_help=True,
    help="Ask who has a pack to stop using pictures of it: PACK, list, ack, remind.",
    epilog="Examples: dam recall P-20211118-k7q2mz9a4t --out letters; dam recall list --overdue",
)


def register(app: typer.Typer) -> None:
    example = "Example: dam recall"
    recall.command(
        "notice", epilog=f"{example} P-20211118-k7q2mz9a4t --out letters --deadline 14d"
    )(notice)
    recall.command("list", epilog=f"{example} list --overdue --format json")(list_)
    recall.command(
        "ack", epilog=f"{example} ack R-20211201-m4x8 --by press-officer --note 'By telephone'"
    )(ack)
    recall.command("remind", epilog=f"{example} remind --after 7d --out letters")(remind)
    app.add_typer(recall, name="recall")


def notice(
    context: typer.Context,
    pack: Annotated[str, typer.Argument(metavar="PACK", help="Its id, or a unique beginning.")],
    out: OutOption,
    deadline: DeadlineOption = "",
    to: Annotated[
        str, typer.Option("--to", metavar="ADDRESS", help="Whom the mail goes to; not kept.")
    ] = "",
    ended: Annotated[
        bool,
        typer.Option(
            "--ended", help="Also ask for what may be used no longer, such as an expired consent."
        ),
    ] = False,
    thumbnails: ThumbnailsOption = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Write the notice to whoever has a pack; the word `notice` may be left out.

    In French, Arabic and English: a text, a page, and one mail (.eml) that is ready to be sent.
    It names every file of the pack that is asked back, no person, and no reason. dam sends
    nothing itself. The day for the answer is 14 days ahead unless --deadline says otherwise.
    """
    days = _days(deadline, "--deadline") if deadline else None
    _reachable(to)
    with shared.desk(context, writing=True) as desk:
        row, _ = packs.find(desk, pack)
        if ended:
            shown = packs.show(desk, row.id).items
            flow.ask_for(desk, row, [each.item.file for each in shown if not each.usable])
        standing = flow.of_pack(desk, row)
        written = [_written(desk, standing, out, "notice", days, to, thumbnails)]
    _tell(context, written, format_)


def list_(
    context: typer.Context,
    opened: Annotated[
        bool, typer.Option("--open", help="Only those that nobody has acknowledged.")
    ] = False,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only those that should have been answered.")
    ] = False,
    personal: Annotated[
        bool, typer.Option("--personal", help="Also what was noted, which may be personal.")
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Every recall: whose answer is missing, and until when it was asked for."""
    with shared.desk(context) as desk:
        found = [
            one
            for one in flow.listed(desk)
            if (one.recall.open or not (opened or overdue)) and (one.overdue or not overdue)
        ]
        notes = flow.notes_of(desk, found) if personal else {}
    if format_ is Format.JSON:
        told = [
            {**letters.standing(one), **({"note": notes.get(one.recall.id)} if personal else {})}
            for one in found
        ]
        terminal.emit({"recalls": told})
        return
    say = shared.speech(context)
    headings = say.headings("recall", "pack", "recipient", "photos", "state", "answer by")
    noted = say.headings("note") if personal else ()
    terminal.table(
        (*headings, *noted),
        [
            (
                *(one.recall.id, one.pack.id, one.pack.recipient, len(one.recall.files)),
                say.word("recall", one.state),
                one.recall.deadline,
                *((notes.get(one.recall.id, ""),) if personal else ()),
            )
            for one in found
        ],
    )
    terminal.line(say.gettext("recalls: {n}", n=len(found)))


def ack(
    context: typer.Context,
    ident: Annotated[str, typer.Argument(metavar="RECALL", help="Its id, or a unique beginning.")],
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="ROLE",
            help="Who took the answer: a role such as press-officer, never a person's name.",
        ),
    ],
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="What was answered; not in the ledger.")
    ] = "",
    format_: FormatOption = Format.TABLE,
) -> None:
    """Record that a recipient has confirmed. Pictures asked back later open another recall."""
    role = as_role(by)
    told = read(_NOTE, note, "--note takes a text of at most 4000 characters") if note else ""
    with shared.desk(context, writing=True) as desk:
        done = flow.acknowledge(desk, ident, role, told)
    if format_ is Format.JSON:
        terminal.emit(letters.standing(done))
        return
    say = shared.speech(context)
    terminal.line(
        say.gettext(
            "{recall}: {recipient} has confirmed, recorded by {role}",
            recall=done.recall.id,
            recipient=done.pack.recipient,
            role=role,
        )
    )


def remind(
    context: typer.Context,
    out: OutOption,
    ident: Annotated[
        str,
        typer.Argument(
            metavar="[RECALL]", help="Only this one, due or not; else all that are due."
        ),
    ] = "",
    after: Annotated[
        str,
        typer.Option("--after", metavar="DAYS", help="Also those whose last letter is so old: 7d."),
    ] = "",
    deadline: DeadlineOption = "",
    thumbnails: ThumbnailsOption = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Write reminders to those whose answer is overdue.

    One that had a letter within a day is left out unless it is named. A reminder asks for an answer
    within 7 days unless --deadline says otherwise; what is overdue stays so in the audit.
    """
    days = _days(deadline, "--deadline") if deadline else REMINDER_DAYS
    waited = _days(after, "--after") if after else None
    with shared.desk(context, writing=True) as desk:
        due = [flow.find(desk, ident)] if ident else flow.to_remind(desk, waited)
        written = [_written(desk, one, out, "reminder", days, "", thumbnails) for one in due]
        unsent = [] if ident else [one for one in flow.listed(desk) if one.state == "unsent"]
    say = shared.speech(context)
    for one in unsent:
        terminal.note(
            say.gettext(
                "{recall} still needs a notice: dam recall {pack} --out DIR",
                recall=one.recall.id,
                pack=one.pack.id,
            )
        )
    _tell(context, written, format_)


Written = tuple[Notice, list[Path]]


def _written(
    desk: Desk,
    standing: Standing,
    out: Path,
    kind: LetterKind,
    days: int | None,
    to: str,
    thumbnails: bool,
) -> Written:
    with flow.thumbnails(desk, standing.pack) if thumbnails else nullcontext() as small:
        letter = flow.compose(desk, standing, kind, days, to, small)
    files = list(letters.documents(letter))
    with _all_or_none(out) as made:

        def write(_: Notice) -> None:
            for name, data in files:
                # A letter of this number is not on record: a kill left what tells of it.
                clear(out / name, letter.recall)
                with new_file(out / name) as file:
                    file.write(data)
                made.append(out / name)

        flow.send(desk, letter, write)
        return letter, list(made)


@contextmanager
def _all_or_none(out: Path) -> Iterator[list[Path]]:
    """Files in a folder, removed again where the block ends badly."""
    made: list[Path] = []
    try:
        out.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{out} cannot be made ({error.strerror})", "Name another --out"
        ) from error
    try:
        yield made
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _tell(context: typer.Context, written: list[Written], format_: Format) -> None:
    if format_ is Format.JSON:
        terminal.emit({"letters": [_document(*one) for one in written]})
        return
    say = shared.speech(context)
    for letter, files in written:
        n = len(letter.files)
        told = say.ngettext("{n} picture", "{n} pictures", n)
        terminal.line(
            say.gettext(
                "{recall} for {recipient}: {pictures}, answer by {day}",
                recall=letter.recall,
                recipient=letter.recipient,
                pictures=told,
                day=letter.deadline,
            )
        )
        for path in files:
            terminal.line(say.line("  {file}", file=path))
        if not address(letter.contact):
            terminal.note(
                say.gettext(
                    "No mail was made: withdrawal_contact in rules/consent/policy.yaml is no"
                    " e-mail address"
                )
            )
    if not written:
        terminal.line(say.gettext("Nobody is to be reminded today"))


def _document(letter: Notice, files: list[Path]) -> documents.Json:
    return {
        "recall": letter.recall,
        "pack": letter.pack,
        "recipient": letter.recipient,
        "kind": letter.kind,
        "number": letter.number,
        "deadline": letter.deadline.isoformat(),
        "pictures": [
            {
                "file": named.file,
                "thumbnail": named.thumb is not None,
                "missing": named.missing or None,
            }
            for named in letter.files
        ],
        "files": [str(path) for path in files],
    }


def _reachable(to: str) -> None:
    if to and address(to) != to:
        raise UsageError("--to takes one e-mail address", "Write it as photo@newspaper.example")


def _days(text: str, option: str) -> int:
    """Days out of `14`, `14d`, `2w`. Raises UsageError."""
    found = re.fullmatch(r"([0-9]{1,3})([dw]?)", text.strip())
    days = int(found[1]) * (7 if found[2] == "w" else 1) if found else 0
    if not 0 < days <= _MAX_DAYS:
        raise UsageError(f"{option} {text!r} is no number of days", f"Write it as {DEADLINE_DAYS}d")
    return days
