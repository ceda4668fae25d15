"""Names and places are found however a caption writes them, and told by where alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core.facts import Facts, PlaceFact
from dam.core.naming import MAX_NAMES, Naming, Said, find, name_said, named_in, place_said, words
from dam.core.towns import SPELLINGS
from tests.core.dossiers import captioned, facts


def about(*towns: str, venues: tuple[str, ...] = (), **captions: str) -> Facts:
    return facts(caption=captioned(**captions), place=PlaceFact(towns=towns, venues=venues))


def said_of(caption: str, town: str = "Tanger", venue: str = "") -> str | None:
    return place_said(Said(caption), about(town, venues=(venue,) if venue else ()))


# Places ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "caption",
    [
        "Tanger : un match",
        "un match à TANGER",
        "à Tánger",
        "Tangier: a match",
        "un match (Tanger)",
        "les rues de Tanger-Ville",
        "#TangerFootball",
        "IMG_tanger_0147.jpg",
        "tanger2021",
        "L'équipe de l'Étoile de Tanger",
        "طنجة",
        "مباراة بطنجة",
        "وطنجة",
        "طَنْجَة",
        "طنـجة",
        "ﻃﻨﺠﺔ",
        "tan\u200bger",
        "Tan\u00adger",
    ],
)
def test_a_town_is_found_however_it_is_written(caption: str) -> None:
    assert said_of(caption) == "town"


@pytest.mark.parametrize(
    "caption",
    [
        "",
        "Un match",
        "une mandarine, a tangerine",
        "tangere",
        "étranger",
        "Maroc",
        "المغرب",
        "طن جة",
    ],
)
def test_what_only_looks_like_the_town_is_none(caption: str) -> None:
    assert said_of(caption) is None


@pytest.mark.parametrize(
    ("town", "caption"),
    [
        ("Casablanca", "بالدار البيضاء"),
        ("Casablanca", "للدار البيضاء"),
        ("Casablanca", "وفي الدار البيضاء"),
        ("الدار البيضاء", "à Casa, le soir"),
        ("Fes", "un soir à Fès"),
        ("Al Hoceima", "El puerto de Alhucemas"),
        ("Al-Hoceïma", "alhoceima"),
        ("Alhoceima", "Al Hoceïma"),
        ("Ksar el Kebir", "à Ksar-el-Kébir"),
        ("Douar Oulad Ziane / دوار أولاد زيان", "في دوار أولاد زيان"),
        ("Ville de Tanger", "à Tanger"),
        ("Rabat", "بالرباط"),
        ("Sant'Agata", "a Sant’Agata"),
    ],
)
def test_towns_in_other_spellings(town: str, caption: str) -> None:
    assert said_of(caption, town) == "town"


def test_a_venue_is_more_exact_than_its_town() -> None:
    venue = "École Ibn Khaldoun, Marchane"
    assert said_of("À l'école Ibn-Khaldoun de Tanger", venue=venue) == "venue"
    assert said_of("À Marchane", venue=venue) == "venue"
    assert said_of("Une école à Tanger", venue=venue) == "town"
    assert said_of("Une école", venue=venue) is None


def test_every_town_is_found_by_each_of_its_spellings() -> None:
    for row in SPELLINGS:
        for town in row:
            for caption in row:
                assert said_of(f"Un soir à {caption}.", town) == "town"


@pytest.mark.parametrize(
    "caption", ["35.7595, -5.8340", "35,7595 ; -5,8340", "35°45'34\"N", "https://maps.app.x/y"]
)
def test_coordinates_in_a_caption_are_exact(caption: str) -> None:
    assert find(about(fr=caption), "", {}).places == {"caption": "venue"}
    assert find(about(fr="En 2021, 12 joueurs, 3.5 km"), "", {}).places == {}


def test_where_a_place_stands() -> None:
    picture = about("Tanger", fr="Un match", ar="مباراة في طنجة")
    assert find(picture, "IMG_0001.JPG", {}).places == {"caption": "town"}
    assert find(picture, "tanger-1.jpg", {}).places == {"caption": "town", "file name": "town"}
    coordinates = picture.model_copy(update={"gps": True})
    assert find(coordinates, "x.jpg", {}).places == {"caption": "town", "metadata": "venue"}
    told = about("Tanger", fr="Un match").model_copy(
        update={"place": PlaceFact(towns=("Tanger",), in_metadata=True)}
    )
    assert find(told, "x.jpg", {}).places == {"metadata": "town"}


def test_a_caption_that_stands_in_the_metadata_alone_does_not_go_out() -> None:
    caption = captioned(fr="Un match").model_copy(
        update={"value": {"fr": "Un match", "en": "Karima in Tangier"}}
    )
    found = find(about("Tanger").model_copy(update={"caption": caption}), "", {"S-1": ["Karima"]})
    assert found == Naming({"metadata": "town"}, {"S-1": {"metadata": "first"}})


# Names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caption", "names", "expected"),
    [
        ("Karima marque", ["Karima Alaoui"], "first"),
        ("KARIMA", ["karima"], "first"),
        ("Karima’s goal", ["Karima Alaoui"], "first"),
        ("Mme Alaoui", ["Karima Alaoui"], "full"),
        ("Karima Alaoui", ["Karima Alaoui"], "full"),
        ("Karima", ["ALAOUI Karima"], "first"),
        ("Alaoui", ["ALAOUI Karima"], "full"),
        ("Karima", ["Alaoui, Karima"], "first"),
        ("Karima", ["Alaoui Karima", "Karima"], "first"),
        ("Alaoui", ["Alaoui Karima", "Karima"], "full"),
        ("Jean-Paul", ["Jean-Paul Sy"], "first"),
        ("Jean seul", ["Jean-Paul Sy"], "first"),
        ("M. Sy", ["Jean-Paul Sy"], "full"),
        ("هدف لكريمة", ["كريمة العلوي"], "first"),
        ("كَرِيمة", ["كريمة"], "first"),
        ("والعلوي", ["كريمة العلوي"], "full"),
        ("علوي", ["كريمة العلوي"], "full"),
        ("يلعب علي", ["علي"], "first"),
        ("الكرة على الأرض", ["علي"], None),
        ("إلى الملعب", ["علي"], None),
        ("Abdelkarim", ["Abdel Karim Ba"], "full"),
        ("Abdel Karim", ["Abdelkarim"], "first"),
        ("Zoe et Aicha", ["Aïcha"], "first"),
        ("une fille", ["Karima Alaoui"], None),
        ("la plage, le sable", ["La Le"], None),
        ("Karim", ["Karima"], None),
        ("l'an a passé", ["Ana"], None),
        ("de la ville", ["Youssef de la Cruz"], None),
        ("S-0147", ["12"], None),
        ("", ["Karima"], None),
        ("Karima", [], None),
    ],
)
def test_how_much_of_a_name_is_said(caption: str, names: list[str], expected: str | None) -> None:
    assert name_said(Said(caption), names) == expected


def test_a_word_never_reaches_from_one_language_into_the_next() -> None:
    assert name_said(Said("abdel", "karim"), ["Abdelkarim"]) is None
    assert name_said(Said("abdel karim"), ["Abdelkarim"]) == "first"


def test_names_are_found_by_subject_and_by_where() -> None:
    picture = about(fr="Karima marque")
    names = {"S-1": ("Karima Alaoui",), "S-2": ("Sara",)}
    found = find(picture, "alaoui_sara.jpg", names)
    assert found.names == {
        "S-1": {"caption": "first", "file name": "full"},
        "S-2": {"file name": "first"},
    }
    assert "Karima" not in json.dumps(found.body())


def test_names_of_the_metadata_are_told_by_where_alone() -> None:
    assert named_in([], ["Karima"], "") == {}
    assert named_in(["Karima"], [], "") == {"metadata": "full"}
    assert named_in(["Sara", "Karima B."], ["Karima"], "sara.jpg") == {
        "metadata": "full",
        "caption": "first",
        "file name": "first",
    }


def test_more_names_than_people_are_taken_to_stand_everywhere() -> None:
    crowd = [f"Name{chr(97 + n % 26)}" for n in range(MAX_NAMES + 1)]
    assert named_in(crowd, ["Un match"], "x.jpg")["caption"] == "full"


# Always --------------------------------------------------------------------------------------


@given(st.text(), st.text(), st.text())
def test_any_text_can_be_searched_for_any_other(caption: str, town: str, name: str) -> None:
    picture = about(town, venues=(name,), fr=caption)
    found = find(picture, caption, {"S-1": (name, town)})
    assert set(found.places) <= {"caption", "metadata", "file name"}
    assert found == find(picture, caption, {"S-1": (name, town)})


LETTERS = st.text(
    st.characters(min_codepoint=0x61, max_codepoint=0x7A), min_size=3, max_size=12
) | st.text(st.sampled_from("بتثجحخدذرزسشصضطعغفقكلمنهوي"), min_size=3, max_size=8)


@given(LETTERS, st.lists(LETTERS), st.lists(LETTERS))
def test_a_town_is_found_between_any_other_words(
    town: str, before: list[str], after: list[str]
) -> None:
    assert said_of(" ".join([*before, town, *after]), town) == "town"


@given(st.text(), st.text(), st.lists(st.text()))
def test_a_longer_caption_says_no_less(caption: str, more: str, names: list[str]) -> None:
    order = [None, "first", "full"]
    before, after = name_said(Said(caption), names), name_said(Said(caption, more), names)
    assert order.index(after) >= order.index(before)


@given(st.text(), st.lists(st.text()), st.text())
def test_one_more_town_is_never_less_exact(caption: str, towns: list[str], more: str) -> None:
    if place_said(Said(caption), about(*towns)):
        assert place_said(Said(caption), about(*towns, more))


@pytest.mark.parametrize("text", ["a" * 60_000, "a " * 30_000, "ال" * 30_000, "\ud800" * 100])
def test_endless_texts_are_searched_in_no_time(text: str) -> None:
    assert words(text) is not None
    name_said(Said(text), ["aaa", "ab"])
