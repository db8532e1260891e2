"""Questions with one true answer about a table of things (see pictures.py), in many wordings."""
import random

import wordings as w
from scene import COLOURS, SHAPES

NUMBERS = ["0", "1", "2", "3", "4", "5"]
PLACES = ["top left", "top", "top right", "left", "center", "right", "bottom left", "bottom", "bottom right"]
ANSWERS = ["yes", "no"] + SHAPES + COLOURS + NUMBERS + PLACES

CLEAR = 0.10      # a difference of centres that everybody sees
SLIGHT = 0.015    # one that nobody would call left, right, above or below
BIGGER_BY = 1.6   # ratio of areas that makes "bigger" plain


class Picture:
    """The things of one picture, and the small questions that the wordings are made of."""

    def __init__(self, table, rng: random.Random):
        self.rng = rng
        self.things = [tuple(row) for row in table.tolist() if row[0] >= 0]
        self.squares_only = all(t[7] > 0.5 for t in self.things if t[0] == SHAPES.index("rectangle"))
        self.img = "image" if rng.random() < 0.6 else "picture"
        self.first, self.second = [], []  # the things that {n} and {n2} of the question name

    def matching(self, colour, shape):
        return [t for t in self.things if colour in (None, int(t[1])) and shape in (None, int(t[0]))]

    def noun(self, colour, shape, plural=False) -> str:
        if shape is None:
            word = self.rng.choice(w.ANY_WORDS)
            if colour is None and word[0] in ("one", "figure"):
                word = ("shape", "shapes")
        elif SHAPES[shape] == "rectangle" and self.squares_only and self.rng.random() < 0.35:
            word = w.SQUARE_WORDS
        else:
            word = self.rng.choice(w.SHAPE_WORDS[SHAPES[shape]])
        return (COLOURS[colour] + " " if colour is not None else "") + word[plural]

    def referent(self, thing):
        """(colour, shape) that names this thing and no other; None if there is no such name."""
        colour, shape = int(thing[1]), int(thing[0])
        names = [n for n in ((colour, shape), (None, shape), (colour, None)) if len(self.matching(*n)) == 1]
        return self.rng.choice(names) if names else None

    def named(self, thing):
        name = self.referent(thing)
        return self.noun(*name) if name else None

    def random_filter(self, both=0.4):
        """A colour, a shape, or both; drawn from the picture's own or from all."""
        rng = self.rng
        own = self.things and rng.random() < 0.5
        colour = int(rng.choice(self.things)[1]) if own else rng.randrange(len(COLOURS))
        shape = int(rng.choice(self.things)[0]) if self.things and rng.random() < 0.6 else rng.randrange(len(SHAPES))
        roll = rng.random()
        return (colour, shape) if roll < both else (colour, None) if roll < both + (1 - both) / 2 else (None, shape)

    def say(self, templates, **slots) -> str:
        return self.rng.choice(templates).format(img=self.img, **slots)


def yes_no(value: bool) -> str:
    return "yes" if value else "no"


def ask_colour(p: Picture):
    if len(p.things) == 1 and p.rng.random() < 0.5:
        return p.say(w.COLOUR_SINGLE), COLOURS[int(p.things[0][1])]
    if not p.things:
        return None
    thing = p.rng.choice(p.things)
    same = p.first = p.matching(None, int(thing[0]))
    if len(same) == 1:
        shape = None if len(p.things) == 1 and p.rng.random() < 0.3 else int(thing[0])
        return p.say(w.COLOUR, n=p.noun(None, shape)), COLOURS[int(thing[1])]
    if len({t[1] for t in same}) == 1:
        return p.say(w.COLOUR_PLURAL, n=p.noun(None, int(thing[0]), True)), COLOURS[int(thing[1])]
    return None


def ask_shape(p: Picture):
    if len(p.things) == 1 and p.rng.random() < 0.5:
        return p.say(w.SHAPE_SINGLE), SHAPES[int(p.things[0][0])]
    if not p.things:
        return None
    thing = p.rng.choice(p.things)
    p.first = p.matching(int(thing[1]), None)
    if len(p.first) != 1:
        return None
    if p.rng.random() < 0.5:
        return p.say(w.SHAPE_BY_COLOUR, c=COLOURS[int(thing[1])]), SHAPES[int(thing[0])]
    return p.say(w.SHAPE, n=p.noun(int(thing[1]), None)), SHAPES[int(thing[0])]


