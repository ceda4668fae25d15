"""The filled example that the templates of `dam consent template` show, and their YAML form."""

from __future__ import annotations

from dam.core.record import ConsentItem

EXAMPLE = ConsentItem.model_validate(
    {
        "id": "C-2021-0147",
        "subject": {
            "id": "S-0147",
            "age_band": "6-11",
            "unaccompanied": "no",
            "situation": "migrant",
            "risk": "low",
        },
        "notice": {"ref": "AMAL-form-fr-2", "language": "fr", "interpreter": "no"},
        "scope": {
            "purposes": ["press", "web", "print"],
            "prohibited": ["commercial", "political"],
            "territories": ["world"],
            "valid_from": "2021-11-01",
            "valid_until": "2031-10-31",
        },
        "permissions": {"face": "yes", "name": "none", "location": "country"},
        "givers": [{"role": "parent", "method": "written", "on": "2021-10-28"}],
        "child_assent": "given",
        "events": [{"state": "given", "on": "2021-10-28"}],
    }
)

#: Sheet names of workbooks; they may hold 31 characters.
TITLES = {"en": "Consents", "fr": "Consentements", "ar": "الموافقات"}

_INTRODUCTIONS = {
    "en": (
        "Consent records for `dam consent import`. What follows is an example: take the `#` of its",
        "lines away, write your own values, and repeat it from `- id:` on for each further record.",
        "Use pseudonyms, never names. Dates are written YYYY-MM-DD.",
    ),
    "fr": (
        "Fiches de consentement pour `dam consent import`. Voici un exemple : enlevez le `#` de",
        "ses lignes, écrivez vos valeurs, répétez-le à partir de `- id:` pour toute autre fiche.",
        "Utilisez des pseudonymes, jamais de noms. Les dates s'écrivent AAAA-MM-JJ.",
    ),
    "ar": (
        "سجلات الموافقة لأمر `dam consent import`. ما يلي مثال: احذف علامة `#` من سطوره،",
        "واكتب قيمك، وكرره ابتداء من `- id:` لكل سجل آخر.",
        "استعمل رموزا ولا تكتب أسماء أبدا. تكتب التواريخ على شكل YYYY-MM-DD.",
    ),
}

_YAML = """\
schema: dam/consent/1
consents:
#  - id: C-2021-0147
#    subject: {id: S-0147, age_band: 6-11, unaccompanied: no, situation: migrant, risk: low}
#    notice: {ref: AMAL-form-fr-2, language: fr, interpreter: no}
#    scope:
#      purposes: [press, web, print]
#      prohibited: [commercial, political]
#      territories: [world]
#      valid_from: 2021-11-01
#      valid_until: 2031-10-31
#    permissions: {face: yes, name: none, location: country}
#    givers: [{role: parent, method: written, on: 2021-10-28}]
#    child_assent: given
#    events: [{state: given, on: 2021-10-28}]
"""


def yaml_template(lang: str) -> str:
    """A YAML file without any record, the example in comments; comments in en, fr or ar."""
    return "".join(f"# {line}\n" for line in _INTRODUCTIONS[lang]) + _YAML
