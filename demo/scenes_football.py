"""Football in Tangier: a pitch above the strait, at the end of an afternoon."""

from __future__ import annotations

import random
from dataclasses import replace

from PIL import Image

from demo import people
from demo.paint import Colour, Ink, Paper, mix
from demo.people import SKINS, Look, Pose, person

RED: Colour = (196, 52, 44)
BLUE: Colour = (38, 92, 160)
YELLOW: Colour = (236, 178, 52)
#: The light around figures that stand against the sun.
DUSK: Colour = (128, 106, 116)
CHALK: Colour = (236, 232, 210)
SUN: Colour = (255, 206, 140)


def player(shirt: Colour, number: int, *, child: bool = True, hair: str = "short") -> Look:
    """A player: the shirt of the team, and a person of their own under it."""
    own = random.Random(number)
    return Look(
        skin=own.choice(SKINS),
        top=shirt,
        legs=mix(shirt, (20, 20, 30), 0.72),
        socks=mix(shirt, (255, 255, 255), 0.1),
        shoes=own.choice(((240, 236, 226), (40, 40, 46), (230, 120, 60))),
        hair_colour=own.choice(((26, 20, 18), (40, 28, 22), (20, 18, 22))),
        hair=hair,
        shorts=True,
        child=child,
    )


def ball(ink: Ink, x: float, y: float, r: float) -> None:
    """A football: white, with dark patches."""
    ink.disc(x, y, r, (238, 234, 224))
    for dx, dy, size in ((0, 0, 0.3), (-0.62, -0.3, 0.2), (0.58, -0.42, 0.2), (0.2, 0.68, 0.2)):
        ink.disc(x + dx * r, y + dy * r, r * size, (44, 44, 52))


def strait(paper: Paper, horizon: float, sun: float, shore: float) -> None:
    """Sky at the end of the day, the other side of the strait, and the sea."""
    paper.sky(
        [
            (0.0, (70, 112, 168)),
            (0.45, (150, 172, 190)),
            (0.75, (244, 200, 150)),
            (1.0, (255, 184, 110)),
        ],
        horizon + 4,
    )
    paper.clouds((255, 226, 196), 0.46, 40, horizon - 60, 0.75)
    paper.glow(sun, horizon - 70, 640, (255, 190, 110), 1.0)
    paper.glow(sun, horizon - 70, 120, (255, 246, 220), 2.6)
    paper.ground(horizon, [(0.0, (236, 180, 128)), (0.18, (96, 128, 150)), (1.0, (44, 82, 112))])
    paper.water(horizon, shore + 30, (255, 232, 186), sun, 200)
    far = paper.ink()
    ridge = [(-20.0, horizon + 4)]
    for step in range(26):
        x = step * 76 - 20
        ridge.append(
            (x, horizon - 14 - 46 * abs(((step * 0.37) % 2) - 1) - paper.chance.uniform(0, 16))
        )
    far.area([*ridge, (1900, horizon + 4)], (140, 132, 152))
    paper.lay(far, blur=2.5, opacity=0.8)


def town(paper: Paper, left: float, right: float, foot: float, high: float) -> None:
    """White houses on a slope."""
    hill = paper.ink()
    hill.area(
        [
            (left - 60, foot + 20),
            (left - 60, foot - high),
            (left + (right - left) * 0.35, foot - high * 0.9),
            (right, foot + 20),
        ],
        (92, 96, 84),
    )
    paper.lay(hill, blur=2)
    houses = paper.ink()
    for _ in range(120):
        at = paper.chance.random()
        x = left + (right - left) * at
        top = high * (1.0 - at) * 0.95
        y = foot + 6 - paper.chance.random() * top
        w, h = paper.chance.uniform(16, 36), paper.chance.uniform(14, 40)
        white = mix((238, 226, 206), (200, 168, 140), paper.chance.random())
        houses.box(x, y - h, x + w, y, white)
        houses.box(x, y - h, x + w * 0.4, y, mix(white, (96, 88, 110), 0.5))
        houses.box(x + w * 0.6, y - h * 0.65, x + w * 0.75, y - h * 0.4, (86, 84, 100))
    minaret = left + (right - left) * 0.3
    houses.box(minaret, foot - high * 1.5, minaret + 24, foot - high * 0.5, (206, 170, 130))
    houses.box(minaret + 6, foot - high * 1.66, minaret + 18, foot - high * 1.5, (180, 150, 116))
    paper.lay(houses, blur=1.6)


