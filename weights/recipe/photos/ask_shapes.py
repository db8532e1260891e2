"""Pictures and questions in the style of SHAPES: a 3 x 3 grid of red, green and blue shapes, asked about in a stiff English."""
import random

from PIL import Image, ImageDraw

from photos.pictures import squeeze

SHAPES, COLOURS = ["circle", "square", "triangle"], ["red", "green", "blue"]
CELL, FINE = 10, 8          # pixels of a cell; how much finer it is drawn
STEPS = {"left of": (0, -1), "right of": (0, 1), "above": (-1, 0), "below": (1, 0)}  # rows and columns, of direct neighbours


def draw_grid(rng: random.Random):
    """A 30 x 30 picture and {(row, column): (colour, shape)}."""
    cells = {}
    image = Image.new("RGB", (3 * CELL * FINE, 3 * CELL * FINE))
    pen = ImageDraw.Draw(image)
    empty = rng.choice([0, 1, 1, 2, 2, 2, 3, 4])
    places = rng.sample([(r, c) for r in range(3) for c in range(3)], 9 - empty)
    for row, column in places:
        colour, shape = rng.choice(COLOURS), rng.choice(SHAPES)
        cells[row, column] = colour, shape
        half = FINE * (rng.uniform(2.2, 2.75) if rng.random() < 0.5 else rng.uniform(3.2, 3.85))
        x, y = (column + 0.5) * CELL * FINE, (row + 0.5) * CELL * FINE
        rgb = [0, 0, 0]
        rgb[COLOURS.index(colour)] = rng.randint(204, 255) if rng.random() < 0.5 else 255
        if max(rgb) == 255:
            rgb[(COLOURS.index(colour) + rng.randint(1, 2)) % 3] = rng.randint(0, 51)
        corners = (x - half, y - half, x + half, y + half)
        if shape == "circle":
            pen.ellipse(corners, fill=tuple(rgb))
        elif shape == "square":
            pen.rectangle(corners, fill=tuple(rgb))
        else:
            pen.polygon([(x, y - half), (x + half, y + half), (x - half, y + half)], fill=tuple(rgb))
    return image.reduce(FINE), cells


def matching(cells: dict, noun: str) -> set:
    """Where there is a "red shape", a "circle"."""
    word = noun.split()[0]
    return {place for place, thing in cells.items() if word in thing}


def beside(places: set, relation: str) -> set:
    """The places that lie directly left of, above ... one of `places`."""
    rows, columns = STEPS[relation]
    return {(r + rows, c + columns) for r, c in places}


class Grids:
    """Freshly drawn grids."""
    smallest_crop = 1.0

    def __init__(self, work, split: str):
        assert split == "train", "drawn for training only"

    def draw(self, rng: random.Random):
        image, cells = draw_grid(rng)
        return squeeze(image), cells

    def ask(self, rng: random.Random, cells: dict, skill: str = None):
        """(question, answer, skill), or None."""
        nouns = SHAPES + [f"{c} shape" for c in COLOURS]
        wanted = rng.random() < 0.5
        for _ in range(12):
            noun, other = rng.choice(nouns), rng.choice(nouns)
            chain = rng.choices([0, 1, 2], [2, 5, 4])[0]
            relations = [rng.choice(list(STEPS)) for _ in range(chain)]
            there = matching(cells, other)
            for relation in reversed(relations):
                there = beside(there, relation)
            if bool(matching(cells, noun) & there) != wanted:
                continue
            words = other.split()[0] if not chain and rng.random() < 0.4 and " " in other else f"a {other}"
            question = " ".join(["is a", noun, *relations, words])
            return question + ("?" if rng.random() < 0.8 else ""), "yes" if wanted else "no", "shapes"
        return None
