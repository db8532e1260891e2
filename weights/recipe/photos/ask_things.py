"""Questions about the one thing that a small photo is labelled with: what it is, at three levels, and whether."""
import collections
import random

from photos.pictures import indices, load
from photos.wordings import article, either, say, vary, yes_no

GROUP = ["what group of things does this belong to", "what category is this", "what general kind of thing is this",
         "which category does the thing in the {img} belong to", "what sort of thing is this in general", "in general , what is this",
         "what category of thing is shown", "which group does it belong to", "what broad category is it",
         "what is the category of the main object", "roughly , what kind of thing is it"]
GROUP_OF = [  # where the group is one of those that the question names
    ("is this an animal , a vehicle or food", {"animal", "vehicle", "food"}),
    ("is it an animal , a vehicle , food , clothing or an object", {"animal", "vehicle", "food", "clothing", "object"}),
    ("is that an animal , an object , a building or a vehicle", {"animal", "object", "building", "vehicle"}),
    ("is this food , clothing or furniture", {"food", "clothing", "furniture"}),
    ("what is this : an animal , a vehicle , a building , food or an object", {"animal", "vehicle", "building", "food", "object"})]
KIND_IN = {  # of a group: how its kinds are asked for
    "animal": ["what kind of animal is this", "what type of animal is it", "what sort of animal is that",
               "what kind of animal is in the {img}", "which kind of animal is shown", "what kind of animal can you see",
               "what kind of animal do you see"],
    "vehicle": ["what kind of vehicle is this", "what type of vehicle is it", "what vehicle is this", "which vehicle is shown",
                "what kind of vehicle is in the {img}", "what vehicle do you see", "what sort of vehicle is that"],
    "food": ["what kind of food is this", "what food is this", "what type of food is it", "what food is in the {img}",
             "what sort of food do you see", "which kind of food is shown"],
    "clothing": ["what kind of clothing is this", "what piece of clothing is shown", "what type of clothing is it",
                 "what kind of garment is in the {img}", "what clothing item is this", "what is being worn"],
    "object": ["what kind of object is this", "what object is this", "which object is shown", "what object do you see",
               "what type of object is in the {img}"],
    "furniture": ["what kind of furniture is this", "what piece of furniture is this", "what furniture is in the {img}"],
    "building": ["what kind of building is this", "what building is shown", "what type of building is it"],
    "structure": ["what kind of structure is this", "what structure is in the {img}", "what type of structure is it"],
    "electronics": ["what kind of electronic device is this", "what device is this", "what device is in the {img}"],
    "appliance": ["what kind of appliance is this", "what appliance is in the {img}", "what household appliance is it"],
    "sports": ["what kind of sports equipment is this", "what piece of sports equipment is it", "what sports equipment is shown"],
    "instrument": ["what kind of instrument is this", "what musical instrument is it", "what instrument is shown"],
    "machine": ["what kind of machine is this", "what machine is in the {img}", "what machine is it"],
    "nature": ["what part of nature is this", "what kind of nature is shown", "what natural thing is this"],
    "indoor place": ["what kind of place is this inside", "what kind of shop or room is this", "what indoor place is it"],
}
ANIMAL = ["what animal is this", "which animal is this", "what animal is in the {img}", "what animal do you see",
          "which animal is shown", "what animal is that", "what is this animal", "what animal can you see"]
FAMILIES = {"mammal", "sea animal", "bug", "amphibian", "reptile", "ape", "insect"}   # to which nobody says "an animal called ..."
KIND = ["what kind of thing is this", "what type of thing is it", "what kind of thing is in the {img}", "what type of thing is shown",
        "what sort of thing is that"]
NAME = ["what is this exactly", "what exactly is this", "what is it called", "what is the name of this", "name this thing",
        "what is this", "what is it", "what is this thing", "what is in the {img}", "what is shown in the {img}", "what do you see",
        "what can you see in the {img}", "what is the main object", "what is in this {img}", "what's this", "what is the object",
        "what does the {img} show", "what am i looking at", "can you tell me what this is", "identify this", "what is that"]
NAME_OF_KIND = ["what breed is this {k}", "what kind of {k} is this", "which kind of {k} is it", "what type of {k} is this",
                "what {k} exactly is this", "what type of {k} is shown", "what sort of {k} is that"]
IS_IT = ["is this {a}", "is it {a}", "is that {a}", "is this {a} in the {img}", "is the thing in the {img} {a}",
         "does this look like {a}", "would you say this is {a}", "could this be {a}", "does the {img} show {a}",
         "is this {img} of {a}", "is it {a} or not"]
IS_THERE = ["is there {a}", "is there {a} in the {img}", "can you see {a}", "do you see {a}", "does the {img} contain {a}",
            "is {a} visible", "is {a} in the {img}", "is {a} here", "does the {img} show {a}", "is there {a} here",
            "can {a} be seen", "is there {a} somewhere"]
