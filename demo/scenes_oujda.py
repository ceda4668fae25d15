"""Music in Oujda, after dark."""

from __future__ import annotations

import math
from dataclasses import replace

from PIL import Image

from demo import people
from demo.paint import Colour, Ink, Paper, Point, mix
from demo.people import SKINS, Look, person
from demo.scenes_stage import costume

LAMP: Colour = (255, 206, 132)


def garland(paper: Paper, a: Point, b: Point, sag: float, count: int) -> None:
    """A string of lamps between two points."""
    wire = paper.ink()
    dots: list[Point] = []
    for step in range(count + 1):
        t = step / count
        dots.append((a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t + sag * 4 * t * (1 - t)))
    wire.stroke(dots, (24, 22, 34), 3)
    for x, y in dots:
        wire.disc(x, y + 12, 8, (255, 240, 206))
    paper.lay(wire, blur=1)
    for x, y in dots:
        paper.glow(x, y + 12, 74, LAMP, 0.8)


def palm(ink: Ink, x: float, y: float, tall: float, colour: Colour) -> None:
    ink.limb((x, y), (x + tall * 0.06, y - tall), tall * 0.03, tall * 0.018, colour)
    top = (x + tall * 0.06, y - tall)
    for number in range(11):
        angle = math.pi * (0.02 + number * 0.096)
        reach = tall * 0.4
        tip = (
            top[0] - math.cos(angle) * reach,
            top[1] - math.sin(angle) * reach * 0.55 + reach * 0.3,
        )
        middle = (top[0] - math.cos(angle) * reach * 0.55, top[1] - math.sin(angle) * reach * 0.62)
        ink.area(
            [
                top,
                (middle[0], middle[1] - reach * 0.07),
                tip,
                (middle[0], middle[1] + reach * 0.06),
            ],
            colour,
        )


def guitar(ink: Ink, x: float, y: float, size: float, *, flip: bool = False) -> None:
    """A guitar whose body is about (x, y), its neck to the upper right."""
    s = -1 if flip else 1
    wood, dark = (186, 110, 52), (70, 38, 20)
    head = (x + s * size * 1.72, y - size * 0.86)
    ink.limb((x, y), head, size * 0.075, size * 0.06, dark)
    ink.limb(
        head,
        (head[0] + s * size * 0.2, head[1] - size * 0.1),
        size * 0.09,
        size * 0.08,
        mix(dark, wood, 0.4),
    )
    ink.disc(x - s * size * 0.1, y + size * 0.06, size * 0.46, wood)
    ink.disc(x + s * size * 0.36, y - size * 0.17, size * 0.36, wood)
    ink.disc(x + s * size * 0.2, y - size * 0.1, size * 0.15, (48, 26, 16))
    ink.limb(
        (x - s * size * 0.22, y + size * 0.11),
        (x - s * size * 0.16, y + size * 0.08),
        size * 0.1,
        size * 0.1,
        dark,
    )
    for string in (-1, 0, 1):
        lift = string * size * 0.03
        ink.stroke(
            [(x - s * size * 0.2, y + size * 0.1 + lift), (head[0], head[1] + lift)],
            (236, 222, 190),
            max(1.0, size * 0.012),
        )


def drum(ink: Ink, x: float, y: float, r: float, body: Colour) -> None:
    """A goblet drum that stands on (x, y)."""
    top = y - r * 2.5
    ink.area(
        [
            (x - r, top),
            (x + r, top),
            (x + r * 0.42, top + r * 1.25),
            (x - r * 0.42, top + r * 1.25),
        ],
        body,
    )
    ink.area(
        [
            (x - r * 0.42, top + r * 1.2),
            (x + r * 0.42, top + r * 1.2),
            (x + r * 0.66, y),
            (x - r * 0.66, y),
        ],
        mix(body, (0, 0, 0), 0.2),
    )
    for step in range(7):
        a = x - r * 0.86 + step * r * 0.287
        ink.area(
            [
                (a, top + r * 0.3),
                (a + r * 0.14, top + r * 0.5),
                (a, top + r * 0.7),
                (a - r * 0.14, top + r * 0.5),
            ],
            (236, 206, 140),
        )
    ink.disc(x, y, r * 0.66, mix(body, (0, 0, 0), 0.3), ry=r * 0.14)
    ink.disc(x, top, r * 1.04, (120, 84, 50), ry=r * 0.3)
    ink.disc(x, top - r * 0.04, r * 0.96, (240, 226, 196), ry=r * 0.25)


