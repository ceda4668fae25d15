"""The sentences of `dam verify`, as `phrases` has those about photographs."""

from __future__ import annotations

from dam.render.phrases_doctor import mark

VERIFY: tuple[str, ...] = (
    mark("nothing"),
    mark("a file"),
    mark("a folder"),
    mark("a record"),
    mark("an asset"),
    mark("no pack"),
    mark("another key"),
    mark("no regular file"),
    mark("cannot be read"),
    mark("{n} bytes"),
    mark("was altered: its content does not match its seal: {digest}"),
    mark("holds something that no event can hold"),
    mark("does not continue the event before it: {digest}"),
    mark("follows event {n}: events are missing, doubled or out of order: {found}"),
    mark("its id was used before: {id}"),
    mark("the ledger does not end where it was last seen to end: {found}"),
    mark("Keep a copy of .dam as it is, then restore this from a backup"),
    mark("Somebody or a fault changed it: keep a copy of .dam, compare it with a backup"),
    mark("Take it out of there by hand, and find out who put it there"),
    mark("Run dam ingest, then dam verify again; if it is still told, take it out by hand"),
    mark("Run dam ingest, then dam verify again; if it is still told, records were changed"),
    mark("Compare it with the copy that is kept elsewhere"),
    mark("Timestamps need the package rfc3161-client"),
    mark("Find out whose key it is: this workspace did not sign this checkpoint"),
    mark("Give the checkpoint of this workspace; if it is, its ledger was begun anew"),
    mark("Run dam ingest once: it enters what stands into the ledger"),
    mark("Drop the same photo again, or restore it from a backup"),
    mark("Put it back from a backup, or run dam ingest after the next change"),
    mark("Take it out of the archive and restore it from a backup"),
    mark("Run dam ingest: it takes out what nothing allows"),
    mark("Remove it: it is made anew when it is needed"),
    mark("Do not send this copy on; compare it with what the recipient has"),
    mark("Nothing, unless the pack should be there"),
    mark("Nothing: the next dam ingest removes it"),
    mark("Nothing: dam is at work; run dam verify again when it is done"),
    mark("Run dam verify: it tells everything that is wrong"),
)