def grass(paper: Paper, top: float) -> None:
    """The pitch, mown in bands, from `top` to the lower edge."""
    paper.ground(top, [(0.0, (128, 134, 70)), (0.4, (92, 116, 58)), (1.0, (52, 84, 46))])
    bands = paper.ink()
    y, high, odd = top, 16.0, False
    while y < paper.height:
        if odd:
            bands.area([(0, y), (1800, y), (1800, y + high), (0, y + high)], (168, 178, 96), 44)
        y, high, odd = y + high, high * 1.5, not odd
    paper.lay(bands, blur=3)
    paper.texture(0.55, 60, 90, top)


def place(
    paper: Paper, ink: Ink, ground: float, lean: float, *, reach: float = 7, blur: float = 0.0
) -> None:
    """Lay figures that stand against the sun on the pitch, with their shadows."""
    towards = -1 if lean > 0 else 1
    light = (towards * reach, -reach * 0.7)
    laid = paper.lay(ink, light=light, rim=SUN, ambient=DUSK, blur=blur)
    paper.cast(laid, ground, lean, 0.85, 0.75)
    paper.again(laid)


def match(scale: float, seed: int) -> Image.Image:
    """A match against the light: three children run for the ball, the others follow."""
    paper = Paper(upright=False, scale=scale, seed=seed)
    strait(paper, 430, 1290, 560)
    town(paper, 0, 620, 545, 120)
    grass(paper, 540)
    lines = paper.ink()
    lines.stroke([(-20, 640), (1820, 640)], CHALK, 4, 190)
    lines.ring(940, 780, 520, 84, CHALK, 5)
    paper.lay(lines, blur=1.2)
    far = paper.ink()
    for at, pose, shirt, flip in (
        (180, people.RUN, RED, False),
        (620, people.WAIT, BLUE, False),
        (1090, people.RUN, BLUE, True),
        (1290, people.WAIT, RED, True),
        (1660, people.RUN, RED, True),
    ):
        person(far, at, 662, 146, pose, player(shirt, at), flip=flip)
    place(paper, far, 660, -0.35, reach=3, blur=1.2)
    near: tuple[tuple[float, float, float, Pose, Colour, bool, str], ...] = (
        (1480, 880, 350, people.RUN, BLUE, True, "bun"),
        (400, 960, 440, people.RUN, RED, False, "long"),
        (860, 1080, 560, people.KICK, BLUE, False, "short"),
    )
    for x, y, tall, pose, shirt, flip, hair in near:
        ink = paper.ink()
        person(ink, x, y, tall, pose, player(shirt, round(x), hair=hair), flip=flip)
        if pose is people.KICK:
            ball(ink, x + 370, y - 120, 44)
        place(paper, ink, y - tall * 0.02, -0.45, reach=tall / 62)
    paper.glow(1290, 360, 1200, (255, 170, 90), 0.42)
    return paper.develop()