def crowd(paper: Paper, y: float, size: float, count: int, colour: Colour) -> None:
    """People seen from behind with their arms in the air."""
    ink = paper.ink()
    for number in range(count):
        x = (number + 0.5) * paper.width / count + paper.chance.uniform(-30, 30)
        pose = paper.chance.choice((people.CHEER, people.DANCE, people.STAND, people.CHEER))
        hair = paper.chance.choice(("short", "bun", "scarf", "short"))
        look = replace(Look(hair=hair).dark(colour), back=True)
        person(
            ink,
            x,
            y + paper.chance.uniform(0, size * 0.16),
            size,
            pose,
            look,
            flip=paper.chance.random() < 0.5,
        )
    paper.lay(ink, light=(0, -3), rim=(255, 176, 110), blur=2.6)


def night(paper: Paper, ground: float) -> None:
    """Sky after sunset over a wall, palms and lamps."""
    paper.sky(
        [(0.0, (10, 14, 44)), (0.55, (38, 34, 86)), (0.85, (120, 62, 96)), (1.0, (206, 110, 92))],
        ground,
    )
    stars = paper.ink()
    for _ in range(120):
        stars.disc(
            paper.chance.uniform(0, 1800),
            paper.chance.uniform(0, ground * 0.6),
            paper.chance.uniform(0.8, 2.4),
            (230, 230, 250),
        )
    paper.lay(stars)


def concert(scale: float, seed: int) -> Image.Image:
    """A square at night: guitar, drums, a singer, and everybody dancing."""
    paper = Paper(upright=False, scale=scale, seed=seed)
    night(paper, 820)
    _walls(paper)
    paper.ground(818, [(0.0, (120, 70, 62)), (1.0, (34, 20, 34))])
    paper.texture(0.3, 50, 120, 818)
    for x, colour in ((460, (255, 120, 90)), (900, (255, 206, 140)), (1340, (110, 150, 255))):
        paper.beam((x, 180), (x - 210, 990), (x + 210, 990), colour, 0.34)
    garland(paper, (-20, 250), (900, 210), 110, 15)
    garland(paper, (900, 210), (1820, 240), 110, 15)
    _band(paper)
    crowd(paper, 1420, 520, 9, (18, 12, 26))
    return paper.develop(vignette=0.55)


def _walls(paper: Paper) -> None:
    """The old wall with its gate, and palms before it."""
    wall = paper.ink()
    brick, gate = (84, 46, 56), (40, 22, 40)
    wall.box(-10, 560, 1810, 830, brick)
    for number in range(30):
        wall.box(number * 62, 526, number * 62 + 32, 562, brick)
    wall.box(760, 640, 1040, 830, gate)
    wall.disc(900, 640, 140, gate)
    palm(wall, 150, 830, 520, (22, 18, 36))
    palm(wall, 1640, 830, 600, (22, 18, 36))
    palm(wall, 1500, 830, 430, (26, 20, 40))
    paper.lay(wall, blur=2.4)


def _band(paper: Paper) -> None:
    band = paper.ink()
    person(band, 560, 960, 430, people.STRUM, costume((210, 190, 160), 0, child=False))
    guitar(band, 566, 742, 86)
    person(band, 1250, 970, 470, people.DRUM_UP, costume((62, 120, 150), 2, child=False))
    drum(band, 1250, 985, 66, (150, 62, 44))
    elbows, hands = ((-0.17, 0.66), (0.19, 0.74)), ((-0.06, 0.80), (0.33, 0.86))
    pose = replace(people.SPEAK, elbows=elbows, hands=hands)
    singer = costume((196, 62, 96), 3, "long", dress=True, child=False)
    person(band, 910, 975, 440, pose, singer)
    band.stroke([(880, 985), (880, 628)], (30, 28, 38), 7)
    band.limb((880, 628), (890, 612), 10, 13, (60, 60, 72))
    person(band, 330, 960, 330, people.DANCE, costume((230, 170, 60), 1, "bun", dress=True))
    person(band, 1480, 965, 330, people.DRUM_UP, costume((96, 150, 90), 4))
    drum(band, 1480, 975, 46, (60, 92, 140))
    laid = paper.lay(band, light=(0, -7), rim=(255, 222, 168), ambient=(170, 136, 150))
    paper.cast(laid, 972, 0.05, 0.2, 0.6)
    paper.again(laid)


