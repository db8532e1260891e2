"""Pictures in the style of NLVR: three grey boxes with towers of blocks or with scattered items."""
import random
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from photos.pictures import squeeze

COLOURS = {"black": (0, 0, 0), "blue": (0, 153, 255), "yellow": (255, 255, 0)}
SHAPES = ["circle", "square", "triangle"]
SIZES = {"small": 10, "medium": 20, "big": 30}
SIDE, GAP = 100, 50         # of a box, and between two
BOX, BETWEEN = (211, 211, 211), (128, 128, 128)
BLOCK, PITCH = 20, 21


@dataclass
class Item:
    """x and y: of the middle, in the box."""
    x: float
    y: float
    size: int
    shape: str
    colour: str

    @property
    def walls(self) -> set:
        """Which walls of its box it touches."""
        half = self.size / 2
        return {wall for wall, gap in (("left", self.x - half), ("right", SIDE - self.x - half), ("top", self.y - half),
                                       ("bottom", SIDE - self.y - half)) if gap < 1}


def tower(rng: random.Random) -> list:
    """One to four blocks, the lowest first."""
    colours = rng.sample(list(COLOURS), rng.choice([1, 2, 2, 3, 3]))
    return [Item(SIDE / 2, SIDE - BLOCK / 2 - k * PITCH, BLOCK, "square", rng.choice(colours))
            for k in range(rng.choice([1, 1, 2, 2, 3, 3, 4]))]


def scattered(rng: random.Random) -> list:
    """One to eight items that do not meet, some at a wall."""
    items = []
    colours = rng.sample(list(COLOURS), rng.choice([1, 2, 3, 3, 3]))
    for _ in range(rng.choice([1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8])):
        size = rng.choice(list(SIZES.values()))
        half = size / 2
        for _ in range(20):
            x, y = rng.randint(int(half) + 3, SIDE - int(half) - 3), rng.randint(int(half) + 3, SIDE - int(half) - 3)
            wall = rng.random()
            x = half if wall < 0.08 else SIDE - half if wall < 0.16 else x
            y = SIDE - half if 0.16 < wall < 0.30 or wall < 0.03 else half if 0.30 < wall < 0.36 else y
            if all(abs(x - t.x) > half + t.size / 2 + 1 or abs(y - t.y) > half + t.size / 2 + 1 for t in items):
                items.append(Item(x, y, size, rng.choice(SHAPES), rng.choice(colours)))
                break
    return items


def stacked(rng: random.Random, items: list) -> None:
    """Sometimes sets one item right on top of another, as some pictures have it."""
    below = rng.choice(items)
    size = rng.choice([s for s in SIZES.values() if s <= below.size])
    above = Item(below.x, below.y - below.size / 2 - size / 2 - 1, size, rng.choice(SHAPES), rng.choice(list(COLOURS)))
    if below.shape == "square" and above.y > size / 2 and all(
            abs(above.x - t.x) > (size + t.size) / 2 or abs(above.y - t.y) > (size + t.size) / 2 for t in items if t is not below):
        items.append(above)


def make_boxes(rng: random.Random):
    """Three boxes of items, and whether they are towers."""
    towers = rng.random() < 0.5
    boxes = [tower(rng) if towers else scattered(rng) for _ in range(3)]
    if not towers and rng.random() < 0.15:
        stacked(rng, rng.choice(boxes))
    return boxes, towers


def draw_boxes(boxes: list) -> np.ndarray:
    """The 400 x 100 picture, squeezed to the model's input."""
    image = Image.new("RGB", (3 * SIDE + 2 * GAP, SIDE), BETWEEN)
    pen = ImageDraw.Draw(image)
    for k, items in enumerate(boxes):
        left = k * (SIDE + GAP)
        pen.rectangle((left, 0, left + SIDE - 1, SIDE - 1), fill=BOX)
        for t in items:
            half = t.size / 2
            x0, y0, x1, y1 = left + t.x - half, t.y - half, left + t.x + half - 1, t.y + half - 1
            if t.shape == "circle":
                pen.ellipse((x0, y0, x1, y1), fill=COLOURS[t.colour])
            elif t.shape == "square":
                pen.rectangle((x0, y0, x1, y1), fill=COLOURS[t.colour])
            else:
                pen.polygon([(left + t.x, y0), (x1, y1), (x0, y1)], fill=COLOURS[t.colour])
    return squeeze(image)
