"""Writes the sample pictures of the demo page that show more than shapes, painted by this program, and adds them to its list.

    python3 -m photos.samples --out ../../web/demo/samples
"""
import argparse
import json
import math
import random
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIDE, SCALE = 320, 3


class Canvas:
    """A square picture; lengths are in its sides, from the top left corner."""

    def __init__(self, top: str, bottom: str):
        self.size = SIDE * SCALE
        self.image = self._gradient((self.size, self.size), top, bottom)

    @staticmethod
    def _gradient(size: tuple, top: str, bottom: str) -> Image.Image:
        mask = Image.linear_gradient("L").resize(size)
        return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), mask)

    def _points(self, points: list) -> list:
        return [(x * self.size, y * self.size) for x, y in points]

    def fill(self, points: list, top: str, bottom: str = None, soft: float = 0.0) -> None:
        """A polygon in one colour, or from one colour at its top to another; `soft`: how far its edge is blurred."""
        mask = Image.new("L", self.image.size)
        ImageDraw.Draw(mask).polygon(self._points(points), fill=255)
        if soft:
            mask = mask.filter(ImageFilter.GaussianBlur(soft * self.size))
        box = mask.getbbox()
        if box:
            paint = self._gradient((box[2] - box[0], box[3] - box[1]), top, bottom or top)
            self.image.paste(paint, box[:2], mask.crop(box))

    def ellipse(self, x: float, y: float, width: float, height: float, top: str, bottom: str = None, soft: float = 0.0,
                angle: float = 0.0) -> None:
        self.fill(ellipse_points(x, y, width, height, angle), top, bottom, soft)

    def line(self, points: list, colour: str, width: float) -> None:
        ImageDraw.Draw(self.image).line(self._points(points), fill=colour, width=round(width * self.size), joint="curve")

    def grain(self, seed: int, strength: float) -> None:
        """Noise, as paper and cameras have it."""
        rng = random.Random(seed)
        noise = Image.frombytes("L", (SIDE, SIDE), bytes(rng.randrange(256) for _ in range(SIDE * SIDE))).resize(self.image.size)
        light = noise.point(lambda v: round(strength * v)).convert("RGB")
        self.image = ImageChops.subtract(ImageChops.add(self.image, light), Image.new("RGB", light.size, (round(127 * strength),) * 3))

    def finished(self) -> Image.Image:
        return self.image.resize((SIDE, SIDE), Image.LANCZOS)


