"""Statements, true or false, about three boxes (see boxes.py), as people write them."""
import random

from photos.boxes import COLOURS, SHAPES, SIZES, draw_boxes, make_boxes

NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
BOX = ["box", "box", "grey box", "grey square", "box"]
TOUCHING = ["touching the edge", "touching the wall", "touching an edge", "touching the side", "closely touching the wall", "touching a wall",
            "touching a edge", "touching the edges"]
AT_BASE = ["touching the base", "closely touching the bottom of a box", "touching the bottom", "touching the bottom edge"]


def number(rng: random.Random, n: int) -> str:
    return str(n) if rng.random() < 0.4 else NUMBERS[n]


def quantity(rng: random.Random, count: int, wanted: bool, most: int):
    """("at least two", plural) that is true of `count` things, or false; a bare number is only called false where there are fewer."""
    options = [("a", 1), ("at least one", 1), ("at least 1", 1), ("at least a", 1)] if (count > 0) == wanted else []
    options += [("no", 1)] if (count == 0) == wanted else []
    for k in range(1, min(most, count + 2) + 1):
        options += [("exactly", k), ("only", k), ("exactly", k)] if (count == k) == wanted else []
        options += [("", k), ("", k)] if (count == k if wanted else count < k) else []
        options += [("at least", k), ("atleast", k)] if k > 1 and (count >= k) == wanted else []
        options += [("at most", k)] if k > 1 and abs(k - count) < 2 and (count <= k) == wanted else []
    if not options:
        return None
    words, k = rng.choice(options)
    if words in ("a", "at least one", "at least 1", "at least a", "no"):
        return words, False
    return f"{words} {number(rng, k)}".strip(), k > 1


def there(rng: random.Random, count: int, wanted: bool, one: str, many: str, most: int = 6):
    """There are so many `many`; `one` or `many` may go on with what they are like."""
    found = quantity(rng, count, wanted, most)
    if not found:
        return None
    words, plural = found
    return f"there {'are' if plural else 'is'} {words} {many if plural else one}"


class Noun:
    """Items of a colour, a shape, a size, or of any."""

    def __init__(self, rng: random.Random, of_colour=0.75, of_shape=0.6):
        self.colour = rng.choice(list(COLOURS)) if rng.random() < of_colour else None
        self.shape = rng.choice(SHAPES) if rng.random() < of_shape else None
        self.size = rng.choice(["small", "big"]) if self.shape and rng.random() < 0.06 else None
        word = self.shape or rng.choice(["item", "item", "object"])
        self.one = " ".join(w for w in (self.size, self.colour, word) if w)
        self.many = self.one + "s"

    def fits(self, item) -> bool:
        return self.colour in (None, item.colour) and self.shape in (None, item.shape) and \
            (self.size is None or item.size == SIZES[self.size])

    def among(self, items: list) -> list:
        return [item for item in items if self.fits(item)]


def touching(rng: random.Random):
    """("touching the edge", which items do), of walls, corners, one wall, or none."""
    roll = rng.random()
    if roll < 0.45:
        return rng.choice(TOUCHING), lambda t: bool(t.walls)
    if roll < 0.70:
        return "not touching " + rng.choice(["any edge", "the edge", "any edge", "the wall", "any wall", "the side"]), lambda t: not t.walls
    if roll < 0.86:
        return rng.choice(AT_BASE), lambda t: "bottom" in t.walls
    if roll < 0.93:
        return rng.choice(["touching a corner", "touching the corner", "closely touching a corner of a box"]), lambda t: len(t.walls) > 1
    wall = rng.choice(["left", "right", "top"])
    return rng.choice([f"closely touching {wall} wall of a box", f"touching the {wall} wall", f"touching the {wall} side"]), \
        lambda t: wall in t.walls


def items_in_all(rng, boxes, wanted):
    noun = Noun(rng)
    items = noun.among(sum(boxes, []))
    if rng.random() < 0.75:
        words, holds = touching(rng)
        return there(rng, sum(map(holds, items)), wanted, f"{noun.one} {words}", f"{noun.many} {words}")
    return there(rng, len(items), wanted, noun.one, noun.many)


def all_touch(rng, boxes, wanted):
    noun = Noun(rng)
    items = noun.among(sum(boxes, []))
    words, holds = touching(rng)
    if not items:
        return None
    kind = rng.random()
    share = sum(map(holds, items))
    if kind < 0.35:
        return f"none of the {noun.many} are {words}" if (share == 0) == wanted else None
    return (f"{noun.many} are {words}" if kind < 0.6 else f"all {noun.many} are {words}") if (share == len(items)) == wanted else None


