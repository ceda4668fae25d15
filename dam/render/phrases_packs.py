"""What `dam export` says of pictures that stay here, and of those that could not be made."""

from __future__ import annotations

from dam.render.phrases_doctor import mark

PACKS: tuple[str, ...] = (
    mark("The asset is gone"),
    mark("It is not approved for the archive"),
    mark("Due to be looked at again"),
    mark("Something that the query asks for is not known of it"),
    mark("See dam show"),
    mark("It may be used until {day} only"),
    mark("Agree on an earlier day with --until, or renew the consent"),
    mark("Every face is to be destroyed, and where all of them are is not known"),
    mark("Run dam ingest with the face check"),
    mark("It changed while the pack was made"),
)
