"""Drawn pictures of the recipe for shapes, whose every thing is known: what their cells hold, and questions about them."""
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from batches import Batches
from photos.pictures import indices, load
from questions import ANSWERS

CELL = 16  # pixels between two cells


class Drawings:
    """Endless batches of the drawn pictures that are trained on, turned and mirrored."""

    def __init__(self, work: Path, seed: int, tokenizer=None, answers: list = ()):
        """Without `tokenizer` and the list of `answers` no questions are asked."""
        pictures, rows = load(work, "drawn")
        count = len(indices(rows, "train"))  # the first ones
        tables = np.array([row["things"] for row in rows[:count]], np.float32)
        self.batches = Batches(pictures[:count], tables, None, [], [], tokenizer, 0, seed)
        self.answer_ids = torch.tensor([answers.index(answer) for answer in ANSWERS] if answers else [])

    def _resized(self, pixels, size: int):
        return F.interpolate(pixels, (size, size), mode="bilinear", align_corners=False, antialias=True)

    def pictures(self, count: int, size: int):
        """Pixels [count, 3, size, size] and the labels of batches.dense_labels()."""
        self.batches.grid = size // CELL
        pixels, labels = self.batches.pictures_only(count, plain=0)
        return self._resized(pixels, size), labels

    def questions(self, count: int, size: int, each: int) -> dict:
        """The same with questions, see Batches.questions(); answers are those of the whole list."""
        self.batches.grid = size // CELL
        batch = self.batches.questions(count, 0, each)
        return {**batch, "pixels": self._resized(batch["pixels"], size), "answers": self.answer_ids[batch["answers"]]}
