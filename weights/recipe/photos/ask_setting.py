"""Indoors or outdoors."""
import random

from photos.pictures import indices, load
from photos.wordings import say, vary, yes_no

INDOORS, OUTDOORS = "indoors", "outdoors"
WHICH = ["is it indoors or outdoors", "is this indoors or outdoors", "was this {img} taken indoors or outdoors", "indoors or outdoors",
         "is this inside or outside", "is it outdoors or indoors", "outside or inside", "are we inside or outside",
         "is the {img} taken inside or outside", "is this place indoors or outdoors", "is the scene indoors or outdoors"]
WHETHER = {INDOORS: ["is this indoors", "is it indoors", "is this inside", "was this {img} taken indoors", "is this in a building",
                     "is the {img} taken inside", "is this a room"],
           OUTDOORS: ["is this outdoors", "is it outdoors", "is this outside", "was this {img} taken outdoors", "is this in the open",
                      "is the {img} taken outside", "is this in the open air"]}
PLACES_INDOORS = {"restaurant", "kitchen", "subway", "store", "couch", "bed", "bathtub"}   # of photos with captions
PLACES_OUTDOORS = {"beach", "grass", "snow", "street", "field", "park", "mountain", "forest", "desert", "dirt", "sand"}


def of_place(place):
    """Whether a place that captions agree on is indoors or outdoors; None where it may be either."""
    return INDOORS if place in PLACES_INDOORS else OUTDOORS if place in PLACES_OUTDOORS else None


def ask_setting(rng: random.Random, true: str):
    """(question, answer)"""
    if rng.random() < 0.6:
        return say(rng, WHICH), true
    asked = rng.choice([INDOORS, OUTDOORS])
    return say(rng, WHETHER[asked]), yes_no(asked == true)


class Rooms:
    """DAQUAR's photos, which are all taken indoors."""
    smallest_crop = 0.8

    def __init__(self, work, split: str):
        self.pictures, rows = load(work, "daquar")
        self.indices = indices(rows, split)
        self.rows = [{"room": True}] * len(rows)

    def ask(self, rng: random.Random, row: dict, skill: str = None):
        """(question, answer, skill)"""
        question, answer = ask_setting(rng, INDOORS)
        return vary(rng, question), answer, "setting"
