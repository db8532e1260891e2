"""Stores of pictures: generated ones with what is in them, and easy-VQA's with their questions."""
import io
import json
import multiprocessing
import random
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from draw import SIDE, draw_scene, to_input
from scene import COLOURS, MAX_OBJECTS, SHAPES

# columns of the table of things; shape is -1 where there is none
SHAPE, COLOUR, X, Y, HALF_W, HALF_H, AREA, SQUARE = range(8)
COUNT_WEIGHTS = [2, 22, 20, 21, 19, 16]
PLAIN_SHARE = 0.15  # pictures of one shape in the manner of easy-VQA
CHUNK = 500
MASK_SIDE = 48  # silhouettes: how much of every 2 x 2 pixels the shapes cover, 0..255


def things_table(things: list) -> np.ndarray:
    table = np.full((MAX_OBJECTS, 8), -1.0, np.float32)
    for row, t in zip(table, things):
        row[:] = (SHAPES.index(t.shape), COLOURS.index(t.colour), t.x, t.y, t.half_w, t.half_h, t.area, t.square)
    return table


def silhouette(things: list, size: tuple) -> np.ndarray:
    """The outlines of all things, filled, with soft edges."""
    fine = 4 * MASK_SIDE
    mask = Image.new("L", (fine, fine), 0)
    for t in things:
        ImageDraw.Draw(mask).polygon([(x * fine / size[0], y * fine / size[1]) for x, y in t.points], fill=255)
    return np.asarray(mask.reduce(4))


def _chunk(seed: int):
    rng = random.Random(seed)
    masks = np.empty((CHUNK, MASK_SIDE, MASK_SIDE), np.uint8)
    pictures = np.empty((CHUNK, SIDE, SIDE, 3), np.uint8)
    tables = np.empty((CHUNK, MAX_OBJECTS, 8), np.float32)
    for i in range(CHUNK):
        plain = rng.random() < PLAIN_SHARE
        count = 1 if plain else rng.choices(range(6), COUNT_WEIGHTS)[0]
        image, things = draw_scene(rng, count, plain)
        pictures[i] = to_input(image)
        tables[i] = things_table(things)
        masks[i] = silhouette(things, image.size)
    return pictures, tables, masks


def generate(count: int, seed: int, workers: int):
    """`count` pictures (a multiple of CHUNK), their tables of things and their silhouettes."""
    seeds = [seed * 1_000_003 + k for k in range(count // CHUNK)]
    with multiprocessing.Pool(workers) as pool:
        parts = pool.map(_chunk, seeds, chunksize=1)
    return [np.concatenate(arrays) for arrays in zip(*parts)]


def cached(folder: Path, count: int, seed: int, workers: int):
    """The same, kept in a file between runs."""
    file = folder / f"pictures-{seed}-{count}.npz"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        pictures, tables, masks = generate(count, seed, workers)
        part = file.with_suffix(".part.npz")
        np.savez(part, pictures=pictures, tables=tables, masks=masks)
        part.rename(file)
    store = np.load(file)
    return store["pictures"], store["tables"], store["masks"]


def load_easy_vqa(folder: Path, split: str):
    """Pictures [N, SIDE, SIDE, 3] and for each a list of (question, answer)."""
    questions = {}
    for line in (folder / f"{split}.jsonl").read_text().splitlines():
        row = json.loads(line)
        questions.setdefault(row["file"], []).append((row["question"], row["answer"]))
    names = sorted(questions, key=lambda name: int(name.rsplit("_", 1)[1].split(".")[0]))
    pictures = {}
    with tarfile.open(folder / f"{split}.tar") as tar:
        for member in tar:
            name = member.name.rsplit("/", 1)[-1]
            if name in questions:
                pictures[name] = to_input(Image.open(io.BytesIO(tar.extractfile(member).read())))
    return np.stack([pictures[n] for n in names]), [questions[n] for n in names], names
