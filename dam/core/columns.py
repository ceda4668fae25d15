"""The columns of a consent register kept in a spreadsheet, with their names in three languages."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from dam.core.model import (
    AgeBand,
    Assent,
    ConsentState,
    GiverRole,
    LocationPermission,
    Method,
    NamePermission,
    Risk,
    Situation,
)

Path = tuple[str | int, ...]


class Kind(enum.StrEnum):
    """How the cells of a column are read."""

    TEXT = "text"
    WORD = "word"
    CODE = "code"
    LIST = "list"
    DATE = "date"


def fold(text: str) -> str:
    """A heading without case, accents, vowel marks and punctuation: `Âge (tranche)` is age tranche.

    Spaces, hyphens and underscores are one.
    """
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.findall(r"[^\W_]+", kept))


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its place in a consent record, its French and Arabic headings.

    `also` are further headings that are understood. `allowed` are the words its cells may
    hold, () where that is not a short list.
    """

    name: str
    path: Path
    fr: str
    ar: str
    also: tuple[str, ...] = ()
    kind: Kind = Kind.TEXT
    allowed: tuple[str, ...] = ()

    def heading(self, lang: str) -> str:
        """What a template in that language (en, fr, ar) puts above the column."""
        return {"fr": self.fr, "ar": self.ar}.get(lang, self.name)

    def spellings(self) -> tuple[str, ...]:
        return (self.name, self.fr, self.ar, *self.also)

    def spelling(self, heading: str) -> str:
        """Our own spelling of a heading that means this column."""
        wanted = fold(heading)
        return next((s for s in self.spellings() if fold(s) == wanted), self.name)


def _words(name: str, path: str, fr: str, ar: str, *also: str, of: Iterable[str]) -> Column:
    return Column(name, tuple(path.split(".")), fr, ar, also, Kind.WORD, tuple(of))


def _plain(name: str, path: str, fr: str, ar: str, *also: str, kind: Kind = Kind.TEXT) -> Column:
    return Column(name, tuple(path.split(".")), fr, ar, also, kind)


_YES_NO = ("yes", "no", "true", "false")
_DATE, _LIST, _CODE = Kind.DATE, Kind.LIST, Kind.CODE
_FACE, _NAME, _PLACE = "permissions.face", "permissions.name", "permissions.location"

COLUMNS: tuple[Column, ...] = (
    _plain("id", "id", "fiche", "رقم الموافقة", "consent", "consentement", "record"),
    _plain("subject", "subject.id", "personne", "رمز الشخص", "sujet", "pseudonyme", "person"),
    _plain("subject_name", "subject.name", "nom de la personne", "اسم الشخص", "nom complet",
           "full name"),
    _plain("first_name", "subject.first_name", "prénom", "الاسم الشخصي"),
    _plain("subject_contact", "subject.contact", "contact de la personne", "هاتف الشخص"),
    _words("age_band", "subject.age_band", "âge", "الفئة العمرية", "age", "tranche d'âge",
           of=AgeBand),
    _plain("birth_year", "subject.birth_year", "année de naissance", "سنة الميلاد"),
    _plain("birth_date", "subject.birth_date", "date de naissance", "تاريخ الميلاد", kind=_DATE),
    _words("unaccompanied", "subject.unaccompanied", "non accompagné", "غير مصحوب",
           "non accompagnée", "mineur non accompagné", of=_YES_NO),
    _words("situation", "subject.situation", "situation", "الوضعية", of=Situation),
    _words("risk", "subject.risk", "risque", "الخطر", of=Risk),
    _plain("notice_ref", "notice.ref", "formulaire", "مرجع الاستمارة", "notice",
           "référence du formulaire"),
    _plain("notice_language", "notice.language", "langue du formulaire", "لغة الشرح",
           "langue", "language", kind=_CODE),
    _words("interpreter", "notice.interpreter", "interprète", "مترجم", of=_YES_NO),
    _plain("purposes", "scope.purposes", "usages", "الأغراض", "purpose", "usage", "finalités",
           kind=_LIST),
    _plain("prohibited", "scope.prohibited", "usages interdits", "الممنوعات", "interdits",
           "interdit", kind=_LIST),
    _plain("territories", "scope.territories", "territoires", "البلدان", "territory",
           "territoire", "pays", "countries", kind=_LIST),
    _plain("valid_from", "scope.valid_from", "valable du", "صالحة من", "valide du", kind=_DATE),
    _plain("valid_until", "scope.valid_until", "valable jusqu'au", "صالحة إلى",
           "valide jusqu'au", kind=_DATE),
    _plain("valid_for", "scope.valid_for", "durée", "المدة", kind=_CODE),
    _words("face", _FACE, "visage", "إظهار الوجه", of=_YES_NO),
    _words("name", _NAME, "nom autorisé", "إظهار الاسم", "name allowed", of=NamePermission),
    _words("location", _PLACE, "lieu autorisé", "إظهار المكان", "location allowed", "lieu",
           of=LocationPermission),
    _words("giver_role", "givers.role", "signataire", "صفة الموقع", "qualité du signataire",
           "donné par", of=GiverRole),
    _words("giver_method", "givers.method", "forme", "طريقة الموافقة", "mode", "méthode",
           of=Method),
    _plain("giver_on", "givers.on", "signé le", "تاريخ التوقيع", "donné le", kind=_DATE),
    _plain("giver_name", "givers.name", "nom du signataire", "اسم الموقع"),
    _plain("giver_contact", "givers.contact", "contact du signataire", "هاتف الموقع"),
    _plain("witness", "givers.witness", "témoin", "الشاهد"),
    _plain("authority_evidence", "givers.authority_evidence", "preuve d'autorité",
           "إثبات الصفة", "justificatif"),
    _words("child_assent", "child_assent", "accord de l'enfant", "قبول الطفل", "assentiment",
           of=Assent),
    _words("state", "events.state", "état", "الحالة", "statut", "status", of=ConsentState),
    _plain("state_on", "events.on", "date de l'état", "تاريخ الحالة", "état le", kind=_DATE),
    _plain("photos", "assets.match", "photos", "الصور", "photographies", "fichiers"),
)  # fmt: skip

#: Columns by each of their headings, folded.
BY_NAME: dict[str, Column] = {fold(s): c for c in COLUMNS for s in c.spellings()}

#: `#` and one of these in the `id` column: an example of the template, never a record.
EXAMPLE_WORDS = {"en": "example", "fr": "exemple", "ar": "مثال"}
