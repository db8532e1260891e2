"""Labels of whole pictures, for teaching the picture encoder before it is asked anything."""
import collections
from pathlib import Path

import numpy as np

from photos.captions import EMPTY, BaseForms
from photos.pictures import load

FIELDS = {  # task: (source, field of its rows)
    "name": ("tiny-imagenet", "name"), "kind": ("tiny-imagenet", "kind"), "group": ("tiny-imagenet", "group"),
    "scene": ("scenes", "scene"), "style": ("pacs", "style"), "object": ("pacs", "object"), "garment": ("clothing", "label"),
}
WORDS_AT_MOST = 800
PICTURES_AT_LEAST = 8   # of the training split, that a caption word is said of by two people or more


class Labels:
    """classes: {task: names}, "words" among them. `of(source)`: {task: labels of its rows}: int64 [N], or for "words"
    uint8 [N, W]: 1 said of the picture by two captions or more, 0 by none, 255 by one only, which no loss should count."""

    def __init__(self, work: Path):
        self.work = work
        self.classes = {}
        for task, (source, field) in FIELDS.items():
            _, rows = load(work, source)
            self.classes[task] = sorted({row[field] for row in rows})
        _, rows = load(work, "flickr8k")
        self.base = BaseForms([caption for row in rows for caption in row["captions"]])
        said = collections.Counter(word for row in rows if row["split"] == "train"
                                   for word, times in self._times(row).items() if times > 1)
        self.classes["words"] = sorted(word for word, pictures in said.most_common(WORDS_AT_MOST)
                                       if pictures >= PICTURES_AT_LEAST)

    def _times(self, row: dict) -> dict:
        """How many captions use each word that has a meaning."""
        return collections.Counter(word for caption in row["captions"]
                                   for word in set(self.base(caption)) if word not in EMPTY)

    def of(self, source: str) -> dict:
        _, rows = load(self.work, source)
        labels = {task: np.array([self.classes[task].index(row[field]) for row in rows])
                  for task, (owner, field) in FIELDS.items() if owner == source}
        if source == "flickr8k":
            column = {word: k for k, word in enumerate(self.classes["words"])}
            labels["words"] = np.zeros((len(rows), len(column)), np.uint8)
            for row, out in zip(rows, labels["words"]):
                for word, times in self._times(row).items():
                    if word in column:
                        out[column[word]] = 1 if times > 1 else 255
        return labels
