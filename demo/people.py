"""People as drawn figures without faces: poses in body lengths, clothes in colours.

A figure stands on (x, y) and is `tall` units high. In a pose x runs to the right and y up
from the ground between the feet; 1 is the height of the head's top when standing straight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from demo.paint import Colour, Ink, Point, mix


@dataclass(frozen=True)
class Pose:
    """Where the joints are: head, neck and hip, then elbows, hands, knees and feet (two each)."""

    head: Point
    neck: Point
    hip: Point
    elbows: tuple[Point, Point]
    hands: tuple[Point, Point]
    knees: tuple[Point, Point]
    feet: tuple[Point, Point]
    #: 1 seen from the front, less when turned to the side.
    turn: float = 1.0


STAND = Pose(
    (0, 0.92), (0, 0.81), (0, 0.50), ((-0.15, 0.66), (0.15, 0.66)),
    ((-0.16, 0.49), (0.16, 0.49)), ((-0.06, 0.27), (0.06, 0.27)), ((-0.07, 0.02), (0.07, 0.02)),
)  # fmt: skip
WAIT = replace(STAND, elbows=((-0.19, 0.64), (0.16, 0.65)), hands=((-0.09, 0.52), (0.15, 0.49)))
RUN = Pose(
    (0.10, 0.91), (0.07, 0.80), (-0.02, 0.50), ((-0.10, 0.66), (0.21, 0.68)),
    ((-0.17, 0.56), (0.25, 0.80)), ((0.14, 0.36), (-0.10, 0.28)), ((0.10, 0.10), (-0.29, 0.22)),
    0.55,
)  # fmt: skip
KICK = Pose(
    (-0.06, 0.90), (-0.04, 0.79), (0, 0.50), ((-0.21, 0.74), (0.15, 0.72)),
    ((-0.32, 0.84), (0.27, 0.66)), ((0.15, 0.42), (-0.05, 0.26)), ((0.37, 0.33), (-0.08, 0.02)),
    0.6,
)  # fmt: skip
DIVE = Pose(
    (0.42, 0.58), (0.32, 0.53), (0.04, 0.44), ((0.44, 0.66), (0.46, 0.54)),
    ((0.62, 0.78), (0.63, 0.68)), ((-0.20, 0.42), (-0.14, 0.30)), ((-0.40, 0.36), (-0.38, 0.16)),
    0.5,
)  # fmt: skip
CHEER = replace(
    STAND, elbows=((-0.19, 0.87), (0.19, 0.87)), hands=((-0.23, 1.06), (0.23, 1.06)),
    feet=((-0.10, 0.02), (0.10, 0.02)),
)  # fmt: skip
JUMP_SHOT = Pose(
    (0.02, 0.94), (0, 0.83), (-0.02, 0.52), ((0.08, 0.96), (0.15, 0.90)),
    ((0.13, 1.13), (0.17, 1.11)), ((0.04, 0.31), (-0.10, 0.33)), ((-0.03, 0.08), (-0.24, 0.16)),
    0.6,
)  # fmt: skip
REACH = Pose(
    (0, 0.93), (0, 0.82), (0.01, 0.51), ((-0.12, 0.95), (0.17, 0.72)),
    ((-0.16, 1.15), (0.28, 0.66)), ((-0.07, 0.30), (0.10, 0.29)), ((-0.12, 0.06), (0.13, 0.05)),
    0.7,
)  # fmt: skip
DRIBBLE = Pose(
    (0.12, 0.84), (0.08, 0.74), (-0.02, 0.46), ((-0.08, 0.58), (0.23, 0.58)),
    ((-0.16, 0.50), (0.27, 0.44)), ((0.13, 0.29), (-0.09, 0.25)), ((0.09, 0.02), (-0.22, 0.05)),
    0.6,
)  # fmt: skip
SPEAK = replace(
    STAND, elbows=((-0.18, 0.70), (0.19, 0.74)), hands=((-0.28, 0.62), (0.33, 0.86)),
    feet=((-0.10, 0.02), (0.09, 0.02)),
)  # fmt: skip
DANCE = Pose(
    (-0.04, 0.91), (-0.02, 0.80), (0.02, 0.50), ((-0.20, 0.84), (0.17, 0.70)),
    ((-0.26, 1.02), (0.31, 0.78)), ((-0.07, 0.28), (0.16, 0.34)), ((-0.05, 0.02), (0.10, 0.12)),
    0.85,
)  # fmt: skip
LINKED = replace(
    STAND, elbows=((-0.20, 0.80), (0.20, 0.80)), hands=((-0.27, 0.98), (0.27, 0.98)),
)  # fmt: skip
BOW = Pose(
    (0.24, 0.70), (0.17, 0.73), (0, 0.52), ((0.16, 0.55), (0.19, 0.55)),
    ((0.18, 0.40), (0.24, 0.40)), ((-0.01, 0.27), (0.03, 0.27)), ((-0.04, 0.02), (0.04, 0.02)),
    0.5,
)  # fmt: skip
STRUM = replace(
    STAND, elbows=((-0.19, 0.65), (0.20, 0.68)), hands=((-0.02, 0.56), (0.27, 0.72)),
)  # fmt: skip
SEATED = Pose(
    (0, 0.78), (0, 0.67), (0, 0.34), ((-0.17, 0.50), (0.17, 0.50)),
    ((-0.10, 0.40), (0.10, 0.40)), ((-0.15, 0.30), (0.15, 0.30)), ((-0.13, 0.02), (0.13, 0.02)),
)  # fmt: skip
DRUM_UP = replace(
    SEATED, elbows=((-0.18, 0.56), (0.18, 0.52)), hands=((-0.16, 0.74), (0.09, 0.44)),
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """Colours of a figure; `long_sleeves`, `dress` and `hair` ("short", "long", "bun", "scarf")."""

    skin: Colour = (142, 94, 66)
    top: Colour = (200, 60, 50)
    legs: Colour = (40, 44, 62)
    shoes: Colour = (236, 232, 224)
    hair_colour: Colour = (30, 22, 20)
    hair: str = "short"
    scarf: Colour = (186, 92, 112)
    socks: Colour | None = None
    shorts: bool = False
    long_sleeves: bool = False
    dress: bool = False
    #: Seen from behind.
    back: bool = False
    #: Children have larger heads and shorter limbs.
    child: bool = False

    def dark(self, colour: Colour) -> Look:
        """The same person as a silhouette in one colour."""
        return replace(
            self,
            skin=colour,
            top=colour,
            legs=colour,
            shoes=colour,
            hair_colour=colour,
            scarf=colour,
            socks=None,
        )


SKINS: tuple[Colour, ...] = (
    (96, 62, 44), (72, 46, 34), (150, 102, 72), (186, 136, 100), (118, 78, 54), (204, 156, 120),
)  # fmt: skip


def person(
    ink: Ink, x: float, y: float, tall: float, pose: Pose, look: Look, *, flip: bool = False
) -> None:
    """Draw one figure, its far side first."""
    side = -1 if flip else 1

    def at(point: Point) -> Point:
        return x + side * point[0] * tall, y - point[1] * tall

    spine = (pose.neck[0] - pose.hip[0], pose.neck[1] - pose.hip[1])
    long = math.hypot(*spine) or 1
    across = (spine[1] / long * pose.turn, -spine[0] / long * pose.turn)

    def beside(point: Point, by: float, lower: float = 0.0) -> Point:
        return at((point[0] + across[0] * by, point[1] + across[1] * by - lower))

    body = _Body(ink, tall * (1.06 if look.child else 1.0), side, look)
    wide = 0.1 if look.child else 0.108
    shoulders = beside(pose.neck, -wide, 0.02), beside(pose.neck, wide, 0.02)
    hips = beside(pose.hip, -0.05), beside(pose.hip, 0.05)
    body.arm(shoulders[0], at(pose.elbows[0]), at(pose.hands[0]), far=True)
    for number in (0, 1):
        body.leg(hips[number], at(pose.knees[number]), at(pose.feet[number]), far=number == 0)
    ink.limb(
        at(pose.neck), at(pose.head), body.thick * 0.03, body.thick * 0.026, body.dark(look.skin)
    )
    if look.hair == "long" and pose.turn >= 0.8:
        head, low = at(pose.head), at(pose.neck)[1] + tall * 0.06
        ink.limb(head, (head[0], low), tall * 0.058, tall * 0.07, look.hair_colour)
    body.torso(beside(pose.neck, 0, -0.01), shoulders, hips, (at(pose.knees[0]), at(pose.knees[1])))
    body.head(
        at(pose.head), at(pose.neck), tall * (0.078 if look.child else 0.066), pose.turn < 0.8
    )
    body.arm(shoulders[1], at(pose.elbows[1]), at(pose.hands[1]), far=False)


@dataclass(frozen=True)
class _Body:
    """Draws the parts of one figure; what is on the far side is a little darker."""

    ink: Ink
    thick: float
    side: int
    look: Look

    def dark(self, colour: Colour) -> Colour:
        return mix(colour, (10, 8, 20), 0.22)

    def _tone(self, colour: Colour, far: bool) -> Colour:
        return self.dark(colour) if far else colour

    def leg(self, hip: Point, knee: Point, foot: Point, *, far: bool) -> None:
        look, t = self.look, self.thick
        bare = look.shorts or look.dress
        lower = self._tone(look.socks or (look.skin if bare else look.legs), far)
        upper = self._tone(look.skin if look.dress else look.legs, far)
        shoe = self._tone(look.shoes, far)
        calf = _along(knee, foot, 0.35)
        self.ink.limb(knee, calf, t * 0.036, t * 0.037, lower)
        self.ink.limb(calf, foot, t * 0.037, t * 0.02, lower)
        if look.shorts:
            self.ink.limb(hip, knee, t * 0.05, t * 0.037, self._tone(look.skin, far))
            self.ink.limb(hip, _along(hip, knee, 0.72), t * 0.06, t * 0.054, upper)
        else:
            self.ink.limb(hip, knee, t * 0.06, t * 0.04, upper)
        heel = _along(foot, knee, 0.02)
        toe = (foot[0] + self.side * t * 0.06, foot[1] + t * 0.008)
        self.ink.limb(heel, toe, t * 0.024, t * 0.016, shoe)

    def arm(self, shoulder: Point, elbow: Point, hand: Point, *, far: bool) -> None:
        look, t = self.look, self.thick
        skin, cloth = self._tone(look.skin, far), self._tone(look.top, far)
        self.ink.limb(elbow, hand, t * 0.026, t * 0.018, cloth if look.long_sleeves else skin)
        self.ink.limb(hand, _along(elbow, hand, 1.16), t * 0.022, t * 0.016, skin)
        if look.long_sleeves:
            self.ink.limb(shoulder, elbow, t * 0.038, t * 0.03, cloth)
            return
        self.ink.limb(shoulder, elbow, t * 0.034, t * 0.027, skin)
        self.ink.limb(
            shoulder,
            _along(shoulder, elbow, 0.62),
            t * 0.042,
            t * 0.045,
            self.dark(look.top) if far else mix(look.top, (10, 8, 20), 0.08),
        )

    def torso(
        self,
        neck: Point,
        shoulders: tuple[Point, Point],
        hips: tuple[Point, Point],
        knees: tuple[Point, Point],
    ) -> None:
        look, t, ink = self.look, self.thick, self.ink
        left, right = shoulders
        waist = _along(left, hips[0], 0.62), _along(right, hips[1], 0.62)
        for upper, lower, a, b in (
            (left, waist[0], 0.045, 0.036),
            (right, waist[1], 0.045, 0.036),
            (waist[0], hips[0], 0.036, 0.05),
            (waist[1], hips[1], 0.036, 0.05),
            (left, right, 0.045, 0.045),
            (hips[0], hips[1], 0.05, 0.05),
        ):
            ink.limb(upper, lower, t * a, t * b, look.top)
        ink.area([left, right, waist[1], hips[1], hips[0], waist[0]], look.top)
        for shoulder in shoulders:
            ink.limb(_along(neck, shoulder, 0.15), shoulder, t * 0.026, t * 0.045, look.top)
        if look.dress:
            w = t * 0.075
            low = max(knees[0][1], knees[1][1]) + t * 0.12
            xs = sorted((knees[0][0], knees[1][0]))
            ends = sorted((hips[0], hips[1]))
            ink.area(
                [
                    (ends[0][0] - w * 0.6, ends[0][1]),
                    (ends[1][0] + w * 0.6, ends[1][1]),
                    (xs[1] + w, low),
                    (xs[0] - w, low),
                ],
                look.top,
            )

    def head(self, at: Point, neck: Point, r: float, profile: bool) -> None:
        look, ink, s = self.look, self.ink, self.side
        hair, (x, y) = look.hair_colour, at
        rx = r * (0.9 if profile else 0.8)
        back = x - s * r * (0.3 if profile else 0)
        if look.hair == "long" and profile:
            tip = (back - s * r * 0.75, neck[1] + r * 0.35)
            ink.limb((back, y), tip, r * 0.86, r * 0.34, hair)
        if look.hair == "scarf":
            hair = look.scarf
            ink.limb((x, y), (neck[0], neck[1] + r * 0.1), r * 0.98, r * 0.9, hair)
        if look.hair == "bun":
            ink.disc(back - s * r * (0.55 if profile else 0), y - r * 0.95, r * 0.44, hair)
        if look.hair == "scarf":
            ink.disc(x, y - r * 0.1, rx * 1.14, hair, ry=r * 1.1)
        ink.disc(x, y, rx, look.skin, ry=r)
        if look.back:
            ink.disc(x, y - r * 0.04, rx * 1.06, hair, ry=r * 1.03)
            return
        rise = 0.12 if look.hair == "short" else 0.16
        if profile:
            turn = (150, 318) if s > 0 else (222, 390)
            ink.cap(x - s * r * 0.06, y - r * 0.04, rx * 1.06, r * (1 + rise), hair, *turn)
            ink.disc(x - s * rx * 0.62, y - r * 0.1, r * 0.42, hair, ry=r * 0.6)
        else:
            ink.cap(x, y - r * 0.03, rx * 1.08, r * (1 + rise), hair, 198, 342)


def _along(a: Point, b: Point, part: float) -> Point:
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part
