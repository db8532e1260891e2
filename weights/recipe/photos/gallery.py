"""Batches of pictures with the labels of photos/labels.py, from all sources at once."""
import random
from pathlib import Path

import numpy as np
import torch

from batches import IGNORED
from photos.augment import Views, at_size
from photos.labels import Labels
from photos.pictures import indices, load

UNSURE = 255  # of a caption word
MIXED = 0.35  # share of batches in which rectangles of tiny-imagenet's pictures change places


class Gallery:
    """The labelled pictures of one split."""

    def __init__(self, work: Path, labels: Labels, split: str, counts: dict):
        """`counts`: {source: pictures of it in a batch}."""
        self.counts = counts
        self.classes = {task: len(names) for task, names in labels.classes.items()}
        self.pictures, self.labels, self.rows = {}, {}, {}
        for source in counts:
            self.pictures[source], rows = load(work, source)
            self.labels[source] = labels.of(source)
            self.rows[source] = indices(rows, split).tolist()

    def take(self, source: str, rows: list):
        """uint8 [N, S, S, 3] and labels {task: [N] or [N, words]}, only those tasks that the source knows."""
        pictures = torch.from_numpy(np.ascontiguousarray(self.pictures[source][rows]))
        labels = {task: torch.from_numpy(table[rows]).long() for task, table in self.labels[source].items()}
        if "words" in labels:
            labels["words"][labels["words"] == UNSURE] = IGNORED
        return pictures, labels

    def in_order(self, source: str, size: int, chunk=100):
        """All pictures of a source as they are: the model's input and labels, in parts."""
        for at in range(0, len(self.rows[source]), chunk):
            pictures, labels = self.take(source, self.rows[source][at:at + chunk])
            yield at_size(pictures, size), labels


class Rounds:
    """Endless batches: every picture of a source once a round, each time another view of it."""

    def __init__(self, gallery: Gallery, seed: int, device: str):
        self.gallery, self.device = gallery, device
        self.rng = random.Random(seed)
        self.views = Views(seed, device)
        self.orders = {source: [] for source in gallery.counts}

    def _draw(self, source: str, count: int) -> list:
        order = self.orders[source]
        while len(order) < count:
            order.extend(self.rng.sample(self.gallery.rows[source], len(self.gallery.rows[source])))
        return [order.pop() for _ in range(count)]

    def next(self, size: int, scale: float = 1.0):
        """Pixels [B, 3, size, size], labels of all tasks, the labels of what was mixed in, and the share that was not."""
        parts, labels, others, share = [], [], [], 1.0
        for source, count in self.gallery.counts.items():
            pictures, known = self.gallery.take(source, sorted(self._draw(source, round(count * scale))))
            pixels = self.views.look(pictures.to(self.device), size)
            other = known
            if source == "tiny-imagenet" and self.rng.random() < MIXED:
                pixels, order, share = self.views.mix(pixels)
                other = {task: table[order.cpu()] for task, table in known.items()}
            parts.append(pixels)
            labels.append(self._all_tasks(known, len(pixels)))
            others.append(self._all_tasks(other, len(pixels)))
        labels, others = ({task: torch.cat([p[task] for p in parts]).to(self.device) for task in self.gallery.classes}
                          for parts in (labels, others))
        return torch.cat(parts), labels, others, share

    def _all_tasks(self, known: dict, count: int) -> dict:
        return {task: known[task] if task in known
                else torch.full((count, classes) if task == "words" else (count,), IGNORED)
                for task, classes in self.gallery.classes.items()}