def ask_exist(p: Picture):
    wanted = p.rng.random() < 0.5
    for _ in range(8):
        colour, shape = p.random_filter()
        p.first = p.matching(colour, shape)
        there = bool(p.first)
        if there == wanted:
            break
    else:
        return None
    kind = p.rng.random()
    if kind < 0.45:
        return p.say(w.EXIST, n=p.noun(colour, shape)), yes_no(there)
    if kind < 0.62:
        return p.say(w.EXIST_PLURAL, n=p.noun(colour, shape, True)), yes_no(there)
    if kind < 0.70 and shape is None:
        return p.say(w.EXIST_COLOUR, c=COLOURS[colour]), yes_no(there)
    if kind < 0.90:
        return p.say(w.ABSENT, n=p.noun(colour, shape)), yes_no(not there)
    return p.say(w.ABSENT_PLURAL, n=p.noun(colour, shape, True)), yes_no(not there)


def ask_count(p: Picture):
    kind = p.rng.random()
    if kind < (0.25 if len(p.things) > 1 else 0.1):
        p.first = p.things
        return p.say(w.COUNT, n=p.noun(None, None, True)), NUMBERS[len(p.things)]
    for _ in range(3):
        colour, shape = p.random_filter(0.2)
        p.first = p.matching(colour, shape)
        count = len(p.first)
        if count > 1 or (count > 0 and p.rng.random() < 0.6):
            break
    if kind < 0.35:
        asked = count if p.rng.random() < 0.5 else p.rng.choice([k for k in range(1, 6) if k != count])
        if asked < 2:
            return None
        return p.say(w.EXACTLY, n=p.noun(colour, shape, True), k=p.rng.choice(w.NUMBER_WORDS[asked])), yes_no(asked == count)
    if shape is None and p.rng.random() < 0.3:
        return p.say(w.COUNT_COLOUR, c=COLOURS[colour]), NUMBERS[count]
    return p.say(w.COUNT, n=p.noun(colour, shape, True)), NUMBERS[count]


def offset(a, b, relation: str) -> float:
    """How far a lies in the named direction from b."""
    return {"left": b[2] - a[2], "right": a[2] - b[2], "above": b[3] - a[3], "below": a[3] - b[3]}[relation]


def ask_related(p: Picture):
    """Is A left of B?"""
    if len(p.things) < 2:
        return None
    a, b = p.rng.sample(p.things, 2)
    wanted = p.rng.random() < 0.5
    relations = [r for r in w.RELATIONS if (offset(a, b, r) > CLEAR if wanted else offset(a, b, r) < -CLEAR)]
    name, name2 = p.named(a), p.named(b)
    p.first, p.second = [a], [b]
    if not relations or not name or not name2:
        return None
    return p.say(w.RELATED, n=name, n2=name2, r=p.rng.choice(w.RELATIONS[p.rng.choice(relations)])), yes_no(wanted)


def split_by_side(p: Picture, b, relation: str):
    """The things plainly on that side of b; None if some thing is neither plainly there nor plainly not."""
    others = [t for t in p.things if t is not b]
    there = [t for t in others if offset(t, b, relation) > CLEAR]
    return there if all(t in there or offset(t, b, relation) < SLIGHT for t in others) else None


def ask_related_exist(p: Picture):
    """Is there a red circle left of B?"""
    if len(p.things) < 2:
        return None
    b = p.rng.choice(p.things)
    p.second = [b]
    wanted = p.rng.random() < 0.5
    name2 = p.named(b)
    if not name2:
        return None
    relation = p.rng.choice(list(w.RELATIONS))
    there = split_by_side(p, b, relation)
    if there is None:
        return None
    words = p.rng.choice(w.RELATIONS[relation])
    if p.rng.random() < 0.25:
        return (p.say(w.RELATED_ANY, r=words, n2=name2), yes_no(wanted)) if bool(there) == wanted else None
    other = p.rng.choice([t for t in p.things if t is not b])
    colour, shape = p.rng.choice([(int(other[1]), int(other[0])), (int(other[1]), None), (None, int(other[0]))])
    if p.rng.random() < 0.15:
        colour, shape = p.random_filter()
    p.first = p.matching(colour, shape)
    found = any(t in there for t in p.first)
    if found != wanted:
        return None
    return p.say(w.RELATED_EXIST, n=p.noun(colour, shape), r=words, n2=name2), yes_no(wanted)


