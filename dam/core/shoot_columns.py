"""The columns of a shoot table (`consent.csv`), with their names in three languages.

What it says of a photo and of a person stands here; the columns of a whole consent record
are those of the register (`dam.core.columns`).
"""

from __future__ import annotations

import re

from dam.core.columns import COLUMNS, Column, Kind, fold
from dam.core.record import ConsentItem
from dam.core.wording import model_at, words_of

_REGISTER = {column.name: column for column in COLUMNS}
ID, SUBJECT, AGE = (_REGISTER[name] for name in ("id", "subject", "age_band"))
_YES_NO = _REGISTER["face"].allowed


def _column(
    name: str,
    path: str,
    fr: str,
    ar: str,
    *also: str,
    kind: Kind = Kind.TEXT,
    of: tuple[str, ...] = (),
) -> Column:
    return Column(name, tuple(path.split(".")), fr, ar, also, Kind.WORD if of else kind, of)


def _of_record(column: Column) -> bool:
    """Whether a sidecar may say it: names and contacts are taken by the register alone."""
    return column.path[-1] in words_of(model_at(ConsentItem, column.path[:-1]))


PHOTO = _column("photo", "match", "photo", "الصورة", "match", "file", "fichier", "الملف")
IDENTIFIABLE = _column(
    "identifiable", "identifiable", "reconnaissable", "يمكن التعرف عليه", of=_YES_NO
)
REGION = _column("region", "region", "zone du visage", "منطقة الوجه", "face region")
TAGS = _column("tags", "tags", "mots-clés", "الوسوم", "étiquettes", "mots clés")
PEOPLE = _column("people", "people", "personnes", "الأشخاص", "personnes visibles", of=("none",))

#: What a row says of the photos themselves, by its place in a photo statement.
STATED: tuple[Column, ...] = (
    _column("photographer", "photographer", "photographe", "المصور"),
    _column("programme", "programme", "programme", "البرنامج", "program"),
    _column("caption_fr", "caption.fr", "légende fr", "التعليق بالفرنسية", "légende"),
    _column("caption_ar", "caption.ar", "légende ar", "التعليق بالعربية", "التعليق"),
    _column("caption_en", "caption.en", "légende en", "التعليق بالإنجليزية", "caption"),
    _column("country", "location.country", "pays de prise de vue", "بلد التصوير"),
    _column("city", "location.city", "ville", "المدينة", "town"),
    _column("place", "location.place", "lieu de prise de vue", "مكان التصوير"),
    _column("captured", "captured", "date de prise de vue", "تاريخ التصوير", kind=Kind.DATE),
    _column("embargo", "embargo", "embargo", "حظر النشر حتى", kind=Kind.DATE),
    _column("crowd", "crowd", "foule", "حشد", of=_YES_NO),
    _column("redact_others", "redact_others", "cacher les autres", "إخفاء الآخرين", of=_YES_NO),
    TAGS,
)

#: What a row says of the person it is about; `id` is the consent the person's entry rests on.
PERSON: tuple[Column, ...] = (SUBJECT, AGE, IDENTIFIABLE, REGION, ID)
#: Columns that only a consent record has: one cell in them makes the row tell of a record.
RECORD: tuple[Column, ...] = tuple(
    column
    for column in COLUMNS
    if column not in PERSON and column.name != "photos" and _of_record(column)
)
ALL: tuple[Column, ...] = (PHOTO, *PERSON[:4], PEOPLE, *STATED, ID, *RECORD)

#: Headings that could mean two things here, with what to write instead.
UNCLEAR: dict[str, str] = {
    "pays": "write 'pays de prise de vue' (where it was taken) or 'territoires' (where it may go)",
    "lieu": "write 'lieu de prise de vue' (where it was taken) or 'lieu autorisé' (the permission)",
    "photos": "write 'photo': the files this row speaks of",
    "photographies": "write 'photo': the files this row speaks of",
    "fichiers": "write 'photo': the files this row speaks of",
    "الصور": "write 'الصورة': the files this row speaks of",
}
#: Headings of the register for names and contacts, folded: they never stand beside photographs.
PRIVATE: frozenset[str] = frozenset(
    fold(spelling)
    for column in COLUMNS
    if not _of_record(column)
    for spelling in column.spellings()
)
BY_NAME: dict[str, Column] = {
    fold(spelling): column for column in ALL for spelling in column.spellings()
}
for _heading in UNCLEAR:
    BY_NAME.pop(_heading, None)

_CAPTION = re.compile("(?:caption|legende) ([a-z]{2,3})")


def column_of(heading: str) -> Column | None:
    """The column a heading means, or None. Captions may be in any language: `caption_es`."""
    folded = fold(heading)
    if (known := BY_NAME.get(folded)) is not None:
        return known
    if found := _CAPTION.fullmatch(folded):
        name = f"caption_{found[1]}"
        return Column(name, ("caption", found[1]), name, name)
    return None
