"""What colour is it: of things and garments whose colour is plain (see colours.py)."""
import collections
import random

from photos.ask_captions import COLOUR
from photos.ask_sorts import GARMENT_NOUN
from photos.colours import measured
from photos.pictures import indices, load
from photos.wordings import PLURALS, article, either, say, vary, yes_no

COLOUR_THIS = ["what color is it", "what color is this", "what is the color of this", "which color is it", "what is its color",
               "what color is the thing in the {img}", "what color does it have", "what color is the object"]
COLOUR_PLURAL = ["what color are the {n}", "what is the color of the {n}", "which color are the {n}", "what color do the {n} have",
                 "what color are these {n}"]
IS_COLOUR = ["is the {n} {c}", "is this {n} {c}", "is it {c}", "is the color of the {n} {c}", "is this a {c} {n}"]
IS_COLOUR_PLURAL = ["are the {n} {c}", "are these {n} {c}", "is the color of the {n} {c}"]
EITHER_COLOUR = ["is the {n} {x} or {y}", "is this {n} {x} or {y}", "is it {x} or {y}", "is the color of the {n} {x} or {y}"]
LEFT_OUT = {"nature", "indoor place", "structure", "building"}   # groups of things with many colours, or none of their own
ANY_NOUN = {"clothing": ["garment", "piece of clothing"], "animal": ["animal"], "vehicle": ["vehicle"], "food": ["food"]}
NEIGHBOURS = [{"red", "orange"}, {"orange", "yellow"}, {"orange", "brown"}, {"red", "brown"}, {"red", "pink"}, {"pink", "purple"},
              {"purple", "blue"}, {"gray", "white"}, {"gray", "black"}, {"black", "brown"}, {"blue", "black"}]


class Coloured:
    """The photos of a source whose thing has a plain colour."""
    smallest_crop = 0.85

    def __init__(self, source: str):
        self.source = source

    def __call__(self, work, split: str):
        self.pictures, self.rows = load(work, self.source)
        for row, colour in zip(self.rows, measured(work, self.source)):
            row["colour"] = colour
        self.indices = [i for i in indices(self.rows, split) if self.rows[i]["colour"] and self.rows[i].get("group") not in LEFT_OUT]
        self.shares = collections.Counter(self.rows[i]["colour"] for i in self.indices)
        return self

    def ask(self, rng: random.Random, row: dict, skill: str = None):
        """(question, answer, skill), or None: the commonest colours are asked for less often."""
        true = row["colour"]
        if rng.random() > 1.6 * len(self.indices) / len(self.shares) / self.shares[true]:
            return None
        if "label" in row:
            group, nouns = "clothing", [GARMENT_NOUN.get(row["label"], row["label"])]
        else:
            group, nouns = row["group"], [row["name"], row["kind"]]
        noun = rng.choice(nouns + ANY_NOUN.get(group, []))
        plural = noun in PLURALS and article(noun) == noun
        if skill == "colour" or rng.random() < 0.75:
            others = [c for c in self.shares if c != true and {c, true} not in NEIGHBOURS]
            if rng.random() < 0.1 and not plural:
                return vary(rng, either(rng, true, rng.choice(others), [t.format(n=noun, x="{x}", y="{y}") for t in EITHER_COLOUR])), true, "colour"
            templates = COLOUR_PLURAL if plural else COLOUR_THIS if rng.random() < 0.3 else COLOUR
            return vary(rng, say(rng, templates, n=noun)), true, "colour"
        there = rng.random() < 0.5
        others = [c for c in self.shares if c != true and {c, true} not in NEIGHBOURS]
        shown = true if there else rng.choices(others, [self.shares[c] ** 0.5 for c in others])[0]
        return vary(rng, say(rng, IS_COLOUR_PLURAL if plural else IS_COLOUR, n=noun, c=shown)), yes_no(there), "exists"
