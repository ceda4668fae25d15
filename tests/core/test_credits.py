"""Whom to credit and how: the roster, its templates, the programmes, and their mistakes."""

from __future__ import annotations

from datetime import date

import pytest

from dam.core.credits import Credits, load_credits, load_programmes
from dam.core.errors import ProblemsError
from dam.core.facts import CaptionFact, TextFact
from dam.core.readings import Status
from tests.core.dossiers import RULES, facts, known

CREDITS = """\
schema: dam/credits/1
organisation: AMAL
photographers:
  - {id: rachid-azzouzy, name: Rachid Azzouzy, aliases: [R. Azzouzy, رشيد الزوزي]}
  - {id: radouan-bounjoum, name: Radouan Bounjoum, line: "{name} pour {organisation}"}
"""


def roster(text: str = CREDITS) -> Credits:
    return load_credits(text.encode())


def problems(text: str) -> list[str]:
    with pytest.raises(ProblemsError) as caught:
        roster(text)
    return list(caught.value.problems)


def test_the_shipped_roster_and_programme_load() -> None:
    shipped = load_credits((RULES.parent / "credits.yaml").read_bytes())
    assert {p.id for p in shipped.file.photographers} == {"rachid-azzouzy", "radouan-bounjoum"}
    programme = RULES.parent / "programmes" / "amal.yaml"
    assert set(load_programmes({"amal.yaml": programme.read_bytes()})) == {"amal"}


@pytest.mark.parametrize(
    ("name", "ident"),
    [
        ("Rachid Azzouzy", "rachid-azzouzy"),
        ("RACHID-AZZOUZY", "rachid-azzouzy"),
        (" r.  azzouzy", "rachid-azzouzy"),
        ("رشيد الزوزي", "rachid-azzouzy"),
        ("Radouan Bounjoum", "radouan-bounjoum"),
        ("Rachid", None),
        ("", None),
    ],
)
def test_who_is_meant_by_a_name(name: str, ident: str | None) -> None:
    assert roster().roster().match(name) == ident


def test_what_a_rendition_says() -> None:
    rights, line = roster().rights(facts(), pack="P-1")
    assert line == rights.credit_line == "Photo : Rachid Azzouzy / AMAL"
    assert rights.copyright == "© 2021 Rachid Azzouzy / AMAL"
    assert rights.creators == ("Rachid Azzouzy",)
    assert (rights.captured, rights.pack) == (date(2021, 11, 18), "P-1")
    assert rights.data_mining.endswith("DMI-PROHIBITED")
    own = facts(photographer=known("radouan-bounjoum"))
    assert roster().rights(own)[1] == "Radouan Bounjoum pour AMAL"


def test_only_captions_of_sidecars_go_out_french_first() -> None:
    caption = CaptionFact(
        status=Status.KNOWN,
        value={"und": "Karim scores", "fr": "Un match"},
        written={"ar": "مباراة", "es": "Un partido", "fr": "Un match", "en": "A match"},
    )
    rights, _ = roster().rights(facts(caption=caption))
    assert [lang for lang, _ in rights.captions] == ["fr", "en", "ar", "es"]
    assert "Karim" not in str(rights)


@pytest.mark.parametrize(
    "photographer", [TextFact(), TextFact(status=Status.UNREADABLE), known("jean-dupont")]
)
def test_whoever_is_not_in_the_roster_cannot_be_credited(photographer: TextFact) -> None:
    with pytest.raises(KeyError):
        roster().rights(facts(photographer=photographer))


@pytest.mark.parametrize(
    "line", ["{nom}", "{}", "{0}", "{name!r}", "{name:>9}", "{name.x}", "{name[0]}", "{name", "}"]
)
def test_a_template_holds_only_the_three_words(line: str) -> None:
    assert problems(f"line: '{line}'\n" + CREDITS)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CREDITS.replace("organisation", "organization"), "organization"),
        (CREDITS.split("photographers")[0], "photographers"),
        (CREDITS.split("photographers")[0] + "photographers: []\n", "photographers"),
        (CREDITS.replace("id: radouan-bounjoum", "id: Rachid-azzouzy"), "the same id"),
        (CREDITS.replace("name: Radouan Bounjoum", "name: r. AZZOUZY"), "share a name"),
        (CREDITS.replace("id: rachid-azzouzy", "id: Rachid Azzouzy"), "id"),
        ("", "credits.yaml"),
        ("[", "credits.yaml"),
    ],
)
def test_a_broken_roster_is_told(text: str, told: str) -> None:
    assert any(told in problem for problem in problems(text))


PROGRAMME = b"schema: dam/programme/1\nid: amal\ntitle: {fr: AMAL}\n"


def test_every_problem_of_the_programmes_is_told() -> None:
    with pytest.raises(ProblemsError) as caught:
        load_programmes(
            {"a.yaml": PROGRAMME, "b.yaml": PROGRAMME, "c.yaml": b"id: x", "d.yaml": b"["}
        )
    told = list(caught.value.problems)
    assert any("b.yaml: id: another programme file has the same id" in p for p in told)
    assert any(p.startswith("c.yaml") for p in told)
    assert any(p.startswith("d.yaml") for p in told)
