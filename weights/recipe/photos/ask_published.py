"""Questions that are published with their pictures, and those of the recipe for drawn shapes."""
import random

import numpy as np

from photos.pictures import indices, load
from photos.wordings import vary
from questions import sample_question

COUNTED = {"count": 3, "relation": 2, "relation exist": 2, "relation open": 2, "place": 1, "numbers": 3, "size": 2, "same": 1,
           "colour": 2, "shape": 2, "exist": 2}


class Published:
    """A source whose rows have questions and answers of their own."""

    def __init__(self, source: str, skill: str, smallest_crop: float = 1.0, varied: bool = False):
        self.source, self.skill, self.smallest_crop, self.varied = source, skill, smallest_crop, varied

    def __call__(self, work, split: str):
        self.pictures, self.rows = load(work, self.source)
        self.indices = indices(self.rows, split)
        if self.source == "daquar" and split == "train":    # of several things answered, one at a time
            for row in self.rows:
                row["questions"] = [(q, one) for q, answer in row["questions"] for one in answer.split(", ")]
        return self

    def ask(self, rng: random.Random, row: dict, skill: str = None):
        """(question, answer, skill)."""
        question, answer = rng.choice(row["questions"])
        return vary(rng, question.rstrip(" ?")) if self.varied else question, answer, self.skill


class Drawn:
    """Pictures of several shapes, and the tables of what is in them."""
    smallest_crop = 1.0

    def __init__(self, work, split: str):
        self.pictures, self.rows = load(work, "drawn")
        self.indices = indices(self.rows, split)
        for row in self.rows:
            row["things"] = np.array(row["things"], np.float32)
        self.kinds, self.weights = list(COUNTED), list(COUNTED.values())

    def ask(self, rng: random.Random, row: dict, kind: str = None):
        """(question, answer, skill); `kind`: one of the shapes recipe's kinds of questions."""
        sample = sample_question(row["things"], rng, kind or rng.choices(self.kinds, self.weights)[0])
        return sample and (sample[0], sample[1], "generated")
