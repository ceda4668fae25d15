"""What the photographs of the demo show, who is on them, and what must come of it.

Dates are those of AMAL, autumn 2021, as long as consents until 2031 are in force; later the
whole story moves on by whole years, so that it always ends the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from demo import draw
from demo.draw import CANON, NIKON, Camera, Place, Shot
from demo.sidecars import Calendar, Consent, Photo, adult, shoot_sheet, sidecar

RACHID, RADOUAN = "rachid-azzouzy", "radouan-bounjoum"
TANGER = f"{RACHID}/tanger-football"
CASABLANCA = f"{RACHID}/casablanca-basket"
RABAT = f"{RADOUAN}/rabat-theatre"
OUJDA = f"{RADOUAN}/oujda-musique"
CITIES = {TANGER: "Tanger", CASABLANCA: "Casablanca", RABAT: "Rabat", OUJDA: "Oujda"}
TEAM = tuple(Consent(n, born=2014 + n % 2) for n in range(147, 152))
CHILD_AT_RISK = Consent(184, situation="refugee")


@dataclass(frozen=True)
class Story:
    """The files of the first drop, those that come later, and the photographs behind them."""

    photos: tuple[Photo, ...]
    #: A second copy of a photograph that comes later: (path of the copy, path of the photograph).
    twice: tuple[str, str]
    sidecars: dict[str, str]
    #: Path of the photograph that waits for it, and the sidecar.
    late: tuple[str, str]
    #: Path of the photograph, and its sidecar with the withdrawal in it.
    withdrawal: tuple[str, str]
    #: The photograph of which the file breaks off, and the one whose sidecar is misspelt.
    broken: str
    misspelt: str


def tell(today: date) -> Story:
    """The story as it is on `today`."""
    calendar = Calendar.on(today)
    photos = (*_football(calendar), *_basketball(calendar), *_theatre(calendar), *_music(calendar))
    late, withdrawn = f"{CASABLANCA}/DSC_0309.JPG", f"{RABAT}/IMG_2041.JPG"
    without = {late, f"{OUJDA}/IMG_3124.JPG"}
    sidecars = {
        f"{TANGER}/consent.yaml": shoot_sheet([p for p in photos if p.folder == TANGER], calendar)
    }
    for photo in photos:
        if photo.folder != TANGER and photo.path not in without:
            text = sidecar(photo, CITIES[photo.folder], calendar)
            sidecars[f"{photo.path}.consent.yaml"] = text
    misspelt = f"{OUJDA}/IMG_3117.JPG"
    wrong = f"{misspelt}.consent.yaml"
    sidecars[wrong] = sidecars[wrong].replace("valid_until:", "valid_untill:")
    by_path = {p.path: p for p in photos}
    mother = f", {{state: withdrawn, on: {today.isoformat()}, by: the mother}}"
    first, *rest = by_path[withdrawn].people
    taken_back = replace(by_path[withdrawn], people=(replace(first, said=mother), *rest))
    return Story(
        photos=photos,
        twice=(f"{TANGER}/DSC_0147 (1).JPG", f"{TANGER}/DSC_0147.JPG"),
        sidecars=sidecars,
        late=(late, sidecar(by_path[late], "Casablanca", calendar)),
        withdrawal=(withdrawn, sidecar(taken_back, "Rabat", calendar)),
        broken=f"{CASABLANCA}/DSC_0318.JPG",
        misspelt=misspelt,
    )


def _shot(
    calendar: Calendar, scene: str, at: str, place: Place, camera: Camera, *, seed: int = 7
) -> Shot:
    """`at` is month, day and time of the year of the pictures."""
    taken = datetime.strptime(f"{calendar.year(2021)}-{at}", "%Y-%m-%d %H:%M")  # noqa: DTZ007  cameras know no zone
    return Shot(scene, taken, place, camera, seed)


def _football(calendar: Calendar) -> list[Photo]:
    def shot(scene: str, at: str) -> Shot:
        return _shot(calendar, scene, f"11-06 {at}", draw.TANGER, NIKON)

    return [
        Photo(
            f"{TANGER}/DSC_0141.JPG",
            shot("match", "17:12"),
            (
                "Tanger : un match face au détroit réunit des enfants du quartier et d'ailleurs.",
                "طنجة: مباراة أمام المضيق تجمع أطفال الحي وأطفالا قدموا من بعيد.",
                "Tangier: a match above the strait brings together children from near and far.",
            ),
            TEAM[:3],
            others=5,
        ),
        Photo(
            f"{TANGER}/DSC_0147.JPG",
            shot("goal", "17:20"),
            (
                "Tanger : la gardienne s'envole, tout le terrain retient son souffle.",
                "طنجة: الحارسة تقفز والملعب كله يحبس أنفاسه.",
                "Tangier: the keeper flies and the whole pitch holds its breath.",
            ),
            TEAM[3:],
            others=3,
        ),
        Photo(
            f"{TANGER}/DSC_0152.JPG",
            shot("captain", "17:41"),
            (
                "Tanger : le numéro 7 après le match, le ballon sous le bras.",
                "طنجة: صاحبة الرقم 7 بعد المباراة والكرة تحت ذراعها.",
                "Tangier: number 7 after the match, the ball under her arm.",
            ),
            (TEAM[0],),
            others=2,
        ),
        Photo(
            f"{TANGER}/DSC_0160.JPG",
            shot("from_above", "16:55"),
            (
                "Tanger : vus d'un toit, deux équipes et leurs ombres.",
                "طنجة: فريقان وظلالهما من فوق السطح.",
                "Tangier: seen from a roof, two teams and their shadows.",
            ),
            others=12,
        ),
    ]


def _basketball(calendar: Calendar) -> list[Photo]:
    def shot(scene: str, at: str, seed: int = 7) -> Shot:
        return _shot(calendar, scene, f"11-27 {at}", draw.CASABLANCA, NIKON, seed=seed)

    return [
        Photo(
            f"{CASABLANCA}/DSC_0301.JPG",
            shot("ocean", "18:22"),
            (
                "Casablanca : la ville et l'océan au coucher du soleil.",
                "الدار البيضاء: المدينة والمحيط عند الغروب.",
                "Casablanca: the city and the ocean at sunset.",
            ),
        ),
        *_court(shot),
        *_hall(shot),
    ]


def _court(shot: Callable[..., Shot]) -> list[Photo]:
    court = (
        "Casablanca : tir en suspension au-dessus de la ville.",
        "الدار البيضاء: رمية فوق المدينة.",
        "Casablanca: a jump shot above the city.",
    )
    return [
        Photo(
            f"{CASABLANCA}/DSC_0305.JPG",
            shot("court", "18:40"),
            court,
            (Consent(171), Consent(172, purposes="internal, web")),
            others=2,
            press=False,
            why="consent for internal use and the web alone",
        ),
        Photo(
            f"{CASABLANCA}/DSC_0312.JPG",
            shot("morning_court", "09:10"),
            court,
            (Consent(179, valid="valid_for: 3y"), Consent(171)),
            others=2,
            expected="held",
            final="held",
            press=False,
            why="a consent for three years, which are over",
        ),
    ]


def _hall(shot: Callable[..., Shot]) -> list[Photo]:
    hall = (
        "Casablanca : l'entraînement du samedi, ensemble.",
        "الدار البيضاء: تدريب يوم السبت معا.",
        "Casablanca: Saturday training, together.",
    )
    return [
        Photo(
            f"{CASABLANCA}/DSC_0309.JPG",
            shot("hall", "10:05"),
            hall,
            tuple(Consent(n) for n in range(173, 179)),
            expected="held",
            why="its sidecar comes later",
        ),
        Photo(
            f"{CASABLANCA}/DSC_0318.JPG",
            shot("hall", "10:31", seed=11),
            hall,
            tuple(Consent(n) for n in range(173, 179)),
            expected="held",
            final="held",
            press=False,
            why="the file breaks off half-way",
        ),
    ]


def _theatre(calendar: Calendar) -> list[Photo]:
    def shot(scene: str, at: str) -> Shot:
        return _shot(calendar, scene, f"11-13 {at}", draw.RABAT, CANON)

    return [
        Photo(
            f"{RABAT}/IMG_2041.JPG",
            shot("play", "19:04"),
            (
                "Rabat : cinq jeunes jouent leur pièce sous une lune de papier.",
                "الرباط: خمسة أطفال يقدمون مسرحيتهم تحت قمر من ورق.",
                "Rabat: five young actors under a paper moon.",
            ),
            tuple(Consent(n) for n in range(161, 166)),
            others=13,
            final="refused",
            press=False,
            why="the mother of S-0161 takes her consent back",
        ),
        Photo(
            f"{RABAT}/IMG_2048.JPG",
            shot("shadows", "19:26"),
            (
                "Rabat : théâtre d'ombres, un bateau et une lune.",
                "الرباط: مسرح الظل، قارب وقمر.",
                "Rabat: shadow theatre, a boat and a moon.",
            ),
            others=16,
        ),
        Photo(
            f"{RABAT}/IMG_2055.JPG",
            shot("curtain_call", "20:11"),
            (
                "Rabat : le salut, main dans la main.",
                "الرباط: تحية الختام يدا بيد.",
                "Rabat: the curtain call, hand in hand.",
            ),
            (
                *(Consent(n) for n in range(162, 166)),
                Consent(166, said=f", {{state: withdrawn, on: {calendar.day(2022, 3, 9)}}}"),
            ),
            expected="refused",
            final="refused",
            press=False,
            why="a consent withdrawn long ago",
        ),
    ]


def _music(calendar: Calendar) -> list[Photo]:
    def shot(scene: str, at: str) -> Shot:
        return _shot(calendar, scene, f"11-20 {at}", draw.OUJDA, CANON)

    return [
        Photo(
            f"{OUJDA}/IMG_3110.JPG",
            shot("concert", "20:48"),
            (
                "Oujda : sur la place, la guitare répond aux tambours.",
                "وجدة: في الساحة، الغيتار يجيب الطبول.",
                "Oujda: on the square, the guitar answers the drums.",
            ),
            (adult(181), adult(182), adult(183), CHILD_AT_RISK, Consent(185)),
            others=9,
        ),
        Photo(
            f"{OUJDA}/IMG_3117.JPG",
            shot("guitarist", "21:15"),
            (
                "Oujda : un guitariste parmi les lumières.",
                "وجدة: عازف غيتار بين الأضواء.",
                "Oujda: a guitarist among the lights.",
            ),
            (adult(181),),
            expected="held",
            final="held",
            press=False,
            why="a misspelt word in its sidecar",
        ),
        Photo(
            f"{OUJDA}/IMG_3124.JPG",
            shot("drums", "18:02"),
            people=tuple(Consent(n) for n in range(185, 189)),
            expected="held",
            final="held",
            press=False,
            why="nobody said who is shown",
        ),
    ]
