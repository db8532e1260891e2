"""Training batches: turned and flipped pictures, fresh questions, and the dense labels that training leans on."""
import random

import numpy as np
import torch

from pictures import AREA, COLOUR, HALF_H, HALF_W, SHAPE, X, Y
from questions import ANSWERS, sample_question
from vocabulary import PAD

ANSWER_IDS = {answer: i for i, answer in enumerate(ANSWERS)}
LONGEST = 18  # tokens of a training question
IGNORED = -100  # label that no loss counts


def to_pixels(pictures: np.ndarray) -> torch.Tensor:
    """uint8 [B, S, S, 3] to the model's input: x / 255, mean 0.5, std 0.5."""
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).float().div_(127.5).sub_(1.0)


def pad(questions: list):
    """Token ids [N, T] and lengths [N]."""
    lengths = torch.tensor([len(q) for q in questions])
    ids = torch.full((len(questions), int(lengths.max())), PAD)
    for row, question in zip(ids, questions):
        row[:len(question)] = torch.tensor(question)
    return ids, lengths


def turn_grid(picture: np.ndarray, which: int) -> np.ndarray:
    """One of the eight turned and mirrored forms of rows x columns (x channels)."""
    picture = picture[:, ::-1] if which & 1 else picture
    picture = picture[::-1] if which & 2 else picture
    return picture.swapaxes(0, 1) if which & 4 else picture


def turn_table(table: np.ndarray, which: int) -> np.ndarray:
    """The same for a table of things."""
    table = table.copy()
    there = table[:, SHAPE] >= 0
    if which & 1:
        table[there, X] = 1 - table[there, X]
    if which & 2:
        table[there, Y] = 1 - table[there, Y]
    if which & 4:
        table[:, [X, Y, HALF_W, HALF_H]] = table[:, [Y, X, HALF_H, HALF_W]]
    return table