def count_boxes(rng, boxes, wanted):
    """How many boxes are so."""
    noun, second = Noun(rng), Noun(rng, 1.0, 0.6)
    kind = rng.randrange(9)
    colours = [{t.colour for t in items} for items in boxes]
    sizes = [len(items) for items in boxes]
    n = rng.choice(sizes) if rng.random() < 0.7 else rng.randint(1, 8)
    if kind == 0:
        word, holds = touching(rng)
        true, tail = [any(map(holds, noun.among(b))) for b in boxes], f"with a {noun.one} {word}"
    elif kind == 1:
        true, tail = [s == n for s in sizes], rng.choice([f"with {number(rng, n)} items", f"with exactly {number(rng, n)} objects",
                                                          f"that contains exactly {number(rng, n)} objects"])
    elif kind == 2:
        k = rng.randint(1, 4)
        true = [len(noun.among(b)) >= k for b in boxes]
        tail = f"with at least {number(rng, k)} {noun.many if k > 1 else noun.one}"
    elif kind == 3:
        true, tail = [len(c) == 3 for c in colours], rng.choice(["with all 3 colors", "with items of all 3 different colors",
                                                                 "with items of all three colors"])
    elif kind == 4:
        true, tail = [len(c) == 1 for c in colours], "with items of only one color"
    elif kind == 5:
        two = rng.sample(list(COLOURS), 2)
        true, tail = [c == set(two) for c in colours], rng.choice([f"with only {two[0]} and {two[1]} items",
                                                                   f"with items of only {two[0]} and {two[1]} color"])
    elif kind == 6:
        if noun.colour == second.colour or noun.colour is None:
            return None
        true, tail = [bool(noun.among(b) and second.among(b)) for b in boxes], f"with a {noun.one} and a {second.one}"
    elif kind == 7:
        k = rng.randint(1, 3)
        true = [len(noun.among(b)) == k for b in boxes]
        tail = f"with exactly {number(rng, k)} {noun.many if k > 1 else noun.one}"
    else:
        word, holds = touching(rng)
        true = [s == n and any(map(holds, noun.among(b))) for s, b in zip(sizes, boxes)]
        tail = f"with {number(rng, n)} items and a {noun.one} {word}"
    box = rng.choice(BOX)
    if rng.random() < 0.2 and kind == 1:
        return f"one of the {box}{'es' if box.endswith('x') else 's'} has exactly {number(rng, n)} objects" if any(true) == wanted else None
    return there(rng, sum(true), wanted, f"{box} {tail}", f"{box}{'es' if box.endswith('x') else 's'} {tail}", 3)


def every_box(rng, boxes, wanted):
    noun = Noun(rng, 0.8, 0.5)
    kind = rng.random()
    if kind < 0.5:
        k = rng.choice([1, 1, 1, 2, 3])
        value = all(len(noun.among(b)) >= k for b in boxes)
        words = f"at least {number(rng, k)} {noun.many if k > 1 else noun.one}"
        text = rng.choice([f"each {rng.choice(BOX)} contains {words}", f"each box has {words}", f"there is {words} in each box",
                           f"all boxes have {words}"])
    elif kind < 0.65:
        value = sum(bool(noun.among(b)) for b in boxes) == 1
        text = f"all {noun.many} are in the same box"
    elif kind < 0.85:
        colours = {t.colour for b in boxes for t in b if t.walls}
        value, text = (len(colours) == 3, "all 3 different colors are touching the wall") if rng.random() < 0.5 else \
            (len(colours) == 1, "there is only one color touching the wall")
    else:
        value = not any(noun.among(b) for b in boxes)
        text = f"there is no {noun.one} in any box"
    return text if value == wanted else None


def tower_where(rng, boxes):
    """(what is true of a tower, for each of the three)."""
    colour, other = rng.choice(list(COLOURS)), rng.choice(list(COLOURS))
    n, k = rng.randint(1, 4), rng.randint(1, 3)
    height = rng.choice([f"exactly {number(rng, n)}", number(rng, n), f"only {number(rng, n)}"])
    blocks = "block" if n == 1 else "blocks"
    kind = rng.randrange(11)
    colours = [[t.colour for t in b] for b in boxes]
    if kind in (0, 1):
        return rng.choice([f"with a {colour} block at the top", f"having a {colour} block at the top", f"that has a {colour} block at the top",
                           f"with a {colour} block on top"]), [c[-1] == colour for c in colours]
    if kind in (2, 3):
        return rng.choice([f"with a {colour} block at the base", f"having a {colour} block at the base", f"with a {colour} base",
                           f"with a {colour} block at the bottom"]), [c[0] == colour for c in colours]
    if kind == 4:
        return f"with {height} {blocks}", [len(c) == n for c in colours]
    if kind == 5:
        return f"with {height} {blocks} having a {colour} block at the top", [len(c) == n and c[-1] == colour for c in colours]
    if kind == 6:
        over = rng.choice(["over", "above", "on top of", "on"])
        return f"with a {colour} block {over} a {other} block", [any(a == other and b == colour for a, b in zip(c, c[1:])) for c in colours]
    if kind == 7:
        words = rng.choice([f"with {number(rng, k)}", f"with exactly {number(rng, k)}", f"that contains {number(rng, k)}"])
        return f"{words} {colour} block{'s' * (k > 1)}", [c.count(colour) == k for c in colours]
    if kind == 8:
        return f"with at least {number(rng, k)} {colour} block{'s' * (k > 1)}", [c.count(colour) >= k for c in colours]
    if kind == 9:
        two = rng.sample(list(COLOURS), 2)
        return f"with only {two[0]} and {two[1]} blocks", [set(c) == set(two) for c in colours]
    return rng.choice([("with more than one block where all the blocks are of same color", [len(c) > 1 and len(set(c)) == 1 for c in colours]),
                       ("with blocks of all 3 colours", [len(set(c)) == 3 for c in colours]),
                       ("that has only one color", [len(set(c)) == 1 for c in colours]),
                       (f"where the second block from the base is {colour}", [len(c) > 1 and c[1] == colour for c in colours]),
                       (f"with at least {number(rng, k)} block{'s' * (k > 1)}", [len(c) >= k for c in colours])])