def goal(scale: float, seed: int) -> Image.Image:
    """Seen through the net from behind the goal: the keeper flies."""
    paper = Paper(upright=False, scale=scale, seed=seed)
    strait(paper, 400, 420, 520)
    grass(paper, 505)
    lines = paper.ink()
    lines.stroke([(-20, 900), (1820, 860)], CHALK, 12, 200)
    paper.lay(lines)
    paper.defocus(5)
    for x, y, tall, pose, shirt, flip in (
        (110, 690, 220, people.RUN, RED, False),
        (1350, 720, 240, people.CHEER, RED, True),
        (1560, 680, 210, people.WAIT, BLUE, True),
    ):
        ink = paper.ink()
        person(ink, x, y, tall, pose, player(shirt, x), flip=flip)
        place(paper, ink, y - 4, 0.4, reach=4, blur=3)
    striker = paper.ink()
    person(striker, 1010, 800, 340, people.KICK, player(RED, 9, hair="bun"), flip=True)
    place(paper, striker, 793, 0.5, blur=1.6)
    keeper = paper.ink()
    person(keeper, 690, 1010, 620, people.DIVE, player(YELLOW, 1), flip=True)
    laid = paper.lay(keeper, light=(-9, -7), rim=SUN, ambient=DUSK)
    paper.cast(laid, 1020, 0.35, 0.4, 0.6)
    paper.again(laid)
    shot = paper.ink()
    ball(shot, 236, 470, 46)
    paper.lay(shot, light=(7, -6), rim=SUN, ambient=DUSK, blur=1.2)
    _net(paper)
    paper.glow(420, 330, 1100, (255, 176, 96), 0.5)
    return paper.develop()


def _net(paper: Paper) -> None:
    net = paper.ink()
    for step in range(-2, 26):
        x = step * 78
        down = [(x, 120), (x + 14, 500), (x + 4, 850), (x - 22, 1210)]
        net.stroke(down, (246, 242, 232), 2.6, 150)
    for step in range(16):
        y, droop = 120 + step * 74, 18 + step
        thread = [(0, y), (450, y + droop), (900, y + droop * 1.4), (1350, y + droop), (1800, y)]
        net.stroke(thread, (246, 242, 232), 2.6, 150)
    paper.lay(net, blur=0.8)
    frame = paper.ink()
    for post in ([(-10, 112), (1810, 112)], [(62, 100), (62, 1210)], [(1748, 100), (1748, 1210)]):
        frame.stroke(post, (244, 240, 230), 30)
    paper.lay(frame, light=(-9, 6), rim=(255, 236, 200), ambient=(190, 176, 176))


def captain(scale: float, seed: int) -> Image.Image:
    """A portrait from behind: number 7 looks out over the strait."""
    paper = Paper(upright=True, scale=scale, seed=seed)
    strait(paper, 860, 250, 1040)
    town(paper, -40, 420, 1030, 130)
    grass(paper, 1025)
    paper.defocus(9)
    far = paper.ink()
    person(far, 985, 1250, 300, people.RUN, player(BLUE, 11), flip=True)
    person(far, 160, 1230, 270, people.WAIT, player(RED, 12))
    place(paper, far, 1245, 0.4, reach=4, blur=7)
    look = player(RED, 5, hair="short")
    ink = paper.ink()
    pose = replace(
        people.STAND, elbows=((-0.17, 0.64), (0.165, 0.65)), hands=((-0.15, 0.47), (0.12, 0.51))
    )
    tall = 1700
    person(ink, 640, 2130, tall, pose, replace(look, back=True))
    head = 2130 - 0.92 * tall
    ink.limb((640, head + 70), (634, head + 250), 52, 40, look.hair_colour)
    for step in range(5):
        ink.disc(
            634 + (6 if step % 2 else -6), head + 250 + step * 44, 38 - step * 4, look.hair_colour
        )
    ink.limb((612, head + 222), (660, head + 222), 13, 13, YELLOW)
    white = (240, 232, 222)
    ink.stroke([(560, 940 + 120), (726, 940 + 120)], white, 34)
    ink.stroke([(720, 940 + 112), (628, 1290)], white, 34)
    paper.lay(ink, light=(-20, -9), rim=SUN, ambient=DUSK)
    held = paper.ink()
    ball(held, 905, 1340, 118)
    paper.lay(held, light=(-20, -12), rim=SUN, ambient=(168, 146, 150))
    hand = paper.ink()
    hand.limb((846, 1330), (868, 1262), 38, 34, look.skin)
    paper.lay(hand, light=(-12, -9), rim=SUN, ambient=DUSK)
    paper.glow(250, 780, 1200, (255, 176, 96), 0.55)
    return paper.develop()