def ask_related_open(p: Picture):
    """What is left of B? Which colour? How many?"""
    if len(p.things) < 2:
        return None
    b = p.rng.choice(p.things)
    p.second = [b]
    name2 = p.named(b)
    relation = p.rng.choice(list(w.RELATIONS))
    there = split_by_side(p, b, relation)
    if there is None or not name2:
        return None
    words = p.rng.choice(w.RELATIONS[relation])
    kind = p.rng.random()
    if kind < 0.05:
        return p.say(w.RELATED_COUNT, r=words, n2=name2), NUMBERS[len(there)]
    if len(there) != 1:
        return None
    if kind < 0.56:
        return p.say(w.RELATED_SHAPE, r=words, n2=name2), SHAPES[int(there[0][0])]
    return p.say(w.RELATED_COLOUR, r=words, n2=name2), COLOURS[int(there[0][1])]


def third(value: float):
    """0, 1 or 2; None near a border."""
    return 0 if value < 0.30 else 2 if value > 0.70 else 1 if 0.40 < value < 0.60 else None


def ask_place(p: Picture):
    if not p.things:
        return None
    thing = p.rng.choice(p.things)
    name = p.named(thing)
    p.first = [thing]
    if not name:
        return None
    x, y = thing[2], thing[3]
    kind = p.rng.random()
    if kind < 0.45:
        column, row = third(x), third(y)
        return None if column is None or row is None else (p.say(w.WHERE, n=name), PLACES[3 * row + column])
    across = p.rng.random() < 0.5
    value = x if across else y
    if abs(value - 0.5) < CLEAR:
        return None
    side = ("left" if value < 0.5 else "right") if across else ("top" if value < 0.5 else "bottom")
    if kind < 0.75:
        return p.say(w.LEFT_OR_RIGHT if across else w.TOP_OR_BOTTOM, n=name), side
    asked = p.rng.choice(["left", "right"] if across else ["top", "bottom"])
    return p.say(w.ON_SIDE[asked], n=name), yes_no(asked == side)


def ask_numbers(p: Picture):
    """Are there more circles than triangles?"""
    if len(p.things) < 2:
        return None
    by_colour = p.rng.random() < 0.5
    pool = list({int(t[1 if by_colour else 0]) for t in p.things})
    first = p.rng.choice(pool)
    second = p.rng.choice(pool if p.rng.random() < 0.85 else range(len(COLOURS if by_colour else SHAPES)))
    if p.rng.random() < 0.5:
        first, second = second, first
    if first == second:
        return None
    filters = [(v, None) if by_colour else (None, v) for v in (first, second)]
    p.first, p.second = (p.matching(*f) for f in filters)
    a, b = len(p.first), len(p.second)
    kind = p.rng.random()
    templates, value = (w.MORE, a > b) if kind < 0.5 else (w.FEWER, a < b) if kind < 0.75 else (w.EQUAL, a == b)
    # a tie is common: leave out some of its "no"s (or "yes"es for EQUAL) so that both answers are as likely
    if not value and a == b and p.rng.random() < 0.85:
        return None
    return p.say(templates, n=p.noun(*filters[0], True), n2=p.noun(*filters[1], True)), yes_no(value)


def box(thing) -> float:
    return thing[4] * thing[5]


def plainly_bigger(a, b) -> bool:
    return a[6] > BIGGER_BY * b[6] and box(a) > BIGGER_BY * box(b)


