"""Questions about pictures labelled as a whole: the place, the style of the picture and its object, the garment."""
import collections
import random

from photos.ask_setting import OUTDOORS, ask_setting
from photos.pictures import indices, load
from photos.wordings import article, either, say, vary, yes_no

PLACE = ["what place is this", "what kind of place is this", "where is this", "where was this {img} taken", "what is the scene",
         "what kind of scene is this", "what place is shown", "what does the {img} show , a forest , a street or the sea",
         "is this a forest , a mountain , a glacier , the sea , a street or buildings", "what landscape is this", "what scenery is this",
         "which place do you see", "what type of place is in the {img}", "what is the setting", "what kind of landscape is shown",
         "which kind of scene does the {img} show", "what sort of place is it"]
PLACE_NOUN = {"buildings": ["buildings"], "forest": ["a forest", "woods", "a forest"], "glacier": ["a glacier"],
              "mountain": ["a mountain", "mountains", "a mountain"], "sea": ["the sea", "the ocean", "the sea"],
              "street": ["a street", "a road", "a street"]}
IS_PLACE = ["is this {p}", "is it {p}", "does the {img} show {p}", "do you see {p}", "can you see {p}",
            "is the place {p}", "is this a {img} of {p}", "does this look like {p}"]
PLACES_ALIKE = [{"glacier", "mountain"}, {"buildings", "street"}, {"glacier", "sea"}, {"mountain", "forest"}, {"mountain", "sea"},
                {"forest", "street"}]

STYLE = ["is this a photo , a painting , a cartoon or a sketch", "what style is this {img}", "what kind of {img} is this",
         "what type of image is this", "what is the style of the {img}", "how was this {img} made", "in which style is it drawn",
         "is it a photo , painting , cartoon or sketch", "what kind of image is it", "which style is this",
         "what medium is this", "what sort of image is this"]
STYLE_NOUN = {"photo": ["a photo", "a photograph", "a real photo"], "painting": ["a painting", "painted"],
              "cartoon": ["a cartoon", "a comic"], "sketch": ["a sketch", "a pencil drawing", "a line drawing"]}
IS_STYLE = ["is this {p}", "is it {p}", "is the {img} {p}", "would you call this {p}", "does this look like {p}"]
OBJECT = ["what is in the {img}", "what is this", "what does the {img} show", "what is shown", "what do you see", "what can you see",
          "what is it", "what is the main thing in the {img}", "what is pictured", "what is this a {img} of", "what is depicted"]
ANIMAL = ["what animal is this", "what animal is it", "which animal is in the {img}", "what animal do you see",
          "what animal is shown", "which animal is this"]
OBJECT_GROUP = {"dog": "animal", "elephant": "animal", "giraffe": "animal", "horse": "animal", "guitar": "instrument",
                "house": "building", "person": "person"}
IS_THERE = ["is there {a}", "is there {a} in the {img}", "do you see {a}", "can you see {a}", "does the {img} show {a}",
            "is {a} in the {img}", "is this {a}", "is it {a}"]
NEVER_WITH = {"dog": {"elephant", "giraffe", "guitar"}, "elephant": {"dog", "guitar", "giraffe", "horse"},
              "giraffe": {"guitar", "dog", "elephant", "horse"}, "guitar": {"dog", "elephant", "giraffe", "horse", "house"},
              "horse": {"elephant", "giraffe", "guitar"}, "house": {"elephant", "giraffe", "guitar"},
              "person": {"elephant", "giraffe"}}

GARMENT = ["what garment is this", "what kind of clothing is this", "what piece of clothing is this", "what item of clothing is it",
           "what type of clothing is in the {img}", "which garment is shown", "what kind of garment is it",
           "what clothing is shown", "what clothing item do you see", "name the garment", "what garment is in the {img}",
           "what type of garment is this", "what is this piece of clothing called", "which piece of clothing is it"]
GARMENT_NOUN = {"longsleeve": "long sleeve shirt", "outwear": "jacket", "body": "bodysuit", "polo": "polo shirt"}
GARMENTS_ALIKE = [{"t-shirt", "polo", "undershirt", "top", "shirt", "blouse", "longsleeve", "body"},
                  {"outwear", "blazer", "hoodie", "longsleeve", "shirt"}, {"pants", "shorts"}, {"dress", "skirt", "top", "blouse"}]
KIDS = ["is it for children", "is this for a child", "is this children's clothing", "is it for kids", "is this for an adult",
        "is it made for adults", "is this for grown-ups", "is it kids' clothing", "would a child wear this"]

