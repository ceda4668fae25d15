"""`dam credentials create`, `dam credentials show`."""

from __future__ import annotations

from typing import Annotated

import typer

from dam.adapters.settings import Workspace, prepare
from dam.cli import context as shared
from dam.cli.context import Format, FormatOption
from dam.core.credentials import DAYS, MOST_DAYS, Certificate, organisation_name
from dam.core.errors import ConfigurationError, DamError, UsageError
from dam.render import terminal
from dam.render.documents import Json
from dam.render.lang import Speech, speech

credentials = typer.Typer(
    no_args_is_help=True,
    help="The certificate that `dam export --c2pa` signs pictures with: create, show.",
    epilog='Example: dam credentials create --organisation "AMAL"',
)


def register(app: typer.Typer) -> None:
    example = "Example: dam credentials"
    credentials.command(
        "create", epilog=f'{example} create --organisation "Programme AMAL" --days 730'
    )(create)
    credentials.command("show", epilog=f"{example} show --format json")(show)
    app.add_typer(credentials, name="credentials")


def create(
    context: typer.Context,
    organisation: Annotated[
        str,
        typer.Option(
            "--organisation", metavar="NAME", help="Who signs: an organisation, never a person."
        ),
    ],
    days: Annotated[
        int,
        typer.Option(
            "--days", min=1, max=MOST_DAYS, help="How long it and what it signed will count."
        ),
    ] = DAYS,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="In place of the one there is, whose key is gone then."),
    ] = False,
    format_: FormatOption = Format.TABLE,
) -> None:
    """Make a certificate of the organisation's own, and its key, under .dam/credentials.

    It needs no authority and no connection. Viewers call such a signer unknown: they know those
    alone whose certificate comes from an authority on their list. docs/credentials.md says how to
    use one of these.
    """
    # It takes long to load, and few commands need it.
    from dam.adapters import certificates

    name = organisation_name(organisation)
    if not name:
        raise UsageError("--organisation takes the name of an organisation, at most 64 characters")
    workspace, settings = shared.place(context)
    if settings.names_credentials:
        raise ConfigurationError(
            "dam.toml names another certificate, and that one signs",
            "Take [credentials] out of dam.toml to sign with one made here",
        )
    prepare(workspace)
    place = workspace.certificate.parent
    made = certificates.create(place, name, days, shared.now(), replace=replace)
    written = [
        str((place / file).relative_to(workspace.root))
        for file in (certificates.CERTIFICATE, certificates.AUTHORITY, certificates.KEY)
    ]
    if format_ is Format.JSON:
        terminal.emit({"certificate": _document(made), "written": written})
        return
    say = shared.speech(context)
    for file in written:
        terminal.line(say.gettext("written: {file}", file=file))
    _tell(say, made)


def show(context: typer.Context, format_: FormatOption = Format.TABLE) -> None:
    """Show the certificate that pictures are signed with, and whether it can sign today."""
    from dam.adapters import certificates

    workspace, _ = shared.place(context)
    found = certificates.look(workspace.certificate)
    problem = _problem(workspace)
    if format_ is Format.JSON:
        plain = speech(shared.options(context).lang, "plain")
        told = plain.told(str(problem)) if problem is not None else None
        terminal.emit({"certificate": _document(found), "usable": problem is None, "problem": told})
        return
    say = shared.speech(context)
    _tell(say, found)
    if problem is not None:
        terminal.line(say.told(str(problem)), "red")


def _problem(workspace: Workspace) -> DamError | None:
    """Why nothing can be signed now; found by signing something."""
    from dam.adapters.credentials import open_signer

    try:
        open_signer(workspace.certificate, workspace.key, shared.now())
    except DamError as error:
        return error
    return None


def _tell(say: Speech, found: Certificate) -> None:
    day = f"{found.until:%Y-%m-%d}"
    terminal.line(say.gettext("signs for: {name}", name=found.subject))
    terminal.line(say.gettext("issued by: {name}", name=found.issuer))
    terminal.line(say.gettext("until: {day}; what it signed counts no longer than that", day=day))
    terminal.line(
        say.gettext(
            "fingerprint: {fingerprint} ({algorithm})",
            fingerprint=found.fingerprint,
            algorithm=found.algorithm,
        )
    )
    if found.own:
        terminal.line(
            say.gettext(
                "Viewers call this signer unknown, until the organisation has a certificate of an "
                "authority on their list: docs/credentials.md says how to put one in"
            )
        )


def _document(found: Certificate) -> Json:
    return {
        "subject": found.subject,
        "issuer": found.issuer,
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "fingerprint": found.fingerprint,
        "algorithm": found.algorithm,
        "own": found.own,
    }