def spoil(pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A little brightness, tint and noise on part of the pictures."""
    b = pixels.shape[0]
    gain = 1 + 0.06 * (torch.rand(b, 1, 1, 1, generator=generator) - 0.6) \
        + 0.03 * (torch.rand(b, 3, 1, 1, generator=generator) - 0.5)
    noisy = (torch.rand(b, 1, 1, 1, generator=generator) < 0.25) * torch.rand(b, 1, 1, 1, generator=generator) * 0.08
    pixels = (pixels + 1) * gain - 1 + noisy * torch.randn(pixels.shape, generator=generator)
    return pixels.clamp_(-1, 1)


def dense_labels(tables: np.ndarray, masks: np.ndarray | None, grid: int) -> dict:
    """For every patch: which shape and colour cover its middle (0 = none), that thing's box as seen from the patch
    and its place in the picture, whether a centre lies in it, and, of given silhouettes, the part inside the patch."""
    b = len(tables)
    shape = np.zeros((b, grid * grid), np.int64)
    colour = np.zeros((b, grid * grid), np.int64)
    centre = np.zeros((b, grid * grid), np.float32)
    box = np.zeros((b, grid * grid, 5), np.float32)
    place = np.zeros((b, grid * grid, 2), np.float32)
    at_x, at_y = np.tile((np.arange(grid) + 0.5) / grid, grid), np.repeat((np.arange(grid) + 0.5) / grid, grid)
    for t in tables.transpose(1, 0, 2):
        rows = np.nonzero(t[:, SHAPE] >= 0)[0]
        t = t[rows]
        near = ((at_x - t[:, X, None]) / (0.8 * t[:, HALF_W, None])) ** 2 \
            + ((at_y - t[:, Y, None]) / (0.8 * t[:, HALF_H, None])) ** 2 < 1
        column, row = (np.minimum((t[:, k] * grid).astype(int), grid - 1) for k in (X, Y))
        middle = row * grid + column
        near[np.arange(len(rows)), middle] = True
        shape[rows] = np.where(near, t[:, SHAPE, None] + 1, shape[rows])
        colour[rows] = np.where(near, t[:, COLOUR, None] + 1, colour[rows])
        centre[rows, middle] = 1
        seen = np.stack(np.broadcast_arrays(
            (t[:, X, None] - at_x) * grid / 2, (t[:, Y, None] - at_y) * grid / 2, np.log(t[:, HALF_W, None] * 6),
            np.log(t[:, HALF_H, None] * 6), 0.5 * np.log(t[:, AREA, None] * 20)), 2)
        box[rows] = np.where(near[..., None], seen, box[rows])
        place[rows] = np.where(near[..., None], 4 * t[:, None, [X, Y]] - 2, place[rows])
    labels = {"shape": shape, "colour": colour, "centre": centre, "box": box, "place": place,
              "count": (tables[:, :, SHAPE] >= 0).sum(1)}
    if masks is not None:
        cells = masks.shape[1] // grid
        masks = masks.reshape(b, grid, cells, grid, cells).transpose(0, 1, 3, 2, 4).reshape(b, grid * grid, cells * cells)
        labels["mask"] = masks.astype(np.float32) / 255
    return {name: torch.from_numpy(value) for name, value in labels.items()}


def known_facts(first: list, second: list) -> list:
    """What a yes or no hangs on, before the wording turns it round: how many things are named first and second; if one
    each, whether the first lies left (0) or right (1), above (0) or below (1), and is smaller (0) or bigger (1).
    A thing named alone is compared with the picture's middle."""
    facts = [len(first), len(second)] + 3 * [IGNORED]
    if len(first) == 1 and len(second) < 2:
        (x, y, area), (x2, y2, area2) = first[0], (second or [(0.5, 0.5, 0.0)])[0]
        for k, (a, b, margin) in enumerate(((x, x2, 0.05), (y, y2, 0.05)), 2):
            if abs(a - b) > margin:
                facts[k] = int(a > b)
        if second and not 0.7 < area / area2 < 1.4:
            facts[4] = int(area > area2)
    return facts


class Batches:
    """Endless batches of generated pictures, mixed with easy-VQA's (last in the batch). Without `masks` the dense labels
    have no silhouettes."""

    def __init__(self, pictures, tables, masks, easy_pictures, easy_questions, tokenizer, grid, seed):
        self.pictures, self.tables, self.masks = pictures, tables, masks
        self.easy_pictures, self.easy_questions = easy_pictures, easy_questions
        self.tokenizer, self.grid = tokenizer, grid
        self.reseed(seed)
        self.pools = {"generated": len(pictures), "easy": len(easy_pictures)}

    def reseed(self, seed):
        self.rng = random.Random(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.orders = {}

    def _next(self, pool, count):
        """Indices in shuffled order, every picture of the pool once per round."""
        out = []
        while len(out) < count:
            order = self.orders.setdefault(pool, [])
            if not order:
                order.extend(range(self.pools[pool]))
                self.rng.shuffle(order)
            out.append(order.pop())
        return out

    def _generated(self, count: int):
        """Pictures, tables and silhouettes (or None), turned."""
        turns = [(i, self.rng.randrange(8)) for i in self._next("generated", count)]
        pictures = [turn_grid(self.pictures[i], which) for i, which in turns]
        masks = np.stack([turn_grid(self.masks[i], which) for i, which in turns]) if self.masks is not None else None
        return pictures, np.stack([turn_table(self.tables[i], which) for i, which in turns]), masks

    def pictures_only(self, count: int, plain: int):
        """Pictures and dense labels; the first `plain` pictures are replaced by their silhouettes, dark on light,
        whose colour is not asked."""
        pictures, tables, masks = self._generated(count)
        labels = dense_labels(tables, masks, self.grid)
        labels["colour"][:plain] = IGNORED
        pixels = self._pixels(pictures[plain:])
        return torch.cat([self._silhouettes(masks[:plain]), pixels]) if plain else pixels, labels

    def _silhouettes(self, masks):
        masks = torch.from_numpy(masks[:, None]).float() / 255
        masks = torch.nn.functional.interpolate(masks, scale_factor=2, mode="bilinear", align_corners=False)
        tint = torch.rand(2, len(masks), 3, 1, 1, generator=self.generator)
        return (1 - 0.25 * tint[0]) * (1 - masks) + (0.4 * tint[1] - 1) * masks

    def _pixels(self, pictures):
        return spoil(to_pixels(np.stack(pictures)), self.generator)

    def questions(self, count: int, easy: int, each: int) -> dict:
        """`count` generated and `easy` easy-VQA pictures with `each` questions."""
        pictures, tables, masks = self._generated(count)
        asked, marks = [], []
        for done, table in enumerate(tables, 1):
            while len(asked) < each * done:
                sample = sample_question(table, self.rng)
                ids = self.tokenizer(sample[0]) if sample else ()
                if 0 < len(ids) <= LONGEST:
                    asked.append((ids, ANSWER_IDS[sample[1]]))
                    marks.append(sample[3:])
        easy_facts = []
        for i in self._next("easy", easy):
            pictures.append(turn_grid(self.easy_pictures[i], self.rng.randrange(8)))
            for question, answer in self.rng.choices(self.easy_questions[i], k=each):
                asked.append((self.tokenizer(question), ANSWER_IDS[answer]))
                negated = " not " in question or " no " in question
                there = answer not in ("yes", "no") or (answer == "yes") != negated
                easy_facts.append([int(there), 0] + 3 * [IGNORED])
        focus = np.zeros((len(marks), 2, self.grid ** 2), np.float32)
        for row, named in zip(focus, marks):
            for line, places in zip(row, named):
                for x, y, _ in places:
                    line[min(int(y * self.grid), self.grid - 1) * self.grid + min(int(x * self.grid), self.grid - 1)] = 1
        facts = [known_facts(*named) for named in marks] + easy_facts
        ids, lengths = pad([ids for ids, _ in asked])
        return {"pixels": self._pixels(pictures), "ids": ids, "lengths": lengths,
                "answers": torch.tensor([a for _, a in asked]), "labels": dense_labels(tables, masks, self.grid),
                "focus": torch.from_numpy(focus), "facts": torch.tensor(facts)}
