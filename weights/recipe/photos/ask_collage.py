"""Four pictures in one, so that places, numbers and relations are known."""
import random

import numpy as np
from PIL import Image

from photos.ask_things import FAMILIES, alike, surely_not
from photos.pictures import SIDE, indices, load
from photos.wordings import PLURALS, article, say, vary, yes_no

CORNERS = ["top left", "top right", "bottom left", "bottom right"]
WHERE = ["where is the {n}", "where is the {n} in the {img}", "in which corner is the {n}", "where can you see the {n}",
         "in which part of the {img} is the {n}", "what is the position of the {n}", "which corner is the {n} in"]
LEFT_OR_RIGHT = ["is the {n} on the left or on the right", "is the {n} left or right", "on which side is the {n} , left or right"]
TOP_OR_BOTTOM = ["is the {n} at the top or at the bottom", "is the {n} at the top or the bottom", "is the {n} up or down , top or bottom"]
COUNT = ["how many {s} are there", "how many {s} do you see", "how many {s} are in the {img}", "count the {s}", "number of {s}",
         "how many {s} can you see", "how many {s}"]
IS_THERE = ["is there {a}", "is there {a} in the {img}", "do you see {a}", "can you see {a}", "does the {img} show {a}",
            "is {a} in the {img}", "does the {img} contain {a}", "is {a} visible"]
RELATED = {"left": ["left of", "to the left of", "on the left of"], "right": ["right of", "to the right of"],
           "above": ["above", "over"], "below": ["below", "under", "beneath"]}
IS_RELATED = ["is the {n} {r} the {m}", "is {a} {r} the {m}", "do you see {a} {r} the {m}"]
WHAT_AT = ["what is in the {c}", "what is at the {c}", "what is in the {c} corner", "what do you see at the {c}", "what is shown in the {c}",
           "which thing is in the {c}", "what is in the {c} of the {img}"]
WHAT_RELATED = ["what is {r} the {m}", "what do you see {r} the {m}", "which thing is {r} the {m}"]
OF_STYLES = {  # objects of the pictures in four styles: kind and group, as the small photos have them
    "dog": ("dog", "animal"), "elephant": ("mammal", "animal"), "giraffe": ("mammal", "animal"), "horse": ("mammal", "animal"),
    "guitar": ("guitar", "instrument"), "house": ("house", "building"), "person": ("person", "clothing")}
IRREGULAR = {"fish": "fish", "sheep": "sheep", "goldfish": "goldfish", "ox": "oxen", "gas": "gases"}
PLACES_NOT = {"nature", "indoor place"}    # no things that lie beside others


def plural(noun: str) -> str:
    if noun in PLURALS:
        return noun
    if noun in IRREGULAR:
        return IRREGULAR[noun]
    if noun.endswith(("s", "ch", "sh", "x")):
        return noun + "es"
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2] not in "aeiou" else noun + "s"


