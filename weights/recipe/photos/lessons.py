"""Batches to learn from: pictures of all sources, freshly cropped, mirrored and asked about.

    python3 -m photos.lessons --work ../../build/recipe/photos     # times a batch
"""
import argparse
import json
import random
import time
from pathlib import Path

import numpy as np
from PIL import Image

from photos.ask_boxes import Boxes
from photos.ask_captions import Captioned
from photos.ask_collage import Collages
from photos.ask_colour import Coloured
from photos.ask_published import Drawn, Published
from photos.ask_setting import Rooms
from photos.ask_shapes import Grids
from photos.ask_sorts import Garments, Places, Styles
from photos.ask_things import Things
from photos.ask_unanswerable import ANSWER, Unanswerable
from photos.balance import Balance
from photos.pictures import SIDE
from vocabulary import PAD, Tokenizer

MIX = {  # source: (what reads it, share of the pictures)
    "things": (Things, 22), "places": (Places, 5), "styles": (Styles, 5), "garments": (Garments, 8), "captioned": (Captioned, 23),
    "coloured garments": (Coloured("clothing"), 3), "coloured things": (Coloured("tiny-imagenet"), 5), "collages": (Collages, 6),
    "easy": (Published("easy-vqa", "easy"), 4), "drawn": (Drawn, 4), "grids": (Grids, 13), "shapes": (Published("shapes", "shapes"), 3),
    "boxes": (Boxes, 12), "nlvr": (Published("nlvr", "nlvr"), 6), "daquar": (Published("daquar", "daquar", 0.92, True), 5), "rooms": (Rooms, 1.5),
}
SKILLS = ["easy", "group", "kind", "name", "exists", "place", "style", "garment", "colour", "people", "action", "daquar", "nlvr", "shapes",
          "generated", "collage", "caption", "setting", ANSWER]
TRIES = 10          # for one question about a picture
LONGEST = 32        # tokens
UNANSWERABLE = 0.045  # of the questions have no answer in the picture
NO_ANSWER = -1      # which is told of them


def crop(rng: random.Random, picture: np.ndarray, smallest: float, mirror: bool) -> np.ndarray:
    """A part of the picture, at least `smallest` of each side, at the model's size."""
    side = len(picture)
    if smallest < 1.0 or side != SIDE:
        width, height = (side * rng.uniform(smallest, 1.0) for _ in range(2))
        x, y = rng.uniform(0, side - width), rng.uniform(0, side - height)
        picture = np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.BILINEAR, box=(x, y, x + width, y + height)))
    return picture[:, ::-1] if mirror else picture


def mentions_sides(text: str) -> bool:
    return "left" in text or "right" in text


def ask(rng: random.Random, balance: Balance, name: str, source, about):
    """(question, answer, skill), or None; our own questions balanced, the published ones as they are."""
    asked = source.ask(rng, about)
    published = isinstance(about, dict) and "questions" in about
    return asked if asked and (published or balance.accepts(rng, name, *asked[:2])) else None


class Lessons:
    """`next` gives a batch; `seed` says which."""

    def __init__(self, work: Path, tokenizer, seed: int):
        self.sources = {name: reader(work, "train") for name, (reader, _) in MIX.items()}
        self.names, self.shares = list(MIX), [share for _, share in MIX.values()]
        self.answers = {answer: k for k, answer in enumerate(json.loads((work / "answers.json").read_text()))} | {ANSWER: NO_ANSWER}
        self.tokenizer, self.unanswerable = tokenizer, Unanswerable("train")
        self.reseed(seed)

    def reseed(self, seed: int):
        """Other pictures and questions from here on."""
        self.rng, self.orders, self.balance = random.Random(seed), {}, Balance()

    def _index(self, name: str) -> int:
        """Every picture of the source once a round, in shuffled order."""
        order = self.orders.setdefault(name, [])
        if not order:
            order.extend(self.sources[name].indices)
            self.rng.shuffle(order)
        return order.pop()

    def _asked(self, name: str, about, count: int) -> list:
        """`count` (token ids, answer, skill, whether of left and right); fewer where the picture has not so many."""
        out = []
        for _ in range(count * TRIES):
            if self.rng.random() < UNANSWERABLE:
                asked = self.unanswerable.ask(self.rng, self.sources[name], about), ANSWER, ANSWER
            else:
                asked = ask(self.rng, self.balance, name, self.sources[name], about)
            answer = self.answers.get(asked[1]) if asked else None
            if answer is not None:
                ids = self.tokenizer(asked[0])[:LONGEST]
                out.append((ids, answer, SKILLS.index(asked[2]), mentions_sides(asked[0]) or mentions_sides(asked[1])))
                if len(out) == count:
                    break
        return out

    def picture_and_questions(self, count: int):
        """Pixels uint8 [SIDE, SIDE, 3] and `count` questions about them."""
        while True:
            name = self.rng.choices(self.names, self.shares)[0]
            source = self.sources[name]
            if hasattr(source, "draw"):
                picture, about = source.draw(self.rng)
            else:
                i = self._index(name)
                picture, about = source.pictures[i], source.rows[i]
            asked = self._asked(name, about, count)
            if not asked:
                continue
            asked += self.rng.choices(asked, k=count - len(asked))
            mirror = self.rng.random() < 0.5 and not any(sides for *_, sides in asked)
            return crop(self.rng, picture, source.smallest_crop, mirror), asked

    def next(self, pictures: int, questions_each: int) -> dict:
        """pixels uint8 [B, SIDE, SIDE, 3]; of the B * questions_each questions: ids int64 [Q, T] padded, lengths, answers, skill,
        picture_of_question."""
        drawn = [self.picture_and_questions(questions_each) for _ in range(pictures)]
        asked = [row for _, rows in drawn for row in rows]
        lengths = np.array([len(ids) for ids, *_ in asked])
        ids = np.full((len(asked), lengths.max()), PAD)
        for row, (tokens, *_) in zip(ids, asked):
            row[:len(tokens)] = tokens
        return {"pixels": np.stack([picture for picture, _ in drawn]), "ids": ids, "lengths": lengths,
                "answers": np.array([a for _, a, *_ in asked]), "skill": np.array([s for _, _, s, _ in asked]),
                "picture_of_question": np.repeat(np.arange(pictures), questions_each)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "../../../build/recipe/photos")
    args = parser.parse_args()
    words = (args.work / "vocab.txt").read_text().splitlines()
    lessons = Lessons(args.work, Tokenizer(words), 1)
    lessons.next(64, 4)
    start = time.process_time()
    for _ in range(20):
        batch = lessons.next(64, 4)
    print(f"{(time.process_time() - start) / 20 * 1000:.0f} ms a batch of 64 pictures with 4 questions each")
    print({name: value.shape for name, value in batch.items()})


if __name__ == "__main__":
    main()
