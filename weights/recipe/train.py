"""Trains the model and exports it, again and again while training and once at the end.

    python3 train.py --easy-vqa ../../../shared/data/easy-vqa --minutes 45
"""
import argparse
import copy
import math
import os
import random
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from batches import IGNORED, Batches, to_pixels
from draw import draw_scene
from evaluate import Sets, show
from export import write_folder
from model import Config, Model
from pictures import MASK_SIDE, cached, load_easy_vqa, things_table
from quantize import Arithmetic
from questions import ANSWERS, sample_question
from scene import COLOURS, MAX_OBJECTS, SHAPES
from vocabulary import Tokenizer, build

PROCESSES = 2               # that train, one thread each
HELD_OUT = 400              # last easy-VQA train pictures, never trained on
PICTURES_ONLY = 0.20        # share of the time with dense labels alone
QUANTIZED_FROM = 0.86       # from this share on, train with the engine's int8 rounding
FLAT_UNTIL = 0.35           # then the learning rate falls as a cosine
PEAK, PEAK_QUESTIONS, LAST, WARM_STEPS = 1e-3, 6e-4, 1e-5, 100
PLAIN_UNTIL = 0.11          # share of the time in which most pictures are dark silhouettes on light
BATCH_PICTURES_ONLY = 28
BATCH = 20                  # pictures, with six questions about each
EASY, EASY_LATER, LATER = 7, 3, 0.65  # of them easy-VQA's; fewer from this share of the time on


class QuestionHeads(nn.Module):
    """What training asks of the fusion besides answers; left out of the exported model."""

    def __init__(self, hidden):
        super().__init__()
        self.focus = nn.Linear(hidden, 2)
        self.fact_parts = [MAX_OBJECTS + 1, MAX_OBJECTS + 1, 2, 2, 2]
        self.facts = nn.Linear(hidden, sum(self.fact_parts))

    def focus_loss(self, after_first, focus):
        """Which patches hold the things that the question names."""
        logits = self.focus(after_first[:, 1:]).transpose(1, 2)
        return F.binary_cross_entropy_with_logits(logits, focus, pos_weight=torch.full((), 10.0, device=focus.device))

    def facts_loss(self, row, facts):
        """The facts that the answer hangs on, from the row that gives the answer."""
        parts = self.facts(row).split(self.fact_parts, -1)
        return sum(F.cross_entropy(logits, known, ignore_index=IGNORED, reduction="sum")
                   for logits, known in zip(parts, facts.t())) / len(facts)