class Collages:
    """2 x 2 pictures of things, some of them alike."""
    smallest_crop = 1.0

    def __init__(self, work, split: str):
        self.cells = []     # (source's pictures, index, {name, kind, group})
        for source in ("tiny-imagenet", "pacs"):
            pictures, rows = load(work, source)
            for i in indices(rows, split):
                label = rows[i] if "kind" in rows[i] else dict(zip(("kind", "group"), OF_STYLES[rows[i]["object"]]))
                if label["group"] in PLACES_NOT:
                    continue
                own = rows[i].get("object")
                noun = own or (label["name"] if label["kind"] in FAMILIES else label["kind"])
                self.cells.append((pictures, i, {"noun": noun, "kind": label["kind"], "group": label["group"]}))
        self.of_noun = {}
        for k, cell in enumerate(self.cells):
            self.of_noun.setdefault(cell[2]["noun"], []).append(k)
        self.nouns = sorted(self.of_noun)

    def draw(self, rng: random.Random):
        """The picture, and the labels of its four parts."""
        repeated = rng.choice([1, 1, 1, 2, 2, 3, 4])
        nouns = rng.sample(self.nouns, 4)
        nouns = [nouns[0]] * repeated + nouns[1:5 - repeated]
        rng.shuffle(nouns)
        picture, labels, half = np.empty((SIDE, SIDE, 3), np.uint8), [], SIDE // 2
        for k, noun in enumerate(nouns):
            pictures, i, label = self.cells[rng.choice(self.of_noun[noun])]
            part = pictures[i]
            if len(part) != half:
                part = np.asarray(Image.fromarray(part).resize((half, half), Image.BILINEAR))
            if rng.random() < 0.5:
                part = part[:, ::-1]
            picture[k // 2 * half:(k // 2 + 1) * half, k % 2 * half:(k % 2 + 1) * half] = part
            labels.append(label)
        return picture, labels

    def _places(self, labels: list, label: dict):
        """Where such a thing is; None if some other part may hold one too."""
        there = [k for k, other in enumerate(labels) if other["noun"] == label["noun"]]
        sure = all(k in there or surely_not(label["kind"], label["group"], other) for k, other in enumerate(labels))
        return there if sure else None

    def ask(self, rng: random.Random, labels: list, skill: str = None):
        """(question, answer, skill), or None."""
        kind = rng.choices(["where", "count", "exists", "related", "what"], [4, 3, 3, 3, 3])[0]
        asked = getattr(self, "_" + kind)(rng, labels)
        return asked and (vary(rng, asked[0]), asked[1], "collage")

    def _lone(self, rng, labels):
        """A part whose thing is the label of no other."""
        k = rng.randrange(4)
        others = [other["kind"] for i, other in enumerate(labels) if i != k]
        return None if labels[k]["noun"] in PLURALS or any(alike(labels[k]["kind"], kind) for kind in others) else k

    def _where(self, rng, labels):
        k = self._lone(rng, labels)
        if k is None:
            return None
        noun, kind = labels[k]["noun"], rng.random()
        if kind < 0.6:
            return say(rng, WHERE, n=noun), CORNERS[k]
        across = kind < 0.8
        return say(rng, LEFT_OR_RIGHT if across else TOP_OR_BOTTOM, n=noun), CORNERS[k].split()[1 if across else 0]

    def _count(self, rng, labels):
        label = rng.choice(labels) if rng.random() < 0.85 else rng.choice(self.cells)[2]
        there = self._places(labels, label)
        if there is None or article(label["noun"]) == label["noun"] and label["noun"] not in PLURALS:
            return None
        if rng.random() < 0.5 and len(there) == 1:
            return None
        return say(rng, COUNT, s=plural(label["noun"])), str(len(there))

    def _exists(self, rng, labels):
        wanted = rng.random() < 0.5
        for _ in range(6):
            label = rng.choice(labels) if wanted else self.cells[self.of_noun[rng.choice(self.nouns)][0]][2]
            there = self._places(labels, label)
            if there is not None and bool(there) == wanted and label["noun"] not in PLURALS:
                return say(rng, IS_THERE, n=label["noun"]), yes_no(wanted)
        return None

    def _related(self, rng, labels):
        a, b = self._lone(rng, labels), self._lone(rng, labels)
        if a is None or b is None or a == b or (a % 2 != b % 2 and a // 2 != b // 2):
            return None
        across = a // 2 == b // 2
        true = ("left" if a % 2 < b % 2 else "right") if across else ("above" if a < b else "below")
        wanted = rng.random() < 0.5
        other = {"left": "right", "right": "left", "above": "below", "below": "above"}[true]
        words = rng.choice(RELATED[true if wanted else other])
        return say(rng, IS_RELATED, n=labels[a]["noun"], m=labels[b]["noun"], r=words), yes_no(wanted)

    def _what(self, rng, labels):
        k = rng.randrange(4)
        if rng.random() < 0.7:
            return say(rng, WHAT_AT, c=CORNERS[k]), labels[k]["noun"]
        b = self._lone(rng, labels)
        if b is None:
            return None
        relation = rng.choice(["left" if b % 2 else "right", "above" if b // 2 else "below"])
        k = b - 1 if relation == "left" else b + 1 if relation == "right" else b - 2 if relation == "above" else b + 2
        return say(rng, WHAT_RELATED, r=rng.choice(RELATED[relation]), m=labels[b]["noun"]), labels[k]["noun"]