def ask_size(p: Picture):
    if len(p.things) < 2:
        return None
    if p.rng.random() < 0.6:
        a, b = p.rng.sample(p.things, 2)
        name, name2 = p.named(a), p.named(b)
        p.first, p.second = [a], [b]
        if not name or not name2 or not (plainly_bigger(a, b) or plainly_bigger(b, a)):
            return None
        bigger = p.rng.random() < 0.6
        return p.say(w.BIGGER if bigger else w.SMALLER, n=name, n2=name2), yes_no(plainly_bigger(a, b) == bigger)
    largest = p.rng.random() < 0.5
    ranked = sorted(p.things, key=lambda t: -t[6] if largest else t[6])
    if not all(plainly_bigger(*((ranked[0], t) if largest else (t, ranked[0]))) for t in ranked[1:]):
        return None
    if p.rng.random() < 0.5:
        return p.say(w.BIGGEST_SHAPE if largest else w.SMALLEST_SHAPE), SHAPES[int(ranked[0][0])]
    return p.say(w.BIGGEST_COLOUR if largest else w.SMALLEST_COLOUR), COLOURS[int(ranked[0][1])]


def ask_same(p: Picture):
    if len(p.things) < 2:
        return None
    wanted = p.rng.random() < 0.62  # "yes" is found less often
    kind = p.rng.random()
    a, b = p.rng.sample(p.things, 2)
    if len(p.things) == 2 and kind < 0.7:
        on_colour = kind < 0.4
        same = a[1] == b[1] if on_colour else a[0] == b[0]
        return (p.say(w.SAME_COLOUR if on_colour else w.SAME_SHAPE), yes_no(same)) if same == wanted else None
    if kind < 0.6:
        if (a[1] == b[1]) != wanted or len(p.matching(None, int(a[0]))) > 1 or len(p.matching(None, int(b[0]))) > 1:
            return None
        return p.say(w.SAME_COLOUR_PAIR, n=p.noun(None, int(a[0])), n2=p.noun(None, int(b[0]))), yes_no(wanted)
    if kind < 0.75:
        same = len({t[1] for t in p.things}) == 1
        return (p.say(w.ALL_SAME_COLOUR), yes_no(same)) if same == wanted else None
    by_colour = p.rng.random() < 0.5
    value = a[1] if by_colour else a[0]
    same = all(t[1 if by_colour else 0] == value for t in p.things)
    if same != wanted:
        return None
    if by_colour:
        word = COLOURS[int(value)]
        return p.say(w.ALL_ARE, n=word, c=word), yes_no(same)
    return p.say(w.ALL_ARE, n=p.noun(None, int(value), True), c="a " + SHAPES[int(value)]), yes_no(same)


KINDS = {  # name: (function, how often it is tried)
    "colour": (ask_colour, 8), "shape": (ask_shape, 8), "exist": (ask_exist, 13), "count": (ask_count, 13),
    "relation": (ask_related, 11), "relation exist": (ask_related_exist, 9), "relation open": (ask_related_open, 14),
    "place": (ask_place, 12), "numbers": (ask_numbers, 7), "size": (ask_size, 8), "same": (ask_same, 7),
}
NAMES = list(KINDS)
WEIGHTS = [weight for _, weight in KINDS.values()]


def vary(rng: random.Random, text: str) -> str:
    """Spellings, question mark, a dropped article."""
    for word, other in w.SPELLINGS.items():
        if word in text and rng.random() < 0.35:
            text = text.replace(word, other)
    if rng.random() < 0.08:
        text = text.replace(" a ", " ").replace(" the ", " ")
    for vowel in "aeio":
        text = text.replace(f" a {vowel}", f" an {vowel}")
    return text + "?" if rng.random() < 0.75 else text


def sample_question(table, rng: random.Random, kind: str = None):
    """(question, answer, kind, (x, y, area) of the things named first, and second); None if `kind` does not fit the picture."""
    picture = Picture(table, rng)
    for _ in range(12):
        name = kind or rng.choices(NAMES, WEIGHTS)[0]
        for _ in range(4):
            picture.first, picture.second = [], []
            asked = KINDS[name][0](picture)
            if asked:
                marks = [[(t[2], t[3], t[6]) for t in named] for named in (picture.first, picture.second)]
                return vary(rng, asked[0]), asked[1], name, *marks
    return None
