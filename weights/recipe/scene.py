"""What is in a picture: named shapes with named colours at places. Drawing and questions both start here."""
import colorsys
import math
import random
from dataclasses import dataclass

SHAPES = ["circle", "rectangle", "triangle", "star", "cross"]
COLOURS = ["black", "gray", "red", "blue", "green", "teal", "brown", "yellow", "orange", "purple", "pink", "white"]
MAX_OBJECTS = 5

# name: (hue from, to in degrees; saturation from, to; value from, to). The gaps between the
# boxes keep the names unambiguous. Each has an exact value that is drawn often ("red" = 255,0,0).
COLOUR_BOXES = {
    "black": (0, 360, 0.0, 0.3, 0.0, 0.14),
    "gray": (0, 360, 0.0, 0.05, 0.35, 0.70),
    "white": (0, 360, 0.0, 0.03, 0.95, 1.0),
    "red": (-14, 8, 0.74, 1.0, 0.82, 1.0),
    "orange": (24, 38, 0.78, 1.0, 0.94, 1.0),
    "yellow": (53, 61, 0.72, 1.0, 0.92, 1.0),
    "green": (96, 144, 0.52, 1.0, 0.38, 1.0),
    "teal": (171, 188, 0.52, 1.0, 0.38, 0.64),
    "blue": (204, 244, 0.66, 1.0, 0.50, 1.0),
    "purple": (268, 294, 0.42, 1.0, 0.45, 0.90),
    "pink": (316, 350, 0.25, 0.60, 0.88, 1.0),
    "brown": (0, 32, 0.40, 0.90, 0.38, 0.62),
}
EXACT_COLOURS = {
    "black": (0, 0, 0), "gray": (128, 128, 128), "white": (255, 255, 255), "red": (255, 0, 0),
    "orange": (255, 165, 0), "yellow": (255, 255, 0), "green": (0, 255, 0), "teal": (0, 128, 128),
    "blue": (0, 0, 255), "purple": (128, 0, 128), "pink": (255, 105, 180), "brown": (165, 42, 42),
}


@dataclass
class Thing:
    """One shape. Coordinates and sizes are fractions of the picture's width and height."""
    shape: str
    colour: str
    rgb: tuple
    points: list        # outline in pixels of the canvas
    x: float            # centre of the bounding box
    y: float
    half_w: float       # half the bounding box
    half_h: float
    area: float         # true area of the outline
    square: bool        # a rectangle that a reader would call a square


def sample_rgb(rng: random.Random, name: str) -> tuple:
    """A colour that everybody would call `name`."""
    if rng.random() < 0.3:
        return EXACT_COLOURS[name]
    h0, h1, s0, s1, v0, v1 = COLOUR_BOXES[name]
    rgb = colorsys.hsv_to_rgb((rng.uniform(h0, h1) % 360) / 360, rng.uniform(s0, s1), rng.uniform(v0, v1))
    return tuple(round(255 * c) for c in rgb)


def contrast(a: tuple, b: tuple) -> float:
    """Distance of two colours in a luma/chroma space, 0..about 400."""
    def ycc(c):
        y = 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2]
        return y, (c[2] - y) * 0.9, (c[0] - y) * 0.9
    return math.dist(ycc(a), ycc(b))


def unit_outline(rng: random.Random, shape: str) -> list:
    """Corner points around (0, 0), largest distance from it about 1."""
    if shape == "circle":
        return [(math.cos(t * math.pi / 36), math.sin(t * math.pi / 36)) for t in range(72)]
    if shape == "rectangle":
        ratio = 1.0 if rng.random() < 0.4 else rng.uniform(0.26, 0.95)
        a, b = (1, ratio) if rng.random() < 0.5 else (ratio, 1)
        n = math.hypot(a, b) / 1.15
        return [(-a / n, -b / n), (a / n, -b / n), (a / n, b / n), (-a / n, b / n)]
    if shape == "triangle":
        kind = rng.random()
        if kind < 0.6:      # equal sides
            return [(0.0, -1.0), (0.87, 0.5), (-0.87, 0.5)]
        if kind < 0.85:     # two equal sides
            w, h = rng.uniform(0.6, 1.0), rng.uniform(0.75, 1.0)
            return [(0.0, -h), (w, h), (-w, h)]
        w, h = rng.uniform(0.7, 1.0), rng.uniform(0.7, 1.0)
        return [(-w, -h), (w, h), (-w, h)]  # right angle
    if shape == "star":
        tips = 5 if rng.random() < 0.85 else rng.choice([4, 6])
        inner = rng.uniform(0.34, 0.5) if tips > 4 else rng.uniform(0.28, 0.38)
        return [((1 if k % 2 == 0 else inner) * math.sin(k * math.pi / tips),
                 -(1 if k % 2 == 0 else inner) * math.cos(k * math.pi / tips)) for k in range(2 * tips)]
    w = rng.uniform(0.22, 0.42)  # cross: half the width of an arm
    return [(-w, -1), (w, -1), (w, -w), (1, -w), (1, w), (w, w), (w, 1), (-w, 1), (-w, w), (-1, w), (-1, -w), (-w, -w)]


