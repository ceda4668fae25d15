"""The check of the certificate that pictures are signed with; signing is nobody's duty."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from dam.adapters import machine
from dam.adapters.settings import Settings, Workspace
from dam.core.errors import DamError
from dam.flows.doctor.check import Check, bad, closed, fine, note

NAME = "content credentials"
#: An authority needs some weeks to give out another.
SOON = timedelta(days=60)


def examine(workspace: Workspace, settings: Settings, now: datetime) -> Check:
    """Whether `dam export --c2pa` could sign: found by signing something tiny."""
    named = settings.names_credentials
    if not named and not machine.enters(workspace.private):
        return closed(NAME)
    files = (workspace.certificate, workspace.key)
    if not named and not any(os.path.lexists(path) for path in files):
        return fine(NAME, "none: pictures go out unsigned")
    # It takes long to load, and few workspaces sign.
    from dam.adapters.credentials import open_signer

    try:
        found = open_signer(*files, now).certificate
    except DamError as error:
        return bad(NAME, error.what, error.hint or "See dam credentials show")
    day = f"{found.until:%Y-%m-%d}"
    if found.until - now < SOON:
        return note(
            NAME,
            f"ends on {day}, and what was signed with it counts no longer then",
            "Put a new one in its place, or make one: dam credentials create --replace",
        )
    if found.own:
        return fine(NAME, f"an own certificate until {day}; viewers call the signer unknown")
    return fine(NAME, f"a certificate until {day}")