class DenseHeads(QuestionHeads):
    """What training asks of every patch, too.

    The first layer has to know the silhouette, the second the box around the thing that a patch belongs to,
    the last its shape, colour, place and centre. So each layer gets something to learn from the first step.
    """

    def __init__(self, hidden, grid):
        super().__init__(hidden)
        self.parts = [len(SHAPES) + 1, len(COLOURS) + 1, 1, 5]
        self.silhouette = nn.Linear(hidden, (MASK_SIDE // grid) ** 2)
        self.box = nn.Linear(hidden, 5)
        self.patch = nn.Linear(hidden, sum(self.parts))
        self.place = nn.Linear(hidden, 2)
        self.count = nn.Linear(hidden, MAX_OBJECTS + 1)

    def picture_losses(self, states, rows, labels):
        """Losses by name, and shares of right shapes and colours at the centres. `states` and `rows`: of the pictures
        that have labels."""
        shape, colour, centre, box = self.patch(rows[:, 1:]).split(self.parts, -1)
        at, inside = labels["centre"] > 0, labels["shape"] > 0
        weight = torch.where(inside, 1.0, 0.25) + 2.0 * at

        def classify(logits, target):
            loss = F.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="none")
            return (loss * weight.flatten()).sum() / weight.sum()

        def measure(got, name):
            return F.smooth_l1_loss(got[inside], labels[name][inside], beta=0.1)

        losses = {
            "silhouette": 2 * F.binary_cross_entropy_with_logits(self.silhouette(states[0][:, 1:]), labels["mask"]),
            "box": measure(self.box(states[1][:, 1:]), "box") + measure(box, "box"),
            "place": measure(self.place(rows[:, 1:]), "place"),
            "shape": 2 * classify(shape, labels["shape"]), "colour": classify(colour, labels["colour"]),
            "centre": F.binary_cross_entropy_with_logits(centre[..., 0], labels["centre"], pos_weight=torch.tensor(6.0)),
            "count": 0.3 * F.cross_entropy(self.count(rows[:, 0]), labels["count"])}
        plain = (labels["colour"] < 0) & at
        right = {"right shape": (shape.argmax(-1) == labels["shape"])[at & ~plain].float().mean(),
                 "right colour": (colour.argmax(-1) == labels["colour"])[at & ~plain].float().mean()}
        if plain.any():
            right["right plain shape"] = (shape.argmax(-1) == labels["shape"])[plain].float().mean()
        return losses, right


def rate(progress: float, steps_in_stage: int) -> float:
    warm = min(1.0, (steps_in_stage + 1) / WARM_STEPS)
    fall = max(0.0, (progress - FLAT_UNTIL) / (1 - FLAT_UNTIL))
    peak = PEAK if progress < PICTURES_ONLY else PEAK_QUESTIONS
    return warm * (LAST + (peak - LAST) * 0.5 * (1 + math.cos(math.pi * min(1.0, fall))))


def learn_pictures(model, heads, batches, progress):
    """Loss and figures to print of a step without questions."""
    pixels, labels = batches.pictures_only(BATCH_PICTURES_ONLY, plain=18 if progress < PLAIN_UNTIL else 6)
    states = []
    rows = model.encode_pictures(pixels, states)
    losses, figures = heads.picture_losses(states, rows, labels)
    loss = sum(losses.values())
    return loss, {**figures, **losses, "loss": loss}


def learn_questions(model, heads, batches, progress):
    """The same of a step with questions."""
    easy = EASY if progress < LATER else EASY_LATER
    batch = batches.questions(BATCH - easy, easy, each=6)
    states = []
    rows = model.encode_pictures(batch["pixels"], states)
    logits, after_first, row = model.answer(rows, batch["ids"], batch["lengths"])
    labelled, known = len(batch["labels"]["count"]), len(batch["focus"])  # generated pictures and their questions
    losses, figures = heads.picture_losses([x[:labelled] for x in states], rows[:labelled], batch["labels"])
    focus = heads.focus_loss(after_first[:known], batch["focus"])
    facts = heads.facts_loss(row, batch["facts"])
    answers = F.cross_entropy(logits, batch["answers"])
    loss = answers + (1 - 0.8 * progress) * (0.5 * sum(losses.values()) + focus + facts)
    hits = (logits.argmax(-1) == batch["answers"]).float()
    figures.update(losses, answers=answers, focus=focus, facts=facts, right=hits[:known].mean(), easy=hits[known:].mean(),
                   loss=loss)
    return loss, figures


def check_cases() -> list:
    """20 small pictures and questions for comparing implementations."""
    rng, cases = random.Random(11), []
    while len(cases) < 20:
        image, things = draw_scene(rng, 1 + len(cases) % 5)
        sample = sample_question(things_table(things), rng)
        if sample:
            image = image if max(image.size) <= 160 else image.resize((160, 120), Image.BILINEAR)
            cases.append((f"{len(cases):02}.png", image, sample[0]))
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(__file__).parent
    parser.add_argument("--easy-vqa", type=Path, default=here / "../../../shared/data/easy-vqa")
    parser.add_argument("--out", type=Path, default=here / "../../build/recipe/model")
    parser.add_argument("--work", type=Path, default=here / "../../build/recipe/work", help="generated pictures are kept here")
    parser.add_argument("--pictures", type=int, default=50_000)
    parser.add_argument("--minutes", type=float, default=45, help="length of training")
    parser.add_argument("--export-every", type=float, default=5, help="minutes")
    parser.add_argument("--resume", type=float, default=0, metavar="SHARE",
                        help="go on from WORK/last.pt as if this share of the training were done")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)

    words = build()
    tokenizer = Tokenizer(words)
    pictures, tables, masks = cached(args.work, args.pictures, args.seed, PROCESSES)
    held_pictures, held_tables, _ = cached(args.work, 2000, args.seed + 1, PROCESSES)
    easy_pictures, easy_questions, _ = load_easy_vqa(args.easy_vqa, "train")
    sets = Sets(held_pictures, held_tables, easy_pictures[-HELD_OUT:], easy_questions[-HELD_OUT:], 100, 150)
    model = Model(Config(len(words), len(ANSWERS)))
    grid = model.config.image_size // model.config.patch_size
    heads = DenseHeads(model.config.hidden, grid)
    batches = Batches(pictures, tables, masks, easy_pictures[:-HELD_OUT], easy_questions[:-HELD_OUT], tokenizer, grid, args.seed)
    model.start_patches(to_pixels(pictures[:1500]))
    if args.resume:
        saved = torch.load(args.work / "last.pt")
        model.load_state_dict(saved["model"])
        heads.load_state_dict(saved["heads"], strict=False)
    average = copy.deepcopy(model)
    model.share_memory()
    heads.share_memory()
    parameters = list(model.parameters()) + list(heads.parameters())
    optimizer = torch.optim.AdamW([
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": 0.03},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0}], lr=PEAK, betas=(0.9, 0.99), foreach=True)
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {len(words)} words, {len(ANSWERS)} answers", flush=True)

    cases = check_cases()
    start = last_export = time.time()
    step = joint_from = 0
    sums = {}
    worker = os.fork() == 0
    if worker:  # both processes update the same weights, without locks, each with its own pictures and AdamW state
        batches.reseed(args.seed + 1000)
        torch.manual_seed(args.seed + 1000)
    while True:
        progress = args.resume + (1 - args.resume) * (time.time() - start) / (60 * args.minutes)
        if progress >= 1:
            break
        joint = progress >= PICTURES_ONLY
        if joint and not joint_from:
            joint_from = step
        Arithmetic.quantized = progress >= QUANTIZED_FROM
        for group in optimizer.param_groups:
            group["lr"] = rate(progress, step - joint_from)
        loss, figures = (learn_questions if joint else learn_pictures)(model, heads, batches, progress)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        step += 1
        if worker:
            continue
        with torch.no_grad():
            keep = min(0.998, step / (step + 20))
            torch._foreach_mul_(list(average.parameters()), keep)
            torch._foreach_add_(list(average.parameters()), list(model.parameters()), alpha=1 - keep)
        for name, value in figures.items():
            sums.setdefault(name, []).append(float(value))
        if step % 100 == 0:
            means = "  ".join(f"{name} {sum(v) / len(v):.3f}" for name, v in sums.items())
            print(f"{(time.time() - start) / 60:5.1f} min  step {step}  {means}", flush=True)
            sums = {}
        if step % 500 == 0:
            torch.save({"model": model.state_dict(), "heads": heads.state_dict()}, args.work / "last.pt")
        if joint and time.time() - last_export > 60 * args.export_every:
            print("      int8  " + show(sets.report(average, tokenizer, True)), flush=True)
            write_folder(average, words, args.out, cases)
            last_export = time.time()
    if worker:
        os._exit(0)
    os.wait()
    Arithmetic.quantized = False
    write_folder(average, words, args.out, cases)
    for mode, quantized in (("float32", False), ("int8", True)):
        print(f"{mode}  " + show(sets.report(average, tokenizer, quantized)), flush=True)
    print(f"{step} steps a process, {(time.time() - start) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
