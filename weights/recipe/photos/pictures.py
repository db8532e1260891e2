"""The store of pictures: one array of pixels and one list of rows a source, written by prepare.py."""
import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 128  # the model's input
SIDES = {  # of the squares that the pictures of a source are kept as
    "tiny-imagenet": 64, "scenes": 128, "pacs": 128, "clothing": 128, "flickr8k": 144, "daquar": 128, "easy-vqa": 128,
    "nlvr": 128, "shapes": 128, "drawn": 128,
}
SPLITS = ("train", "dev", "test")


def bucket(name: str) -> int:
    """0..99, by which pictures are held apart."""
    return int(hashlib.sha1(name.encode()).hexdigest()[:8], 16) % 100


def split_by_hash(name: str, first_test: int = 12) -> str:
    """Below `first_test` nothing is in the data: six buckets for the test, three to choose with, the rest for training."""
    b = bucket(name)
    return "test" if b < first_test + 6 else "dev" if b < first_test + 9 else "train"


def squeeze(image: Image.Image, side: int = SIDE) -> np.ndarray:
    """The preprocessor's resize: squeezed to side x side, bilinear with antialias."""
    return np.asarray(image.convert("RGB").resize((side, side), Image.BILINEAR))


def load(work: Path, source: str):
    """Pictures uint8 [N, S, S, 3], mapped from the file, and their rows (file, split, labels) in the same order."""
    pictures = np.load(work / f"{source}.npy", mmap_mode="r")
    rows = json.loads((work / f"{source}.json").read_text())
    assert len(pictures) == len(rows), f"{source}: {len(pictures)} pictures, {len(rows)} rows"
    return pictures, rows


def indices(rows: list, split: str) -> np.ndarray:
    """Which rows are of that split."""
    return np.array([i for i, row in enumerate(rows) if row["split"] == split])