EITHER_SHARE = 0.12      # of the open questions name two answers


def unlike(rng: random.Random, label: str, shares: dict, alike: list):
    """Another label, as often as it is true of pictures, but none that might also be said of this one."""
    others = [other for other in shares if other != label and not any(label in pair and other in pair for pair in alike)]
    return rng.choices(others, [shares[other] for other in others])[0] if others else None


class Sorted:
    """A source with one label a picture, kept as `field`."""
    smallest_crop = 0.8
    source = field = None

    def __init__(self, work, split: str):
        self.pictures, self.rows = load(work, self.source)
        self.indices = indices(self.rows, split)
        self.shares = collections.Counter(self.rows[i][self.field] for i in self.indices)


class Places(Sorted):
    source, field = "scenes", "scene"

    def ask(self, rng: random.Random, row: dict, skill: str = None):
        """(question, answer, skill), or None."""
        skill = skill or rng.choices(["place", "exists", "setting"], [12, 7, 1])[0]
        if skill == "setting":
            question, answer = ask_setting(rng, OUTDOORS)
            return vary(rng, question), answer, skill
        if skill == "place":
            other = unlike(rng, row["scene"], self.shares, PLACES_ALIKE) if rng.random() < EITHER_SHARE else None
            if other:
                return vary(rng, either(rng, *(rng.choice(PLACE_NOUN[p]) for p in (row["scene"], other)))), row["scene"], skill
            return vary(rng, say(rng, PLACE)), row["scene"], skill
        there = rng.random() < 0.5
        noun = row["scene"] if there else unlike(rng, row["scene"], self.shares, PLACES_ALIKE)
        return vary(rng, say(rng, IS_PLACE, p=rng.choice(PLACE_NOUN[noun]))), yes_no(there), "exists"


class Styles(Sorted):
    source, field = "pacs", "style"

    def ask(self, rng: random.Random, row: dict, skill: str = None):
        """(question, answer, skill), or None."""
        skill = skill or rng.choices(["style", "kind", "exists"], [6, 3, 3])[0]
        if skill == "style":
            roll = rng.random()
            if roll < EITHER_SHARE:
                other = unlike(rng, row["style"], self.shares, [])
                return vary(rng, either(rng, *("a " + style for style in (row["style"], other)))), row["style"], skill
            if roll < 0.65:
                return vary(rng, say(rng, STYLE)), row["style"], skill
            there = rng.random() < 0.5
            noun = row["style"] if there else unlike(rng, row["style"], self.shares, [])
            return vary(rng, say(rng, IS_STYLE, p=rng.choice(STYLE_NOUN[noun]))), yes_no(there), skill
        if skill == "kind":
            templates = ANIMAL if OBJECT_GROUP[row["object"]] == "animal" and rng.random() < 0.6 else OBJECT
            return vary(rng, say(rng, templates)), row["object"], "kind"
        there = rng.random() < 0.5
        noun = row["object"] if there else rng.choice(sorted(NEVER_WITH[row["object"]]))
        return vary(rng, say(rng, IS_THERE, n=noun)), yes_no(there), "exists"


class Garments(Sorted):
    source, field = "clothing", "label"

    def ask(self, rng: random.Random, row: dict, skill: str = None):
        """(question, answer, skill), or None."""
        roll = rng.random()
        if skill == "garment" or skill is None and roll < 0.6:
            other = unlike(rng, row["label"], self.shares, GARMENTS_ALIKE) if rng.random() < EITHER_SHARE else None
            if other:
                nouns = (article(GARMENT_NOUN.get(label, label)) for label in (row["label"], other))
                return vary(rng, either(rng, *nouns)), row["label"], "garment"
            return vary(rng, say(rng, GARMENT)), row["label"], "garment"
        if skill is None and roll < 0.68:
            if not row["kids"] and rng.random() < 0.85:
                return None
            question = rng.choice(KIDS)
            return vary(rng, question), yes_no(row["kids"] != ("adult" in question or "grown" in question)), "exists"
        there = rng.random() < 0.5
        noun = row["label"] if there else unlike(rng, row["label"], self.shares, GARMENTS_ALIKE)
        noun = GARMENT_NOUN.get(noun, noun)
        templates = ["are these {n}", "are there {n}", "do you see {n}", "does the {img} show {n}", "are those {n}"] \
            if article(noun) == noun else ["is this {a}", "is it {a}", "is there {a}", "do you see {a}", "does the {img} show {a}",
                                           "is that {a}"]
        return vary(rng, say(rng, templates, n=noun)), yes_no(there), "exists"
