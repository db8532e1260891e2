"""Accuracy of a model on easy-VQA, on generated pictures per kind of question, and on the other hand's pictures.

    python3 evaluate.py --model ../../build/recipe/model --easy-vqa ../../../shared/data/easy-vqa
"""
import argparse
import collections
import json
import random
from pathlib import Path

import numpy as np
import torch

import otherhand
from batches import pad, to_pixels
from draw import to_input
from export import read_folder
from pictures import generate, load_easy_vqa
from quantize import Arithmetic
from questions import ANSWERS, KINDS, sample_question


def predict(model, tokenizer, pictures, questions, chunk=64):
    """Answers to lists of questions, one list a picture; each question at its own length, as the engine runs it."""
    answers = []
    with torch.no_grad():
        for start in range(0, len(pictures), chunk):
            rows = model.encode_pictures(to_pixels(pictures[start:start + chunk]))
            asked = [(i, tokenizer(q)) for i, qs in enumerate(questions[start:start + chunk]) for q in qs]
            found = [None] * len(asked)
            by_length = collections.defaultdict(list)
            for k, (_, ids) in enumerate(asked):
                by_length[len(ids)].append(k)
            for same in by_length.values():
                ids, lengths = pad([asked[k][1] for k in same])
                logits, *_ = model.answer(rows[[asked[k][0] for k in same]], ids, lengths)
                for k, best in zip(same, logits.argmax(-1).tolist()):
                    found[k] = ANSWERS[best]
            answers.extend(found)
    return answers


def score(model, tokenizer, pictures, questions):
    """questions: one list of (question, answer) a picture. Right, asked."""
    got = predict(model, tokenizer, pictures, [[q for q, *_ in qs] for qs in questions])
    true = [a for qs in questions for _, a, *_ in qs]
    return sum(g == t for g, t in zip(got, true)), len(true)


def questions_per_kind(tables, each, seed):
    """{kind: (picture indices, questions)} with about `each` questions a kind."""
    rng = random.Random(seed)
    sets = {}
    for kind in KINDS:
        found = collections.defaultdict(list)
        for _ in range(20 * each):
            if sum(map(len, found.values())) == each:
                break
            i = rng.randrange(len(tables))
            sample = sample_question(tables[i], rng, kind)
            if sample:
                found[i].append(sample[:2])
        order = sorted(found)
        sets[kind] = (order, [found[i] for i in order])
    return sets


class Sets:
    """The evaluation sets, made once."""

    def __init__(self, pictures, tables, easy_pictures, easy_questions, each, other_count):
        self.pictures, self.easy = pictures, (easy_pictures, easy_questions)
        self.per_kind = questions_per_kind(tables, each, 77)
        drawn = otherhand.pictures(other_count, 5)
        self.other_pictures = np.stack([to_input(picture) for picture, _ in drawn])
        self.other_per_kind = questions_per_kind(np.stack([table for _, table in drawn]), each, 78)

    def report(self, model, tokenizer, quantized: bool) -> dict:
        Arithmetic.quantized = quantized
        model.eval()
        out = {"easy-VQA": score(model, tokenizer, *self.easy)}
        for title, pictures, sets in (("generated", self.pictures, self.per_kind),
                                      ("other hand", self.other_pictures, self.other_per_kind)):
            rows = {kind: score(model, tokenizer, pictures[order], asked) for kind, (order, asked) in sets.items() if order}
            out[title] = tuple(map(sum, zip(*rows.values())))
            out.update({f"{title}: {kind}": row for kind, row in rows.items()})
        Arithmetic.quantized = False
        return out


def show(report: dict) -> str:
    """One line."""
    return "  ".join(f"{name} {100 * right / asked:.2f}" for name, (right, asked) in report.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(__file__).parent
    parser.add_argument("--model", type=Path, default=here / "../../build/recipe/model")
    parser.add_argument("--easy-vqa", type=Path, default=here / "../../../shared/data/easy-vqa")
    parser.add_argument("--split", default="test_dev")
    parser.add_argument("--each", type=int, default=500, help="questions a kind")
    args = parser.parse_args()
    torch.set_num_threads(2)
    model, tokenizer = read_folder(args.model)
    pictures, tables, _ = generate(3000, 3, 2)
    easy_pictures, easy_questions, _ = load_easy_vqa(args.easy_vqa, args.split)
    sets = Sets(pictures, tables, easy_pictures, easy_questions, args.each, 300)
    reports = {"float32": sets.report(model, tokenizer, False), "int8": sets.report(model, tokenizer, True)}
    width = max(map(len, reports["int8"]))
    print(f"{'':{width}}  asked  " + "  ".join(f"{name:>7}" for name in reports))
    for name, (_, asked) in reports["int8"].items():
        print(f"{name:{width}}  {asked:5}  " + "  ".join(f"{100 * r[name][0] / asked:6.2f}%" for r in reports.values()))
    print(json.dumps({mode: {name: round(right / asked, 5) for name, (right, asked) in r.items()}
                      for mode, r in reports.items()}))


if __name__ == "__main__":
    main()
