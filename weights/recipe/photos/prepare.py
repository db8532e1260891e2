"""Writes the store of pictures (see pictures.py) from the folders of published sets, and draws the generated ones.

    python3 -m photos.prepare --data ../../../shared/data

A source whose file is there is left alone, so that an interrupted run goes on with the next one.
"""
import argparse
import io
import json
import multiprocessing
import random
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

import draw
from photos.pictures import SIDES, bucket, split_by_hash, squeeze
from pictures import CHUNK, COUNT_WEIGHTS, PLAIN_SHARE, things_table

EASY_HELD_OUT = 400                     # last training pictures, kept for choosing
DRAWN = {"train": 40_000, "dev": 1000, "test": 1500}


def read_lines(file: Path) -> list:
    return [json.loads(line) for line in file.read_text().splitlines()]


def from_tar(folder: Path, part: str):
    """The rows of `part`.jsonl, those of one picture joined as its questions, each with the picture's bytes."""
    rows = {}
    for line in read_lines(folder / f"{part}.jsonl"):
        row = rows.setdefault(line["file"], dict(line, questions=[]))
        if "answer" in line or "sentence" in line:
            row["questions"].append([line.get("question") or line["sentence"], line.get("answer") or line["label"]])
    with tarfile.open(folder / f"{part}.tar") as tar:
        for member in tar:
            row = rows.pop(Path(member.name).name, None)
            if row:
                yield row, tar.extractfile(member).read()
    if rows:
        raise SystemExit(f"{folder / part}.tar lacks {len(rows)} pictures, such as {next(iter(rows))}")


def keep(row: dict, split: str, fields: str = "") -> dict:
    """What the store keeps of a row."""
    kept = {"file": row["file"], "split": split, **{name: row[name] for name in fields.split()}}
    if row.get("questions"):
        kept["questions"] = row["questions"]
    return kept


def tiny_imagenet(folder: Path):
    data = (folder / "train.bin").read_bytes()
    for row in read_lines(folder / "train.jsonl"):
        yield keep(row, split_by_hash(row["file"]), "name kind group box"), data[row["off"]:row["off"] + row["len"]]


def labelled(fields: str):
    """A reader of a set with one label or more a picture."""
    def read(folder: Path):
        for row, data in from_tar(folder, "train"):
            yield keep(row, split_by_hash(row["file"]), fields), data
    return read


def daquar(folder: Path):
    for row, data in from_tar(folder, "train"):
        yield keep(row, split_by_hash(row["file"].replace(".jpg", ".png"), 15)), data


def easy_vqa(folder: Path):
    for row, data in from_tar(folder, "train"):
        last = int(row["file"].split("_")[1].split(".")[0]) >= 4000 - EASY_HELD_OUT
        yield keep(row, "dev" if last else "train"), data
    for row, data in from_tar(folder, "test_dev"):
        yield keep(row, "test"), data


def nlvr(folder: Path):
    """Of the two test parts only the first one is here; a sentence's pictures stay together."""
    for row, data in from_tar(folder, "dev"):
        yield keep(row, "train"), data
    for row, data in from_tar(folder, "test_p"):
        yield keep(row, "test" if bucket(row["identifier"]) < 70 else "dev"), data


def shapes(folder: Path):
    for row, data in from_tar(folder, "train_small"):
        yield keep(row, "train"), data
    for row, data in from_tar(folder, "val"):
        yield keep(row, "test" if bucket(row["file"]) < 80 else "dev"), data


READERS = {
    "tiny-imagenet": tiny_imagenet, "scenes": labelled("scene"), "pacs": labelled("style object"),
    "clothing": labelled("label kids"), "flickr8k": labelled("captions"), "daquar": daquar, "easy-vqa": easy_vqa,
    "nlvr": nlvr, "shapes": shapes,
}


def draw_chunk(seed: int):
    """Pictures and tables of things, as the recipe for drawn shapes makes them, at this model's size."""
    rng = random.Random(seed)
    pictures, tables = [], []
    for _ in range(CHUNK):
        plain = rng.random() < PLAIN_SHARE
        image, things = draw.draw_scene(rng, 1 if plain else rng.choices(range(6), COUNT_WEIGHTS)[0], plain)
        pictures.append(squeeze(image))
        tables.append(things_table(things))
    return np.stack(pictures), np.stack(tables).round(5).tolist()


def drawn(workers: int):
    """All generated pictures and their rows, each with its table of things."""
    parts = [split for split, count in DRAWN.items() for _ in range(count // CHUNK)]
    with multiprocessing.Pool(workers) as pool:
        for k, (pictures, tables) in enumerate(pool.imap(draw_chunk, range(7000, 7000 + len(parts)))):
            for i, table in enumerate(tables):
                yield {"file": f"drawn-{k}-{i}.png", "split": parts[k], "things": table}, pictures[i]


def write(work: Path, source: str, pairs) -> None:
    """Both files of a source, the rows last."""
    rows, pictures = [], []
    for row, picture in pairs:
        rows.append(row)
        pictures.append(picture if isinstance(picture, np.ndarray)
                        else squeeze(Image.open(io.BytesIO(picture)), SIDES[source]))
    part = work / f"{source}.part.npy"
    np.save(part, np.stack(pictures))
    part.rename(work / f"{source}.npy")
    (work / f"{source}.part.json").write_text(json.dumps(rows))
    (work / f"{source}.part.json").rename(work / f"{source}.json")
    counts = {split: sum(row["split"] == split for row in rows) for split in DRAWN}
    print(f"{source}: {counts}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(__file__).parent
    parser.add_argument("--data", type=Path, default=here / "../../../../shared/data")
    parser.add_argument("--work", type=Path, default=here / "../../../build/recipe/photos")
    parser.add_argument("--workers", type=int, default=2, help="processes that draw")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    for source in SIDES:
        if (args.work / f"{source}.json").exists():
            continue
        write(args.work, source, READERS[source](args.data / source) if source in READERS else drawn(args.workers))


if __name__ == "__main__":
    main()
