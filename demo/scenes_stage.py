"""Theatre in Rabat, music in Oujda."""

from __future__ import annotations

import math
from dataclasses import replace

from PIL import Image

from demo import people
from demo.paint import Colour, Ink, Paper, mix
from demo.people import SKINS, Look, Pose, person

VELVET: Colour = (150, 22, 32)
WARM: Colour = (255, 214, 150)
NIGHT: Colour = (16, 14, 26)


def curtain(paper: Paper, left: float, right: float, gathered: bool) -> None:
    """Velvet in folds from the top to the floor; `gathered` on its outer side."""
    ink = paper.ink()
    folds = 9
    wide = (right - left) / folds
    outer = left if left < 900 else right
    for number in range(folds * 4):
        a = left + number * wide / 4
        tone = 0.5 + 0.5 * math.sin(number * math.pi / 2 + 0.6)
        colour = mix(mix(VELVET, (20, 2, 10), 0.72), mix(VELVET, (255, 90, 70), 0.22), tone)
        b = a + wide / 4 + 1
        if gathered:
            low = (outer + (a - outer) * 0.42, outer + (b - outer) * 0.42)
            foot = (outer + (a - outer) * 0.7, outer + (b - outer) * 0.7)
            ink.area([(a, -10), (b, -10), (low[1], 640), (low[0], 640)], colour)
            ink.area([(low[0], 640), (low[1], 640), (foot[1], 1010), (foot[0], 1010)], colour)
        else:
            ink.area([(a, -10), (b, -10), (b, 1010), (a, 1010)], colour)
    if gathered:
        end = outer + ((right if outer == left else left) - outer) * 0.44
        ink.limb((outer, 652), (end, 634), 15, 15, (206, 164, 74))
    paper.lay(ink, blur=2.2)


def valance(paper: Paper) -> None:
    """The scalloped cloth above the stage, with a golden hem."""
    ink = paper.ink()
    for number in range(7):
        x = number * 300 - 150
        ink.disc(x + 150, 40, 170, (206, 164, 74), ry=132)
        ink.disc(x + 150, 34, 170, mix(VELVET, (20, 2, 10), 0.35), ry=124)
        for fold in range(-2, 3):
            top, low = (x + 150 + fold * 60, -10), (x + 150 + fold * 34, 146 - abs(fold) * 16)
            ink.stroke([top, low], mix(VELVET, (20, 2, 10), 0.62), 13, 150)
    paper.lay(ink, blur=2)


def boards(paper: Paper, top: float, near: Colour, far: Colour) -> None:
    """A stage floor of boards that run away from the viewer."""
    paper.ground(top, [(0.0, far), (1.0, near)])
    ink = paper.ink()
    for step in range(-24, 25):
        ink.stroke([(900 + step * 52, top), (900 + step * 118, 1210)], (30, 14, 10), 3, 150)
    paper.lay(ink, blur=1)
    paper.texture(0.25, 40, 200, top)


def audience(paper: Paper, y: float, size: float, count: int, colour: Colour) -> None:
    """Heads and shoulders from behind, in the dark."""
    ink = paper.ink()
    for number in range(count):
        x = (number + 0.5) * 1800 / count + paper.chance.uniform(-20, 20)
        low = y + paper.chance.uniform(-0.15, 0.15) * size
        r = size * paper.chance.uniform(0.42, 0.52)
        ink.limb(
            (x - size * 0.75, low + size * 1.5),
            (x + size * 0.75, low + size * 1.5),
            size * 0.55,
            size * 0.55,
            colour,
        )
        ink.limb((x, low), (x, low + size), r * 0.5, r * 0.6, colour)
        ink.disc(x, low, r, colour, ry=r * 1.15)
        if paper.chance.random() < 0.3:
            ink.disc(x, low - r * 1.2, r * 0.45, colour)
    paper.lay(ink, light=(0, -3), rim=(190, 96, 70), blur=3)


def costume(
    top: Colour, skin: int, hair: str = "short", *, dress: bool = False, child: bool = True
) -> Look:
    return Look(
        skin=SKINS[skin % len(SKINS)],
        top=top,
        legs=mix(top, (10, 10, 30), 0.6),
        shoes=(60, 40, 34),
        hair=hair,
        long_sleeves=True,
        dress=dress,
        child=child,
    )


