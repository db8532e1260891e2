"""What earlier stages have left in the work folder: words, answers, fixed questions."""
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from photos.pictures import squeeze


def read_text(file: Path, stage: str) -> str:
    if not file.exists():
        raise SystemExit(f"there is no '{file}': run {stage} first")
    return file.read_text()


def read_words(work: Path) -> list:
    """The vocabulary."""
    return read_text(work / "vocab.txt", "photos.answers").splitlines()


def read_answers(work: Path) -> list:
    return json.loads(read_text(work / "answers.json", "photos.answers"))


@dataclass
class Asked:
    """Questions about pictures: number `of[k]` of them is that of question k."""
    pictures: np.ndarray  # uint8 [N, SIDE, SIDE, 3]
    of: list
    questions: list
    answers: list
    skills: list


def read_set(work: Path, split: str, every: int = 1) -> Asked:
    """What photos.test_sets has written, or only each so-manieth question of a skill."""
    rows = []
    for file in sorted((work / split).glob("*.jsonl")):
        rows += [json.loads(line) for line in file.read_text().splitlines()][::every]
    if not rows:
        raise SystemExit(f"there are no questions in '{work / split}': run photos.test_sets first")
    number = {name: k for k, name in enumerate(dict.fromkeys(row["file"] for row in rows))}
    pictures = [None] * len(number)
    with tarfile.open(work / split / "pictures.tar") as tar:
        for member in tar:
            if member.name in number:
                pictures[number[member.name]] = squeeze(Image.open(io.BytesIO(tar.extractfile(member).read())))
    return Asked(np.stack(pictures), [number[row["file"]] for row in rows],
                 *([row[field] for row in rows] for field in ("question", "answer", "type")))