ARE_IT = ["are these {a}", "does the {img} show {a}", "is this a {img} of {a}", "would you say these are {a}"]
ARE_THERE = ["are there {a}", "are there {a} in the {img}", "can you see {a}", "do you see {a}", "does the {img} contain {a}",
             "does the {img} show {a}", "are there any {n}", "do you see any {n}"]

ANIMALS_ALIKE = [{"bug", "insect"}, {"ape", "monkey", "mammal"}, {"mammal", "cat", "dog"}, {"fish", "sea animal"},
                 {"amphibian", "reptile"}, {"bug", "sea animal"}]
INDOORS = {"furniture", "appliance", "electronics", "object", "indoor place", "food", "clothing", "instrument", "sports"}
OUTDOORS = {"nature", "structure", "building", "vehicle", "machine"}
MAY_HOLD = [INDOORS, OUTDOORS, {"clothing", "vehicle"}, {"animal", "nature"}, {"sports", "machine"}, {"object", "machine"}]
GROUP_WORDS = {"sports": "sports equipment", "nature": "nature", "electronics": "electronics", "object": None}


def alike(kind: str, other: str) -> bool:
    """Whether a picture of the one kind of animal might be called, or show, the other."""
    return kind == other or any(kind in pair and other in pair for pair in ANIMALS_ALIKE)


def may_hold(group: str, other: str) -> bool:
    """Whether a picture of something of the one group might well show something of the other too."""
    return group == other or any(group in pair and other in pair for pair in MAY_HOLD)


def surely_not(kind: str, group: str, row: dict) -> bool:
    """Whether nothing of this kind is in the picture labelled so."""
    return not alike(kind, row["kind"]) if group == "animal" == row["group"] else not may_hold(group, row["group"])


class Things:
    """Tiny ImageNet's pictures."""
    smallest_crop = 0.75

    def __init__(self, work, split: str):
        self.pictures, self.rows = load(work, "tiny-imagenet")
        self.indices = indices(self.rows, split)
        seen = [self.rows[i] for i in self.indices]
        self.labels = collections.Counter((row["name"], row["kind"], row["group"]) for row in seen)
        self.names_of = collections.defaultdict(set)
        self.kinds_of = collections.defaultdict(set)
        for name, kind, group in self.labels:
            self.names_of[kind].add(name)
            self.kinds_of[group].add(kind)

    def ask(self, rng: random.Random, row: dict, skill: str = None):
        """(question, answer, skill), or None where this picture has no such question."""
        skill = skill or rng.choices(["group", "kind", "name", "exists"], [1, 2, 3, 3])[0]
        if skill == "exists":
            return self._exists(rng, row)
        if skill == "group":
            fitting = [question for question, groups in GROUP_OF if row["group"] in groups]
            question = rng.choice(fitting) if fitting and rng.random() < 0.4 else say(rng, GROUP)
            return vary(rng, question), row["group"], skill
        if row["group"] == "animal" and rng.random() < 0.25 and (row["kind"] in FAMILIES) == (skill == "name"):
            return vary(rng, say(rng, ANIMAL)), row[skill], skill
        other = self._other(rng, row, False) if rng.random() < 0.1 else None
        if other and other[0 if skill == "name" else 1] != row[skill]:
            nouns = (article(noun) for noun in (row[skill], other[0 if skill == "name" else 1]))
            return vary(rng, either(rng, *nouns)), row[skill], skill
        several = len(self.names_of[row["kind"]]) > 1
        if skill == "name":
            if several and rng.random() < 0.35:
                return vary(rng, say(rng, NAME_OF_KIND, k=row["kind"])), row["name"], skill
            return vary(rng, say(rng, NAME)), row["name"], skill
        templates = KIND_IN[row["group"]] if rng.random() < 0.7 and len(self.kinds_of[row["group"]]) > 1 else KIND
        return vary(rng, say(rng, templates)), row["kind"], skill

    def _exists(self, rng: random.Random, row: dict):
        """Is it, is there: as often asked in vain of each thing as not."""
        level = rng.choices(["name", "kind", "group"], [3, 4, 2])[0]
        there = rng.random() < 0.5
        about_it = rng.random() < 0.45
        if there:
            noun, group = row[level], row["group"]
        else:
            other = self._other(rng, row, about_it)
            if not other:
                return None
            noun, group = {"name": other[0], "kind": other[1], "group": other[2]}[level], other[2]
            if level == "group" and group == row["group"]:
                return None
        if level == "group":
            noun = GROUP_WORDS.get(noun, noun)
            if noun is None:
                return None
        plural = noun.endswith(("glasses", "binoculars", "trunks"))
        templates = (ARE_IT if about_it else ARE_THERE) if plural else IS_IT if about_it else IS_THERE
        return vary(rng, say(rng, templates, n=noun)), yes_no(there), "exists"

    def _other(self, rng: random.Random, row: dict, about_it: bool):
        """A label of a thing that is surely not in the picture (or, of the one thing asked about, that it is not)."""
        labels, counts = list(self.labels), list(self.labels.values())
        for name, kind, group in rng.choices(labels, counts, k=12):
            if surely_not(kind, group, row) or about_it and group != row["group"]:
                return name, kind, group
        return None