def from_above(scale: float, seed: int) -> Image.Image:
    """From a roof: figures too small to know, their shadows long."""
    paper = Paper(upright=False, scale=scale, seed=seed)
    paper.ground(0, [(0.0, (104, 128, 66)), (1.0, (66, 100, 52))])
    bands = paper.ink()
    for step in range(0, 12, 2):
        x = step * 160 - 40
        bands.area([(x, 0), (x + 160, 0), (x + 160, 1200), (x, 1200)], (170, 184, 104), 56)
    paper.lay(bands, blur=4)
    paper.texture(0.5, 90, 60)
    lines = paper.ink()
    chalk = (238, 236, 218)
    lines.stroke([(150, -20), (150, 1220)], chalk, 7, 220)
    lines.stroke([(1000, -20), (1000, 1220)], chalk, 7, 220)
    lines.ring(1000, 600, 240, 240, chalk, 7)
    lines.disc(1000, 600, 11, chalk)
    for depth, wide in ((430, 760), (250, 380)):
        low, high, end = 600 - wide / 2, 600 + wide / 2, 150 + depth
        lines.stroke([(150, low), (end, low), (end, high), (150, high)], chalk, 7, 220)
    lines.box(60, 480, 150, 720, (226, 226, 226), 120)
    paper.lay(lines, blur=1.2)
    places = [
        (230, 610, YELLOW),
        (420, 360, BLUE),
        (470, 800, BLUE),
        (640, 560, RED),
        (760, 300, RED),
        (820, 880, BLUE),
        (930, 520, BLUE),
        (1120, 720, RED),
        (1250, 330, RED),
        (1400, 620, BLUE),
        (1560, 900, RED),
        (1620, 240, BLUE),
    ]
    _shadows(paper, [(x, y) for x, y, _ in places])
    above = paper.ink()
    for x, y, shirt in places:
        _top_view(above, x, y, player(shirt, x * y), paper.chance.random())
    ball(above, 705, 600, 12)
    paper.lay(above, light=(4, -3), rim=(255, 226, 180))
    paper.glow(1900, -100, 1700, (255, 196, 120), 0.55)
    return paper.develop(vignette=0.5)


def _shadows(paper: Paper, places: list[tuple[int, int]]) -> None:
    dark = paper.ink()
    for x, y in places:
        tip, side = (x - 190, y + 92), (x - 100, y + 48)
        dark.limb((x, y), side, 15, 17, (28, 40, 44))
        dark.limb(side, (tip[0] + 14, tip[1] - 7), 15, 13, (28, 40, 44))
        dark.disc(tip[0] - 12, tip[1] + 6, 17, (28, 40, 44))
        dark.limb(side, (x - 128, y + 10), 8, 6, (28, 40, 44))
        dark.limb(side, (x - 78, y + 92), 8, 6, (28, 40, 44))
    paper.lay(dark, blur=4, opacity=0.55)


def _top_view(ink: Ink, x: float, y: float, look: Look, stride: float) -> None:
    ink.limb((x, y), (x + 22, y + 26 * (stride - 0.5)), 8, 6, look.legs)
    ink.limb((x, y), (x - 20, y - 26 * (stride - 0.5)), 8, 6, look.legs)
    ink.limb((x - 6, y - 22), (x + 6, y + 22), 13, 13, look.top)
    ink.limb((x - 6, y - 26), (x + 18, y - 36), 6, 5, look.skin)
    ink.limb((x + 6, y + 26), (x - 16, y + 38), 6, 5, look.skin)
    ink.disc(x + 2, y, 13, look.hair_colour)