def play(scale: float, seed: int) -> Image.Image:
    """Five young actors in the light of three lamps, a paper moon above them."""
    paper = Paper(upright=False, scale=scale, seed=seed)
    paper.sky([(0.0, (22, 26, 62)), (1.0, (58, 62, 128))], 800)
    _paper_moon(paper)
    boards(paper, 790, (92, 52, 36), (140, 84, 54))
    curtain(paper, -10, 460, gathered=True)
    curtain(paper, 1340, 1810, gathered=True)
    for source, left, right in (
        ((300, -60), (420, 930), (840, 950)),
        ((900, -60), (700, 980), (1130, 980)),
        ((1500, -60), (960, 950), (1390, 930)),
    ):
        paper.beam(source, left, right, (255, 232, 184), 0.42)
    for at in (620, 915, 1180):
        pool = paper.ink()
        pool.disc(at, 950, 230, (255, 226, 170), ry=46, a=120)
        paper.lay(pool, blur=14)
    cast: tuple[tuple[float, float, float, Pose, Look, bool], ...] = (
        (560, 915, 350, people.DANCE, costume((62, 148, 140), 3, "scarf", dress=True), False),
        (1260, 910, 370, people.SPEAK, costume((212, 150, 50), 0), True),
        (740, 950, 330, people.WAIT, costume((176, 70, 120), 1, "bun", dress=True), False),
        (1100, 965, 350, people.CHEER, costume((84, 96, 190), 4), False),
        (915, 1000, 430, people.SPEAK, costume((226, 216, 196), 2, "long", dress=True), False),
    )
    for x, y, tall, pose, look, flip in cast:
        ink = paper.ink()
        person(ink, x, y, tall, pose, look, flip=flip)
        laid = paper.lay(ink, light=(0, -7), rim=(255, 240, 206), ambient=(196, 178, 186))
        paper.cast(laid, y - 8, 0.08, 0.24, 0.6)
        paper.again(laid)
    valance(paper)
    audience(paper, 1120, 74, 13, (20, 10, 18))
    return paper.develop(vignette=0.6)


def _paper_moon(paper: Paper) -> None:
    """The painted back of the stage: houses under a moon and stars."""
    scenery = paper.ink()
    scenery.disc(1120, 330, 128, (250, 232, 178))
    scenery.disc(1076, 312, 108, (34, 39, 82))
    for _ in range(60):
        scenery.disc(
            paper.chance.uniform(330, 1470),
            paper.chance.uniform(150, 520),
            paper.chance.uniform(1.5, 4.5),
            (240, 230, 200),
        )
    for x, w, h in ((420, 150, 250), (600, 120, 190), (1190, 190, 210), (1360, 130, 280)):
        scenery.area([(x, 810), (x, 800 - h), (x + w, 800 - h), (x + w, 810)], (66, 74, 138))
        scenery.disc(x + w / 2, 800 - h, w / 2, (66, 74, 138))
        scenery.box(x + w * 0.35, 800 - h * 0.75, x + w * 0.65, 800 - h * 0.4, (250, 206, 120))
    paper.lay(scenery, blur=1.8)


def shadows(scale: float, seed: int) -> Image.Image:
    """Shadow theatre: a boat on a lit cloth, and a child who holds up the moon."""
    paper = Paper(upright=False, scale=scale, seed=seed)
    paper.sky([(0.0, (250, 200, 122)), (0.6, (255, 222, 156)), (1.0, (230, 150, 80))])
    paper.glow(980, 560, 1000, (255, 250, 220), 0.9)
    paper.texture(0.16, 26, 18)
    ink = paper.ink()
    dark = (44, 20, 22)
    for layer, (height, tone) in enumerate(
        ((790, (150, 78, 46)), (850, (104, 50, 36)), (920, dark))
    ):
        wave = [(-20.0, 1230.0)]
        wave += [
            (x * 1.0, height + 26 * math.sin(x / (90 + 20 * layer) + layer * 2))
            for x in range(-20, 1840, 20)
        ]
        ink.area([*wave, (1820, 1230)], tone)
        if layer == 0:
            _boat(ink, 1120, 800, (74, 34, 28))
    ink.disc(470, 300, 96, (150, 78, 46))
    paper.lay(ink, blur=2.6)
    actor = paper.ink()
    elbows, hands = ((-0.19, 0.95), (0.19, 0.95)), ((-0.1, 1.12), (0.1, 1.12))
    holding = replace(people.CHEER, elbows=elbows, hands=hands)
    girl = Look(hair="bun", dress=True, child=True).dark(dark)
    person(actor, 470, 1010, 620, holding, girl)
    person(actor, 1480, 1000, 420, people.SPEAK, Look(child=True).dark(dark), flip=True)
    paper.lay(actor, blur=2)
    frame = paper.ink()
    for post in ([(-10, 30), (1810, 30)], [(30, -10), (30, 1210)], [(1770, -10), (1770, 1210)]):
        frame.stroke(post, (24, 12, 14), 90)
    paper.lay(frame, blur=5)
    audience(paper, 1110, 84, 11, (12, 6, 8))
    return paper.develop(vignette=0.7)


