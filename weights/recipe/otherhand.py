"""A second way of drawing, written apart from draw.py: distance fields on a pixel grid, common palettes.

Only used to check that the model does not depend on the generator's hand.
"""
import math
import random

import numpy as np
from PIL import Image

from scene import COLOURS, SHAPES

PALETTES = [  # web names, matplotlib's, Material's, a set of distinct colours
    {"black": 0x000000, "gray": 0x808080, "red": 0xFF0000, "blue": 0x0000FF, "green": 0x008000, "teal": 0x008080,
     "brown": 0x8B4513, "yellow": 0xFFFF00, "orange": 0xFFA500, "purple": 0x800080, "pink": 0xFF69B4, "white": 0xFFFFFF},
    {"black": 0x111111, "gray": 0x7F7F7F, "red": 0xD62728, "blue": 0x1F77B4, "green": 0x2CA02C, "brown": 0x8C564B,
     "orange": 0xFF7F0E, "purple": 0x9467BD, "pink": 0xE377C2},
    {"gray": 0x9E9E9E, "red": 0xF44336, "blue": 0x2196F3, "green": 0x4CAF50, "teal": 0x009688, "brown": 0x795548,
     "yellow": 0xFFEB3B, "orange": 0xFF9800, "purple": 0x9C27B0, "white": 0xFFFFFF},
    {"red": 0xE6194B, "green": 0x3CB44B, "blue": 0x4363D8, "teal": 0x469990, "brown": 0x9A6324, "black": 0x000000,
     "orange": 0xF58231, "white": 0xFFFFFF},
]
PAPER = [0xFFFFFF, 0xF5F5DC, 0x202124, 0xFAF3E0, 0x263238, 0xDDEEFF, 0xEEEEEE, 0x0B1021, 0xC8E6C9, 0xB0A0C0]


def rgb(code: int) -> np.ndarray:
    return np.array([code >> 16, code >> 8 & 255, code & 255], np.float64)


def polygon_distance(px, py, corners) -> np.ndarray:
    """Signed distance to a polygon, negative inside."""
    nearest = np.full(px.shape, np.inf)
    inside = np.zeros(px.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1]):
        ex, ey = bx - ax, by - ay
        along = np.clip(((px - ax) * ex + (py - ay) * ey) / (ex * ex + ey * ey), 0, 1)
        nearest = np.minimum(nearest, np.hypot(px - ax - along * ex, py - ay - along * ey))
        if ay != by:
            inside ^= ((ay > py) != (by > py)) & (px < ex * (py - ay) / ey + ax)
    return np.where(inside, -nearest, nearest)


def corners_of(rng, shape, size):
    ring = lambda n, r, start: [(r * math.cos(start + 2 * math.pi * k / n), r * math.sin(start + 2 * math.pi * k / n)) for k in range(n)]
    if shape == "triangle":
        return ring(3, size, -math.pi / 2)
    if shape == "star":
        outer, inner = ring(5, size, -math.pi / 2), ring(5, 0.42 * size, -math.pi / 2 + math.pi / 5)
        return [p for pair in zip(outer, inner) for p in pair]
    if shape == "rectangle":
        a, b = rng.choice([(0.75, 0.75), (0.95, 0.55), (0.55, 0.95), (0.95, 0.4)])
        return [(-a * size, -b * size), (a * size, -b * size), (a * size, b * size), (-a * size, b * size)]
    t = 0.32 * size
    return [(-t, -size), (t, -size), (t, -t), (size, -t), (size, t), (t, t), (t, size), (-t, size), (-t, t), (-size, t),
            (-size, -t), (-t, -t)]


def draw(rng: random.Random):
    """A picture and its table of things (columns as in pictures.py)."""
    width = rng.randint(120, 500)
    height = rng.choice([width, int(width * 0.75), int(width * 1.3)])
    paper = rgb(rng.choice(PAPER))
    canvas = np.tile(paper, (height, width, 1)) + np.linspace(0, rng.choice([0, 0, 25]), height)[:, None, None]
    py, px = np.mgrid[0:height, 0:width] + 0.5
    palette = rng.choice(PALETTES)
    names = [n for n in palette if np.abs(rgb(palette[n]) - paper).sum() > 150]
    table = np.full((5, 8), -1.0, np.float32)
    hollow = rng.random() < 0.2
    spots = rng.sample([(c, r) for c in range(3) for r in range(3)], rng.randint(1, 5))
    for row, (column, line) in zip(table, spots):
        shape, name = rng.choice(SHAPES), rng.choice(names)
        size = min(width, height) * rng.uniform(0.075, 0.145)
        cx = width * (column + 0.5 + rng.uniform(-0.06, 0.06)) / 3
        cy = height * (line + 0.5 + rng.uniform(-0.06, 0.06)) / 3
        if shape == "circle":
            distance = np.hypot(px - cx, py - cy) - size
            box, area, square = (-size, size, -size, size), math.pi * size * size, 0
        else:
            angle = rng.choice([0, 0, 0, math.pi / 6, 0.3, math.pi / 4])
            c, s = math.cos(angle), math.sin(angle)
            corners = [(c * x - s * y, s * x + c * y) for x, y in corners_of(rng, shape, size)]
            xs, ys = zip(*corners)
            box = (min(xs), max(xs), min(ys), max(ys))
            area = abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, corners[1:] + corners[:1]))) / 2
            square = float(shape == "rectangle" and abs(math.dist(corners[0], corners[1]) / math.dist(corners[1], corners[2]) - 1) < 0.1)
            distance = polygon_distance(px - cx, py - cy, corners)
        if hollow:
            distance = np.abs(distance) - max(0.012 * width, 1.3)
        cover = np.clip(0.5 - distance, 0, 1)[..., None]
        canvas = canvas * (1 - cover) + rgb(palette[name]) * cover
        row[:] = (SHAPES.index(shape), COLOURS.index(name), (cx + (box[0] + box[1]) / 2) / width,
                  (cy + (box[2] + box[3]) / 2) / height, (box[1] - box[0]) / 2 / width, (box[3] - box[2]) / 2 / height,
                  area / (width * height), square)
    return Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8)), table


def pictures(count: int, seed: int):
    rng = random.Random(seed)
    return [draw(rng) for _ in range(count)]