def count_towers(rng, boxes, wanted):
    tail, true = tower_where(rng, boxes)
    if tail.startswith("with a ") and rng.random() < 0.12:
        return f"all {rng.choice(['3 ', 'three ', ''])}towers have {tail[5:]}" if (sum(true) == 3) == wanted else None
    return there(rng, sum(true), wanted, f"tower {tail}", f"towers {tail}", 3)


def blocks_as(rng, boxes, wanted):
    colour, other = rng.choice(list(COLOURS)), rng.choice(list(COLOURS))
    kind = rng.randrange(5)
    n = rng.randint(1, 4)
    sort, fits = rng.choice([("a tower", lambda b: True), (f"a tower with at least {number(rng, 2)} blocks", lambda b: len(b) > 1),
                             (f"a tower with exactly {number(rng, n)} block{'s' * (n > 1)}", lambda b: len(b) == n)])
    if kind < 2:
        at, end = ("top", -1) if kind else ("base", 0)
        count = sum(fits(b) and b[end].colour == colour for b in boxes)
        return there(rng, count, wanted, f"{colour} block as the {at} of {sort}", f"{colour} blocks as the {at} of {sort}", 3)
    if kind == 2:
        over = rng.choice(["on", "above", "over"])
        count = sum(lower.colour == other and upper.colour == colour for b in boxes for lower, upper in zip(b, b[1:]))
        return there(rng, count, wanted, f"{colour} block {over} a {other} block", f"{colour} blocks {over} a {other} block")
    if kind == 3:
        count = sum(t.colour == colour for b in boxes for t in b)
        return there(rng, count, wanted, f"{colour} block", f"{colour} blocks")
    tall = [b for b in boxes if len(b) == n]
    if len(tall) != 1:
        return None
    at, end = rng.choice([("top", -1), ("base", 0)])
    text = rng.choice([f"the tower with {number(rng, n)} block{'s' * (n > 1)} has a {colour} block at the {at}",
                       f"the {at} of the {NUMBERS[n]} block{'s' * (n > 1)} tower is {colour}"])
    return text if (tall[0][end].colour == colour) == wanted else None


def same_towers(rng, boxes, wanted):
    heights, bases, tops = [len(b) for b in boxes], [b[0].colour for b in boxes], [b[-1].colour for b in boxes]
    text, values = rng.choice([("there are at least two towers with the same height", heights), ("all towers have the same height", heights),
                               ("there are at least two towers with the same base color", bases), ("all towers have the same base color", bases),
                               ("at least two towers have the same color at the top", tops)])
    value = len(set(values)) == 1 if text.startswith("all") else len(set(values)) < 3
    return text if value == wanted else None


SCATTERED = [(items_in_all, 6), (count_boxes, 7), (every_box, 3), (all_touch, 2)]
TOWERS = [(count_towers, 8), (blocks_as, 7), (same_towers, 1)]


class Boxes:
    """Freshly drawn boxes."""
    smallest_crop = 1.0

    def __init__(self, work, split: str):
        assert split == "train", "drawn for training only"

    def draw(self, rng: random.Random):
        boxes, towers = make_boxes(rng)
        return draw_boxes(boxes), (boxes, towers)

    def ask(self, rng: random.Random, drawn: tuple, skill: str = None):
        """(statement, true or false, skill), or None."""
        boxes, towers = drawn
        families = TOWERS if towers else SCATTERED
        family = rng.choices([f for f, _ in families], [weight for _, weight in families])[0]
        wanted = rng.random() < 0.55
        for _ in range(8):
            text = family(rng, boxes, wanted)
            if text:
                text = text[0].upper() + text[1:] if rng.random() < 0.6 else text
                return text + ("." if rng.random() < 0.5 else ""), "true" if wanted else "false", "nlvr"
        return None