def guitarist(scale: float, seed: int) -> Image.Image:
    """A portrait among lamps out of focus."""
    paper = Paper(upright=True, scale=scale, seed=seed)
    paper.sky([(0.0, (14, 16, 44)), (0.6, (54, 34, 70)), (1.0, (86, 44, 50))])
    spots = [
        (
            paper.chance.uniform(0, 1200),
            paper.chance.uniform(60, 1250),
            paper.chance.uniform(26, 92),
        )
        for _ in range(44)
    ]
    paper.bokeh(spots, [(255, 190, 110), (255, 140, 90), (120, 160, 255), (255, 226, 170)])
    paper.glow(1050, 320, 900, (255, 170, 100), 0.5)
    look = Look(
        skin=SKINS[0], top=(44, 96, 104), legs=(36, 34, 48), hair="short", long_sleeves=True
    )
    ink = paper.ink()
    pose = replace(people.STRUM, head=(0.02, 0.915), hands=((0.0, 0.56), (0.30, 0.70)))
    person(ink, 560, 2080, 1560, pose, look)
    paper.lay(ink, light=(18, -10), rim=(255, 196, 130), ambient=(150, 120, 136))
    held = paper.ink()
    guitar(held, 540, 1250, 330)
    paper.lay(held, light=(12, -12), rim=(255, 206, 140), ambient=(190, 150, 150))
    hands = paper.ink()
    hands.limb((318, 1080), (556, 1222), 44, 34, look.top)
    hands.limb((556, 1222), (612, 1246), 36, 26, look.skin)
    hands.limb((1018, 1000), (1050, 962), 40, 34, look.skin)
    paper.lay(hands, light=(10, -9), rim=(255, 196, 130), ambient=(150, 120, 136))
    near = [(90, 1650, 150), (1120, 1560, 180), (980, 1760, 110)]
    paper.bokeh(
        [(float(x), float(y), float(r)) for x, y, r in near], [(255, 150, 90), (255, 190, 120)]
    )
    return paper.develop(vignette=0.6)


def drums(scale: float, seed: int) -> Image.Image:
    """Four drummers on a carpet in the last light."""
    paper = Paper(upright=False, scale=scale, seed=seed)
    paper.sky(
        [
            (0.0, (40, 58, 120)),
            (0.5, (170, 112, 140)),
            (0.8, (250, 160, 110)),
            (1.0, (255, 204, 130)),
        ],
        640,
    )
    paper.clouds((255, 190, 150), 0.5, 40, 560, 0.7)
    paper.glow(900, 620, 900, (255, 190, 110), 1.0)
    back = paper.ink()
    for x, tall in ((110, 420), (270, 330), (1560, 470), (1720, 350)):
        palm(back, x, 660, tall, (52, 40, 62))
    back.area(
        [(-10, 700), (-10, 600), (500, 616), (900, 596), (1400, 618), (1810, 590), (1810, 700)],
        (86, 62, 84),
    )
    paper.lay(back, blur=3)
    paper.ground(640, [(0.0, (216, 152, 104)), (0.4, (150, 100, 82)), (1.0, (70, 48, 60))])
    paper.texture(0.4, 60, 90, 640)
    rug = paper.ink()
    rug.area([(260, 860), (1540, 860), (1800, 1180), (0, 1180)], (150, 44, 48))
    rug.area([(310, 878), (1490, 878), (1700, 1150), (100, 1150)], (60, 36, 62))
    for row in range(3):
        row_y, wide = 915 + row * 88, 520 + row * 90
        for number in range(9):
            at, r = 900 + (number - 4) * wide / 4, 26 + row * 7
            diamond = [(at - r, row_y), (at, row_y - r / 2), (at + r, row_y), (at, row_y + r / 2)]
            rug.area(diamond, (226, 170, 84))
    paper.lay(rug, blur=1.4)
    players = (
        (330, 930, 470, (212, 150, 50), 3, "scarf", (60, 92, 140)),
        (1470, 930, 480, (62, 148, 140), 0, "short", (150, 62, 44)),
        (690, 1040, 580, (196, 62, 60), 1, "bun", (62, 120, 96)),
        (1120, 1050, 600, (226, 216, 196), 4, "short", (176, 96, 50)),
    )
    for x, y, tall, top, skin, hair, body in players:
        ink = paper.ink()
        person(ink, x, y, tall, people.DRUM_UP, costume(top, skin, hair), flip=x > 900)
        drum(ink, x, y + tall * 0.05, tall * 0.14, body)
        laid = paper.lay(
            ink, light=(5 if x < 900 else -5, -6), rim=(255, 206, 140), ambient=(136, 112, 124)
        )
        paper.cast(laid, y, 0.35 if x > 900 else -0.35, 0.35, 0.6)
        paper.again(laid)
    paper.glow(900, 560, 1200, (255, 180, 100), 0.4)
    return paper.develop()
