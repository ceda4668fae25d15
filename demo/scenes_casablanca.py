"""Basketball in Casablanca, and the city by the ocean."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import Image

from demo import people
from demo.paint import Colour, Ink, Paper, mix
from demo.people import SKINS, Look, person

ORANGE: Colour = (214, 112, 44)


def kit(shirt: Colour, skin: int, hair: str = "short", *, child: bool = True) -> Look:
    """Basketball clothes."""
    return Look(
        skin=SKINS[skin % len(SKINS)],
        top=shirt,
        legs=mix(shirt, (16, 18, 34), 0.5),
        socks=(232, 230, 226),
        shoes=(236, 120, 70),
        hair=hair,
        shorts=True,
        child=child,
    )


def basketball(ink: Ink, x: float, y: float, r: float) -> None:
    ink.disc(x, y, r, ORANGE)
    seam = (92, 42, 20)
    ink.ring(x, y, r, r, seam, r * 0.07)
    ink.stroke([(x - r, y), (x, y + r * 0.12), (x + r, y)], seam, r * 0.08)
    ink.stroke([(x, y - r), (x - r * 0.1, y), (x, y + r)], seam, r * 0.08)
    for side in (-1, 1):
        arc = [
            (x + side * r * (0.86 - 0.42 * math.cos(step * 0.3)), y + r * 0.6 * step / 4)
            for step in range(-4, 5)
        ]
        ink.stroke(arc, seam, r * 0.07)


def hoop(ink: Ink, x: float, y: float, size: float, *, flip: bool = False) -> None:
    """Backboard, ring and net; (x, y) is the middle of the ring, `size` its radius."""
    s = -1 if flip else 1
    post = x + s * size * 4.3
    ink.limb((post, 1260), (post, y - size * 0.4), size * 0.26, size * 0.2, (54, 58, 70))
    ink.limb(
        (post, y - size * 0.2),
        (x + s * size * 1.5, y - size * 0.9),
        size * 0.16,
        size * 0.12,
        (54, 58, 70),
    )
    board = [(1.25, -3.3), (2.0, -3.6), (2.0, 0.3), (1.25, 0.5)]
    ink.area([(x + s * a * size, y + b * size) for a, b in board], (226, 228, 232))
    mark = [(1.4, -1.7), (1.8, -1.8), (1.8, -0.4), (1.4, -0.3)]
    ink.stroke(
        [(x + s * a * size, y + b * size) for a, b in (*mark, mark[0])], (200, 60, 46), size * 0.09
    )
    for step in range(9):
        at = -1 + step / 4
        low = x + at * size * 0.52, y + size * 1.5
        for lean in (-0.16, 0.16):
            middle = x + (at * 0.72 + lean) * size, y + size * 0.8
            ink.stroke([(x + at * size * 0.98, y), middle, low], (240, 240, 236), size * 0.045, 215)
    ink.ring(x, y, size, size * 0.26, (222, 74, 40), size * 0.13)
    ink.limb(
        (x + s * size * 0.9, y), (x + s * size * 1.4, y), size * 0.08, size * 0.08, (222, 74, 40)
    )


def skyline(paper: Paper, foot: float, colour: Colour, lit: Colour, *, most: float) -> None:
    """White city, blocks of flats, a few towers; windows lit."""
    city = paper.ink()
    x = -30.0
    while x < paper.width + 30:
        w, h = paper.chance.uniform(40, 120), most * paper.chance.uniform(0.25, 1.0) ** 1.6
        tone = mix(colour, (0, 0, 0), paper.chance.uniform(0, 0.25))
        city.area([(x, foot + 4), (x, foot - h), (x + w, foot - h), (x + w, foot + 4)], tone)
        if paper.chance.random() < 0.4:
            city.stroke([(x + w / 2, foot - h), (x + w / 2, foot - h - 22)], tone, 3)
        for row in range(int(h // 20)):
            for column in range(int(w // 16)):
                if paper.chance.random() < 0.22:
                    a, b = x + 5 + column * 16, foot - h + 7 + row * 20
                    city.area([(a, b), (a + 7, b), (a + 7, b + 9), (a, b + 9)], lit)
        x += w + paper.chance.choice((0, 0, 4, 26))
    paper.lay(city, blur=1.5)


@dataclass(frozen=True)
class Hour:
    """The light of one time of day on an open court."""

    sky: tuple[tuple[float, Colour], ...]
    glow: Colour
    city: Colour
    lit: Colour
    floor: tuple[tuple[float, Colour], ...]
    ambient: Colour
    rim: Colour
    flip: bool = False


EVENING = Hour(
    ((0.0, (36, 40, 92)), (0.4, (122, 78, 132)), (0.75, (236, 124, 96)), (1.0, (255, 196, 120))),
    (255, 150, 90),
    (72, 58, 92),
    (255, 208, 130),
    ((0.0, (134, 92, 100)), (1.0, (48, 44, 80))),
    (92, 74, 108),
    (255, 176, 120),
)
MORNING = Hour(
    ((0.0, (98, 160, 206)), (0.6, (176, 210, 226)), (1.0, (250, 232, 204))),
    (255, 236, 190),
    (176, 178, 188),
    (214, 222, 230),
    ((0.0, (178, 150, 124)), (1.0, (74, 120, 134))),
    (176, 164, 166),
    (255, 240, 206),
    flip=True,
)


def court(scale: float, seed: int, hour: Hour = EVENING) -> Image.Image:
    """An open court above the city: one throws, one guards, two watch."""
    paper = Paper(upright=False, scale=scale, seed=seed)
    s = -1 if hour.flip else 1

    def x(at: float) -> float:
        return 1800 - at if hour.flip else at

    paper.sky(hour.sky, 870)
    paper.clouds(mix(hour.glow, (255, 255, 255), 0.3), 0.5, 60, 760, 0.6)
    paper.glow(x(560), 800, 1000, hour.glow, 1.0)
    skyline(paper, 866, hour.city, hour.lit, most=190)
    fence = paper.ink()
    for step in range(-10, 130):
        fence.stroke([(step * 30, 640), (step * 30 + 270, 910)], (60, 56, 76), 1.5, 90)
        fence.stroke([(step * 30, 640), (step * 30 - 270, 910)], (60, 56, 76), 1.5, 90)
    fence.stroke([(0, 640), (1800, 640)], (60, 56, 76), 7, 200)
    paper.lay(fence, blur=1.4)
    paper.ground(864, hour.floor)
    paper.texture(0.3, 120, 70, 864)
    lines = paper.ink()
    lines.ring(x(1150), 1090, 620, 140, (236, 226, 214), 8)
    lines.stroke([(x(-20), 900), (x(1820), 900)], (236, 226, 214), 6, 200)
    paper.lay(lines, blur=1.2)
    light = (-s * 7, -4)
    far = paper.ink()
    person(far, x(190), 1010, 330, people.WAIT, kit((70, 150, 120), 3, "scarf"), flip=hour.flip)
    person(far, x(1010), 985, 310, people.CHEER, kit((216, 170, 60), 1), flip=hour.flip)
    laid = paper.lay(far, light=light, rim=hour.rim, ambient=hour.ambient, blur=1.6)
    paper.cast(laid, 1000, s * 0.5, 0.5, 0.5)
    paper.again(laid)
    near = paper.ink()
    hoop(near, x(1290), 395, 92, flip=hour.flip)
    paper.lay(near, light=light, rim=hour.rim, ambient=hour.ambient)
    play = paper.ink()
    person(play, x(980), 1060, 560, people.REACH, kit((60, 110, 180), 2, "bun"), flip=not hour.flip)
    person(play, x(660), 960, 600, people.JUMP_SHOT, kit((196, 58, 52), 0), flip=hour.flip)
    laid = paper.lay(play, light=light, rim=hour.rim, ambient=hour.ambient)
    paper.cast(laid, 1062, s * 0.5, 0.35, 0.55)
    paper.again(laid)
    thrown = paper.ink()
    basketball(thrown, x(800), 215, 46)
    paper.lay(thrown, light=light, rim=hour.rim, ambient=mix(hour.ambient, (255, 255, 255), 0.4))
    paper.glow(x(520), 700, 1300, hour.glow, 0.34)
    return paper.develop()


def morning_court(scale: float, seed: int) -> Image.Image:
    """The same court early in the day, from the other side."""
    return court(scale, seed, MORNING)


def hall(scale: float, seed: int) -> Image.Image:
    """Training in a hall: windows, a shining floor, a line of children and one with the ball."""
    paper = Paper(upright=False, scale=scale, seed=seed)
    paper.sky([(0.0, (60, 62, 74)), (0.7, (128, 120, 112)), (1.0, (108, 96, 86))], 740)
    _room(paper)
    lines = paper.ink()
    lines.ring(900, 1010, 560, 120, (244, 238, 226), 9)
    lines.stroke([(-20, 790), (1820, 790)], (244, 238, 226), 6)
    paper.lay(lines, blur=1)
    paper.glow(900, 200, 1300, (255, 250, 232), 0.42)
    paper.defocus(1.5)
    row = (
        ((196, 58, 52), 0, "short"),
        ((60, 110, 180), 3, "long"),
        ((216, 170, 60), 1, "scarf"),
        ((70, 150, 120), 4, "short"),
        ((196, 58, 52), 2, "bun"),
    )
    for number, (shirt, skin, hair) in enumerate(row):
        pose = (people.WAIT, people.CHEER, people.STAND, people.WAIT, people.CHEER)[number]
        _indoors(
            paper,
            620 + number * 235,
            930 + 14 * (number % 2),
            330 + 16 * (number % 3),
            pose,
            kit(shirt, skin, hair),
        )
    player = kit((236, 130, 50), 0, "long")
    _indoors(paper, 420, 1120, 590, people.DRIBBLE, player)
    bounced = paper.ink()
    basketball(bounced, 590, 950, 47)
    paper.lay(bounced, light=(3, -9), rim=(255, 250, 235), ambient=(210, 200, 196))
    return paper.develop(vignette=0.5)


def _room(paper: Paper) -> None:
    """Windows, a painted wall, and boards with the light of the windows on them."""
    wall = paper.ink()
    for number in range(6):
        left = 60 + number * 300
        wall.box(left, 90, left + 210, 430, (236, 240, 236))
        for bar in (70, 140):
            wall.stroke([(left + bar, 90), (left + bar, 430)], (96, 100, 108), 7)
        wall.stroke([(left, 260), (left + 210, 260)], (96, 100, 108), 7)
    wall.box(0, 560, 1800, 742, (66, 104, 128))
    wall.box(0, 552, 1800, 566, (222, 214, 196))
    paper.lay(wall, blur=3)
    paper.ground(740, [(0.0, (202, 150, 92)), (0.5, (176, 118, 66)), (1.0, (122, 76, 44))])
    boards = paper.ink()
    for step in range(-30, 31):
        boards.stroke([(900 + step * 42, 740), (900 + step * 140, 1210)], (96, 56, 30), 2, 120)
    for number in range(6):
        left = 60 + number * 300
        far, near = (left - 900) * 0.98 + 900, (left - 900) * 1.5 + 900
        boards.area(
            [(far, 748), (far + 200, 748), (near + 300, 1150), (near, 1150)], (255, 246, 220), 66
        )
    paper.lay(boards, blur=7)


def _indoors(paper: Paper, x: float, y: float, tall: float, pose: people.Pose, look: Look) -> None:
    ink = paper.ink()
    person(ink, x, y, tall, pose, look)
    laid = paper.lay(ink, light=(2, -tall / 55), rim=(255, 250, 235), ambient=(190, 178, 176))
    paper.cast(laid, y - tall * 0.02, 0.02, 0.55, 0.4)
    paper.again(laid)


def ocean(scale: float, seed: int) -> Image.Image:
    """The mosque by the ocean at sunset. Nobody is shown."""
    paper = Paper(upright=False, scale=scale, seed=seed)
    paper.sky(
        [
            (0.0, (44, 56, 110)),
            (0.35, (112, 96, 150)),
            (0.7, (240, 142, 110)),
            (1.0, (255, 206, 130)),
        ],
        700,
    )
    paper.clouds((255, 176, 140), 0.56, 30, 640, 0.8)
    paper.glow(560, 660, 900, (255, 176, 96), 1.1)
    paper.glow(560, 655, 110, (255, 246, 214), 2.8)
    paper.ground(696, [(0.0, (240, 160, 112)), (0.3, (110, 96, 132)), (1.0, (36, 50, 88))])
    paper.water(696, 1200, (255, 226, 170), 560, 260)
    skyline(paper, 702, (94, 78, 116), (255, 204, 140), most=70)
    _mosque(paper)
    rocks = paper.ink()
    foot = [(-20.0, 1230.0), (-20.0, 1010.0)]
    for step in range(14):
        foot.append((40 + step * 74, 1030 + step * 12 + paper.chance.uniform(-26, 26)))
    rocks.area([*foot, (1120, 1230)], (26, 26, 46))
    paper.lay(rocks, light=(3, -5), rim=(240, 150, 110), blur=0.8)
    birds = paper.ink()
    for x, y, w in ((820, 250, 26), (880, 292, 20), (946, 236, 22), (1010, 300, 16)):
        bend, tip = w * 0.4, w * 0.5
        left, right = (
            [(x - w, y - bend), (x - bend, y - tip)],
            [(x + bend, y - tip), (x + w, y - bend)],
        )
        birds.stroke([*left, (x, y), *right], (40, 36, 62), 4)
    paper.lay(birds, blur=0.8)
    return paper.develop()


def _mosque(paper: Paper) -> None:
    mosque = paper.ink()
    stone, dark = (84, 70, 96), (62, 52, 80)
    mosque.area([(1040, 716), (1040, 560), (1560, 560), (1560, 716)], stone)
    mosque.area([(1090, 560), (1300, 508), (1510, 560)], (56, 74, 84))
    mosque.area([(1236, 716), (1236, 250), (1346, 250), (1346, 716)], dark)
    mosque.area([(1252, 250), (1252, 176), (1330, 176), (1330, 250)], stone)
    mosque.area([(1270, 176), (1270, 140), (1312, 140), (1312, 176)], dark)
    for dot, size in ((132, 10), (114, 7), (100, 5)):
        mosque.disc(1291, dot, size, (226, 176, 96))
    for level in range(4):
        for column in range(3):
            cx, cy = 1260 + column * 31, 300 + level * 92
            mosque.box(cx - 8, cy, cx + 8, cy + 50, (46, 40, 66))
            mosque.disc(cx, cy, 8, (46, 40, 66))
    for arch in range(11):
        cx = 1064 + arch * 47
        if not 1226 < cx < 1356:
            mosque.box(cx - 13, 640, cx + 13, 716, (255, 190, 118))
            mosque.disc(cx, 640, 13, (255, 190, 118))
    mosque.area([(1000, 730), (1000, 708), (1820, 708), (1820, 730)], (48, 44, 72))
    paper.lay(mosque, light=(-5, -2), rim=(255, 196, 140), blur=0.8)