def sample_angle(rng: random.Random, shape: str) -> float:
    """Upright more often than not; any other angle otherwise."""
    roll = rng.random()
    if shape == "triangle":
        return 0.0 if roll < 0.4 else rng.choice([90, 180, 270]) if roll < 0.6 else rng.uniform(0, 360)
    if shape == "rectangle":
        return 0.0 if roll < 0.65 else rng.uniform(0, 180)
    return 0.0 if roll < 0.5 else rng.uniform(-20, 20) if roll < 0.7 else rng.uniform(0, 360)


def rotate(points: list, degrees: float) -> list:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [(c * x - s * y, s * x + c * y) for x, y in points]


def polygon_area(points: list) -> float:
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1]))) / 2


def place(rng: random.Random, shape: str, colour: str, rgb: tuple, width: int, height: int, radius: float,
          taken: list) -> Thing:
    """Puts a shape of `radius` pixels where it touches nothing in `taken`; None if there is no room."""
    outline = unit_outline(rng, shape)
    outline = [(radius * x, radius * y) for x, y in rotate(outline, sample_angle(rng, shape))]
    xs, ys = [p[0] for p in outline], [p[1] for p in outline]
    mid_x, mid_y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    half_w, half_h = (max(xs) - min(xs)) / 2, (max(ys) - min(ys)) / 2
    edge = 0.5 + rng.random() * 0.02 * width
    if half_w + edge > width / 2 or half_h + edge > height / 2:
        return None
    for _ in range(30):
        x = rng.uniform(half_w + edge, width - half_w - edge)
        y = rng.uniform(half_h + edge, height - half_h - edge)
        gap_x, gap_y = 0.025 * width, 0.025 * height
        if all(abs(x - t.x * width) > half_w + t.half_w * width + gap_x or
               abs(y - t.y * height) > half_h + t.half_h * height + gap_y for t in taken):
            points = [(px - mid_x + x, py - mid_y + y) for px, py in outline]
            square = shape == "rectangle" and 0.87 < (half_w / width) / (half_h / height) < 1.15 and \
                0.87 < math.dist(points[0], points[1]) / math.dist(points[1], points[2]) < 1.15
            return Thing(shape, colour, rgb, points, x / width, y / height, half_w / width, half_h / height,
                         polygon_area(points) / (width * height), square)
    return None


def sample_things(rng: random.Random, width: int, height: int, backgrounds: list, count: int,
                  least_contrast: float = 62.0) -> list:
    """`count` shapes (or fewer where there is no room) that stand out from every colour in `backgrounds`."""
    shapes = SHAPES if rng.random() < 0.5 else rng.sample(SHAPES, rng.randint(1, 3))
    colours = COLOURS if rng.random() < 0.5 else rng.sample(COLOURS, rng.randint(1, 4))
    side = min(width, height)
    largest = {0: 0.3, 1: 0.34, 2: 0.24, 3: 0.21, 4: 0.19, 5: 0.17}[count]
    alike = rng.uniform(0.085, largest) if rng.random() < 0.3 else None
    things = []
    for _ in range(count):
        for _ in range(12):
            colour = rng.choice(colours)
            rgb = sample_rgb(rng, colour)
            if all(contrast(rgb, b) > least_contrast for b in backgrounds):
                break
            colours = COLOURS
        else:
            continue
        radius = side * (alike * rng.uniform(0.93, 1.07) if alike else rng.uniform(0.075, largest))
        radius = max(radius, 0.075 * max(width, height))
        thing = place(rng, rng.choice(shapes), colour, rgb, width, height, radius, things)
        if thing:
            things.append(thing)
    return things