def ellipse_points(x, y, width, height, angle=0.0, steps=72) -> list:
    cos, sin = math.cos(angle), math.sin(angle)
    around = [(width / 2 * math.cos(2 * math.pi * k / steps), height / 2 * math.sin(2 * math.pi * k / steps)) for k in range(steps)]
    return [(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in around]


def ridge(rng: random.Random, left: float, right: float, rough: float, depth=7) -> list:
    """Heights of a mountain ridge from left to right, by midpoint displacement."""
    heights = [left, right]
    for level in range(depth):
        between = [(a + b) / 2 + rng.uniform(-rough, rough) / 2 ** level for a, b in zip(heights, heights[1:])]
        heights = [h for pair in zip(heights, between) for h in pair] + heights[-1:]
    return [(k / (len(heights) - 1), h) for k, h in enumerate(heights)]


def sea() -> Canvas:
    rng = random.Random(4)
    c = Canvas("#6db3ee", "#d8eefb")
    for x, y, size in ((0.2, 0.14, 0.2), (0.3, 0.17, 0.16), (0.72, 0.24, 0.2), (0.8, 0.22, 0.14)):
        c.ellipse(x, y, size, size * 0.32, "#ffffff", soft=0.012)
    c.fill([(0, 0.47), (1, 0.47), (1, 0.8), (0, 0.8)], "#1d6fa8", "#36a5c4")
    for _ in range(130):
        y = 0.48 + 0.3 * rng.random() ** 1.4
        x, half = rng.random(), (0.01 + 0.07 * (y - 0.47) * rng.random() * 4)
        c.line([(x - half, y), (x, y - 0.003), (x + half, y)], rng.choice(["#cdeefc", "#8fcbe4", "#155d92"]), 0.0022)
    shore = [(k / 40, 0.79 + 0.018 * math.sin(k / 3.1) + 0.008 * math.sin(k * 1.3)) for k in range(41)]
    c.fill([(x, y - 0.014) for x, y in shore] + [(1, 1), (0, 1)], "#f4fbfd", soft=0.003)
    c.fill(shore + [(1, 1), (0, 1)], "#e3cc9a", "#d3b57c")
    c.fill([(0.56, 0.44), (0.66, 0.44), (0.64, 0.475), (0.58, 0.475)], "#7a2f1d")
    c.fill([(0.605, 0.27), (0.605, 0.43), (0.68, 0.43)], "#fdfdf8", "#dfe6e8")
    c.fill([(0.595, 0.3), (0.595, 0.43), (0.55, 0.43)], "#f3f3ec", "#d4dcdf")
    c.grain(1, 0.05)
    return c


def mountains() -> Canvas:
    rng = random.Random(11)
    c = Canvas("#5f9fdc", "#e3eef6")
    for base, rough, top, bottom in ((0.44, 0.1, "#9fb4cb", "#b8c7d6"), (0.5, 0.16, "#75879c", "#93a2ae")):
        c.fill(ridge(rng, base, base + 0.04, rough) + [(1, 1), (0, 1)], top, bottom)
    peak = [(0.04, 0.78), (0.2, 0.56), (0.33, 0.4), (0.46, 0.17), (0.55, 0.29), (0.66, 0.4), (0.8, 0.55), (0.98, 0.78)]
    c.fill(peak, "#6b7078", "#4d5346")
    c.fill([(0.46, 0.17), (0.55, 0.29), (0.66, 0.4), (0.8, 0.55), (0.98, 0.78), (0.6, 0.78), (0.53, 0.5)], "#52565f", "#3d4239")
    snow = [(0.33, 0.4), (0.46, 0.17), (0.55, 0.29), (0.66, 0.4), (0.6, 0.385), (0.555, 0.46), (0.51, 0.38), (0.465, 0.47), (0.42, 0.385), (0.375, 0.45)]
    c.fill(snow, "#ffffff", "#e6edf5")
    c.fill([(0.46, 0.17), (0.55, 0.29), (0.66, 0.4), (0.6, 0.385), (0.555, 0.46), (0.51, 0.38)], "#dbe6f2", "#c3d2e3")
    c.fill(ridge(rng, 0.72, 0.7, 0.03) + [(1, 1), (0, 1)], "#4e7a3a", "#7fa653")
    for k in range(46):
        x, y = rng.random(), 0.72 + 0.24 * (k / 46)
        size = 0.05 + 0.09 * (y - 0.7)
        for part in range(3):
            top, half = y - size * (1.3 - 0.38 * part), size * (0.2 + 0.11 * part)
            c.fill([(x, top), (x - half, top + size * 0.55), (x + half, top + size * 0.55)], "#2f5a31", "#1d3f22")
    c.grain(2, 0.06)
    return c


def forest() -> Canvas:
    rng = random.Random(8)
    c = Canvas("#a9c77a", "#3e5a2a")
    for distance in range(5):
        for _ in range(9 - distance):
            x, width = rng.random(), 0.012 + 0.014 * distance
            grey = 120 - 17 * distance
            c.fill([(x - width / 2, 0), (x + width / 2, 0), (x + width * 0.7, 0.72 + 0.05 * distance), (x - width * 0.7, 0.72 + 0.05 * distance)],
                   f"#{grey:02x}{round(grey * 0.86):02x}{round(grey * 0.6):02x}", f"#{grey // 2:02x}{round(grey * 0.42):02x}{round(grey * 0.3):02x}")
        for _ in range(230):
            x, y, size = rng.random(), rng.random() ** 1.5 * 0.6, 0.012 + 0.02 * rng.random()
            green = rng.randrange(80, 175) - 12 * distance
            c.ellipse(x, y, size, size * 0.7, f"#{round(green * 0.62):02x}{green:02x}{round(green * 0.28):02x}", angle=rng.uniform(0, 3))
    c.fill(ridge(rng, 0.8, 0.77, 0.04) + [(1, 1), (0, 1)], "#55722f", "#2c411a")
    for _ in range(420):
        x, y = rng.random(), 0.79 + 0.2 * rng.random()
        green = rng.randrange(70, 165)
        c.line([(x, y), (x + rng.uniform(-0.01, 0.01), y - rng.uniform(0.015, 0.05))], f"#{round(green * 0.55):02x}{green:02x}{round(green * 0.25):02x}", 0.003)
    c.grain(3, 0.08)
    return c


def street() -> Canvas:
    rng = random.Random(6)
    c = Canvas("#a8c6e6", "#e8eef2")
    walls = ["#b5654a", "#d8c3a0", "#8f9aa3", "#c98d5c", "#a3a9b5", "#cdb59a"]
    for side in (-1, 1):
        for k in range(3):
            near, far = 1 - 0.3 * k, 0.7 - 0.3 * k
            edge = [0.5 + side * (0.08 + 0.46 * d) for d in (near, far)]
            top, low = [0.5 - 0.56 * d for d in (near, far)], [0.6 + 0.26 * d for d in (near, far)]
            wall = walls[(k + 3 * (side > 0)) % len(walls)]
            c.fill([(edge[0], top[0]), (edge[1], top[1]), (edge[1], low[1]), (edge[0], low[0])], wall)
            for floor in range(4):
                for column in range(3):
                    a, b = (column + 0.22) / 3, (column + 0.78) / 3
                    xs = [edge[0] + (edge[1] - edge[0]) * s for s in (a, b)]
                    rows = [[t + (low_ - t) * f for f in ((floor + 0.2) / 4.3, (floor + 0.75) / 4.3)] for t, low_ in
                            ((top[0] + (top[1] - top[0]) * s, low[0] + (low[1] - low[0]) * s) for s in (a, b))]
                    c.fill([(xs[0], rows[0][0]), (xs[1], rows[1][0]), (xs[1], rows[1][1]), (xs[0], rows[0][1])],
                           rng.choice(["#2e3a48", "#3f4f60", "#566a7c"]))
    c.fill([(0.42, 0.6), (0.58, 0.6), (1.2, 1), (-0.2, 1)], "#6d7074", "#4a4c50")
    for side in (-1, 1):
        c.fill([(0.5 + side * 0.08, 0.6), (0.5 + side * 0.1, 0.6), (0.5 + side * 0.9, 1), (0.5 + side * 0.62, 1)], "#b9b6ae", "#a39f96")
    for a, b in ((0.62, 0.65), (0.69, 0.75), (0.82, 0.93)):
        c.fill([(0.5 - 0.012 * (a - 0.58) * 4, a), (0.5 + 0.012 * (a - 0.58) * 4, a), (0.5 + 0.012 * (b - 0.58) * 4, b), (0.5 - 0.012 * (b - 0.58) * 4, b)], "#f2f0e6")
    c.ellipse(0.66, 0.845, 0.3, 0.04, "#2b2d30", soft=0.008)
    c.fill([(0.52, 0.74), (0.545, 0.72), (0.58, 0.65), (0.73, 0.65), (0.77, 0.72), (0.8, 0.74), (0.8, 0.82), (0.52, 0.82)], "#d3282c", "#8f1216")
    c.fill([(0.575, 0.715), (0.597, 0.665), (0.715, 0.665), (0.745, 0.715)], "#2b3b4b", "#55697b")
    for x in (0.55, 0.77):
        c.ellipse(x, 0.762, 0.035, 0.026, "#fff6c8")
    for x in (0.565, 0.755):
        c.fill([(x - 0.022, 0.8), (x + 0.022, 0.8), (x + 0.022, 0.85), (x - 0.022, 0.85)], "#1b1b1d")
    c.grain(4, 0.06)
    return c


def lemons() -> Canvas:
    c = Canvas("#f3ede2", "#e3d8c6")
    c.fill([(0, 0.62), (1, 0.56), (1, 1), (0, 1)], "#b98c5a", "#96693b")
    for x, y, angle in ((0.36, 0.6, -0.35), (0.66, 0.64, 0.5)):
        c.ellipse(x + 0.02, y + 0.13, 0.36, 0.08, "#6f4c28", soft=0.02)
        c.ellipse(x, y, 0.4, 0.29, "#ffe14a", "#e0a800", angle=angle)
        for side in (-1, 1):
            tip = (x + side * 0.205 * math.cos(angle), y + side * 0.205 * math.sin(angle))
            c.ellipse(*tip, 0.07, 0.06, "#f3cd2c", "#d79f06", soft=0.004, angle=angle)
        c.ellipse(x - 0.07, y - 0.06, 0.13, 0.06, "#fff6b8", soft=0.018, angle=angle - 0.3)
    c.fill([(0.6, 0.48), (0.68, 0.38), (0.82, 0.35), (0.76, 0.46)], "#5e9a35", "#2f6a1e")
    c.line([(0.6, 0.48), (0.72, 0.42), (0.82, 0.35)], "#2c5f1c", 0.005)
    c.grain(5, 0.05)
    return c


def shirt() -> Canvas:
    c = Canvas("#f4f3f1", "#e4e2de")
    body = [(0.33, 0.2), (0.41, 0.16), (0.45, 0.2), (0.5, 0.215), (0.55, 0.2), (0.59, 0.16), (0.67, 0.2), (0.86, 0.36), (0.77, 0.47), (0.69, 0.41),
            (0.7, 0.86), (0.3, 0.86), (0.31, 0.41), (0.23, 0.47), (0.14, 0.36)]
    c.fill([(x + 0.015, y + 0.02) for x, y in body], "#b9b5ae", soft=0.015)
    c.fill(body, "#2f63c9", "#1f479c")
    c.fill([(0.41, 0.16), (0.45, 0.2), (0.5, 0.215), (0.55, 0.2), (0.59, 0.16), (0.56, 0.215), (0.5, 0.24), (0.44, 0.215)], "#1a3b83")
    for points in ([(0.31, 0.41), (0.34, 0.3)], [(0.69, 0.41), (0.66, 0.3)], [(0.42, 0.5), (0.4, 0.82)], [(0.58, 0.46), (0.61, 0.8)], [(0.5, 0.6), (0.49, 0.84)]):
        c.line(points, "#204a9f", 0.006)
    c.grain(6, 0.04)
    return c


def cottage() -> Canvas:
    c = Canvas("#8fd0f5", "#e6f6fd")
    c.ellipse(0.84, 0.15, 0.15, 0.15, "#ffd93b")
    ink = "#222222"

    def part(points, colour):
        c.fill(points, colour)
        c.line(points + points[:2], ink, 0.011)

    part([(-0.1, 0.72), (0.3, 0.68), (0.7, 0.7), (1.1, 0.67), (1.1, 1.1), (-0.1, 1.1)], "#79c24b")
    part([(0.62, 0.24), (0.7, 0.24), (0.7, 0.42), (0.62, 0.42)], "#b5543a")
    part([(0.24, 0.46), (0.76, 0.46), (0.76, 0.8), (0.24, 0.8)], "#fbe3b5")
    part([(0.17, 0.48), (0.5, 0.2), (0.83, 0.48)], "#d8452f")
    part([(0.44, 0.58), (0.56, 0.58), (0.56, 0.8), (0.44, 0.8)], "#8a4f2a")
    for x in (0.28, 0.62):
        part([(x, 0.56), (x + 0.1, 0.56), (x + 0.1, 0.67), (x, 0.67)], "#a8dcf5")
        c.line([(x + 0.05, 0.56), (x + 0.05, 0.67)], ink, 0.007)
        c.line([(x, 0.615), (x + 0.1, 0.615)], ink, 0.007)
    part([(0.06, 0.56), (0.1, 0.56), (0.1, 0.76), (0.06, 0.76)], "#8a4f2a")
    part(ellipse_points(0.08, 0.46, 0.19, 0.25), "#4fa63c")
    return c


# file: (what paints it, alternative text, questions)
SAMPLES = {
    "sea": (sea, "A beach, the sea with a sailing boat, and a blue sky.",
            ["What kind of place is this?", "Is this a forest?", "Is this the sea?", "Is there a boat?"]),
    "mountains": (mountains, "A mountain with snow on its top behind green hills and firs.",
                  ["Is it a mountain or a street?", "Is this a forest?", "Is it indoors or outdoors?", "Is there a cat?"]),
    "forest": (forest, "Trees in a forest.",
               ["What kind of place is this?", "What color is it?", "Is this the sea?", "Is there a vehicle?"]),
    "street": (street, "A street between houses with a red car on it.",
               ["What kind of place is this?", "Is the car red?", "Is there a car?", "Is there a vehicle?"]),
    "lemons": (lemons, "Two lemons on a table.",
               ["What color is it?", "What kind of food is this?", "Is this a lemon?", "Is it a vehicle?"]),
    "shirt": (shirt, "A blue T-shirt.",
              ["What color is the shirt?", "What color is it?", "What kind of clothing is this?", "Are these pants?"]),
    "cottage": (cottage, "A cartoon of a cottage with a red roof, a tree and the sun.",
                ["What is in the picture?", "Is this a photo, a painting, a cartoon or a sketch?", "Is there a house?", "Is it a cartoon?"]),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "../../../web/demo/samples")
    args = parser.parse_args()
    listed = args.out / "samples.json"
    others = [row for row in json.loads(listed.read_text()) if Path(row["file"]).stem not in SAMPLES]
    ours = []
    for name, (paint, alt, questions) in SAMPLES.items():
        paint().finished().save(args.out / f"{name}.jpg", quality=88, optimize=True)
        ours.append({"file": f"{name}.jpg", "alt": alt, "questions": questions})
    listed.write_text(json.dumps(ours + others, indent=2) + "\n")


if __name__ == "__main__":
    main()