def _boat(ink: Ink, x: float, y: float, colour: Colour) -> None:
    ink.area([(x - 230, y - 60), (x + 250, y - 74), (x + 170, y + 40), (x - 160, y + 40)], colour)
    ink.stroke([(x, y - 60), (x + 8, y - 420)], colour, 13)
    ink.area([(x + 20, y - 410), (x + 220, y - 120), (x + 16, y - 96)], colour)
    ink.area(
        [(x - 10, y - 380), (x - 160, y - 120), (x - 6, y - 96)], mix(colour, (255, 200, 120), 0.2)
    )
    for number, tall in enumerate((120, 96, 132)):
        person(
            ink, x - 150 + number * 52, y - 58, tall, people.STAND, Look(child=True).dark(colour)
        )


def curtain_call(scale: float, seed: int) -> Image.Image:
    """From behind the actors: hands joined and raised, the lamps in front of them."""
    paper = Paper(upright=False, scale=scale, seed=seed)
    paper.sky([(0.0, (20, 10, 20)), (0.55, (70, 26, 32)), (1.0, (34, 14, 20))])
    seats = [
        (
            paper.chance.uniform(0, 1800),
            paper.chance.uniform(430, 800),
            paper.chance.uniform(12, 30),
        )
        for _ in range(120)
    ]
    paper.bokeh(seats, [(120, 60, 50), (150, 84, 60), (96, 44, 56)])
    lamps = [(150 + number * 300, 190 + 20 * (number % 2), 66) for number in range(6)]
    paper.bokeh([(x, y, r) for x, y, r in lamps], [(255, 226, 170), (255, 206, 150)])
    for x, y, _ in lamps:
        paper.glow(x, y, 420, (255, 206, 140), 0.9)
        paper.beam((x, y), (x - 150, 1150), (x + 150, 1150), (255, 200, 140), 0.16)
    boards(paper, 850, (60, 30, 24), (196, 126, 78))
    paper.glow(900, 880, 900, (255, 196, 130), 0.5)
    tops = ((62, 148, 140), (212, 150, 50), (226, 216, 196), (84, 96, 190), (176, 70, 120))
    for number, top in enumerate(tops):
        ink = paper.ink()
        x, tall = 260 + number * 320, (600, 660, 630, 680, 590)[number]
        look = replace(
            costume(
                top,
                number,
                ("scarf", "short", "long", "short", "bun")[number],
                dress=number in (0, 2, 4),
            ),
            back=True,
        )
        pose = replace(people.LINKED, hands=((-0.245, 0.99), (0.245, 0.99)))
        person(ink, x, 1120 + 10 * (number % 2), tall, pose, look)
        laid = paper.lay(ink, light=(0, -8), rim=(255, 222, 170), ambient=(86, 66, 80))
        paper.cast(laid, 1106, 0.0, 0.3, 0.5)
        paper.again(laid)
    confetti = paper.ink()
    tones = ((255, 206, 110), (240, 110, 100), (120, 200, 210), (250, 240, 220))
    for _ in range(110):
        fx, fy = paper.chance.uniform(0, 1800), paper.chance.uniform(0, 1100)
        r = paper.chance.uniform(3, 9)
        flake = [(fx - r, fy), (fx, fy - r * 0.6), (fx + r, fy + r * 0.2), (fx, fy + r)]
        confetti.area(flake, paper.chance.choice(tones), 220)
    paper.lay(confetti, blur=1.6)
    return paper.develop(vignette=0.6)
