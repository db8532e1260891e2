"""Trains everything together: questions of all skills, starting from the picture encoder that pretrain.py has taught.

    python3 -m photos.train --work PATH/TO/work --minutes 240
"""
import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from photos.augment import at_size
from photos.drawings import Drawings
from photos.evaluate import all_logits, by_skill, share_right
from photos.files import read_answers, read_set, read_words
from photos.gallery import Gallery, Rounds
from photos.heads import CellHeads, LabelHeads
from photos.labels import Labels
from photos.lessons import NO_ANSWER, SKILLS, Lessons
from photos.loop import add_options, half_floats, read_checkpoint, train
from photos.model import Config, PhotoModel
from photos.packs import start_from_pack
from photos.pretrain import COUNTS, label_losses
from photos.pretrain import FILE as ENCODER
from quantize import Arithmetic
from train import QuestionHeads
from vocabulary import Tokenizer

FILE = "model.pt"  # which photos.evaluate reads
EACH = 5                              # questions about a picture of the lessons
DRAWN_EACH = 8                        # about one of the generator, whose facts are known too
LABELLED = 0.2                        # of pretrain's batch of labels
SIZES = [(0.0, 96), (0.75, 128)]      # from which share of the time on
QUANTIZED_FROM = 0.97                 # from this share on, train with the engine's int8 rounding
PEAK = 1e-3
SMOOTHING = 0.05
DEV_EVERY = 4                         # only so many of the dev questions are asked at each checkpoint
OPEN = 2.0                            # weight of a question without an answer
HINTS, LABELS = 0.5, 0.3              # weights of the losses beside the answers', falling by half towards the end


def size_at(progress: float) -> int:
    return next(size for start, size in reversed(SIZES) if progress >= start)


def new_parts(words: list, answers: list, classes: dict) -> nn.ModuleDict:
    """The model and its heads."""
    c = Config(len(words), len(answers))
    model = PhotoModel(c)
    model.image_encoder.to(memory_format=torch.channels_last)
    return nn.ModuleDict({"model": model, "labels": LabelHeads(classes, c.widths[-1], c.hidden),
                          "cells": CellHeads(c.hidden), "questions": QuestionHeads(c.hidden)})


def answer_loss(logits, right):
    """Cross entropy with the right answers; where there is NO_ANSWER, with all of them alike."""
    open_ones = right == NO_ANSWER
    known = F.cross_entropy(logits, right, ignore_index=NO_ANSWER, label_smoothing=SMOOTHING, reduction="sum")
    open_loss = (logits[open_ones].logsumexp(-1) - logits[open_ones].mean(-1)).sum()
    return (known + OPEN * open_loss) / len(right)


def start_from_encoder(parts: nn.ModuleDict, saved: dict) -> None:
    """Takes over what pretrain.py has averaged."""
    for name, part in (("encoder", parts["model"].image_encoder), ("labels", parts["labels"]), ("cells", parts["cells"])):
        part.load_state_dict({key[len(name) + 1:]: value for key, value in saved["average"].items() if key.startswith(name + ".")})


def learner(parts: nn.ModuleDict, gallery: Gallery, words: list, answers: list, args):
    """lessons(seed) as loop.train() takes them."""
    model, tokenizer, device = parts["model"], Tokenizer(words), args.device
    count, drawn_count = round(args.pictures * args.scale), round(args.drawings * args.scale)
    ours = slice(count, count + drawn_count)  # of a batch's pictures: those of the generator

    def lessons(seed):
        asked, rounds = Lessons(args.work, tokenizer, seed), Rounds(gallery, seed, device)
        drawings = Drawings(args.work, seed, tokenizer, answers)

        def learn(progress):
            size, Arithmetic.quantized = size_at(progress), progress >= QUANTIZED_FROM
            batch = {name: torch.from_numpy(value).to(device) for name, value in asked.next(count, EACH).items()}
            drawn = drawings.questions(drawn_count, size, DRAWN_EACH)
            pixels, labels, others, share = rounds.next(size, LABELLED * args.scale)
            pictures = torch.cat([at_size(batch["pixels"], size), drawn["pixels"].to(device), pixels])
            with half_floats(device, not Arithmetic.quantized):
                cells = model.image_encoder.cells(pictures.contiguous(memory_format=torch.channels_last))
                rows = model.image_encoder.rows(cells)
                logits, _, _ = model.answer(rows[:count], batch["ids"], batch["lengths"])
                logits2, after_first, row = model.answer(rows[ours], drawn["ids"].to(device), drawn["lengths"].to(device))
            right = torch.cat([batch["answers"], drawn["answers"].to(device)])
            logits = torch.cat([logits, logits2]).float()
            answered = answer_loss(logits, right)
            held = {name: value.to(device) for name, value in drawn["labels"].items()}
            dense, _ = parts["cells"].losses(rows[ours], held)
            hints = 0.3 * sum(dense.values()) + parts["questions"].focus_loss(after_first.float(), drawn["focus"].to(device)) \
                + parts["questions"].facts_loss(row.float(), drawn["facts"].to(device))
            told = parts["labels"].logits(cells[ours.stop:], rows[ours.stop:])
            known = sum(label_losses(parts["labels"], told, labels, others, share).values())
            loss = answered + (1 - 0.5 * progress) * (HINTS * hints + LABELS * known)
            figures = {"answers": answered, "hints": hints, "labels": known}
            hits = torch.where(right == NO_ANSWER, logits.softmax(-1).amax(-1) < 0.5, logits.argmax(-1) == right).float().cpu()
            for skill, which in by_skill([SKILLS[k] for k in batch["skill"]] + ["hinted"] * len(drawn["answers"])).items():
                figures[skill] = hits[which].mean()
            return loss, figures
        return learn
    return lessons


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, minutes=240)
    parser.add_argument("--pictures", type=int, default=20, help="of the lessons in a batch")
    parser.add_argument("--drawings", type=int, default=36, help="of the generator in a batch: many, until it can count and compare")
    parser.add_argument("--pack", type=Path, help="go on from the weights of this pack; --resume says at which learning rate")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    labels, words, answers = Labels(args.work), read_words(args.work), read_answers(args.work)
    gallery = Gallery(args.work, labels, "train", COUNTS)
    parts = new_parts(words, answers, gallery.classes)
    if args.pack:
        start_from_pack(parts["model"], args.pack, words, answers)
    elif not args.resume:
        start_from_encoder(parts, read_checkpoint(args.work / ENCODER, "run photos.pretrain first"))
    questions = read_set(args.work, "dev", every=DEV_EVERY)
    size = sum(p.numel() for p in parts["model"].parameters())
    print(f"{size} parameters, {len(words)} words, {len(answers)} answers", flush=True)

    def tell(average, progress):
        logits = all_logits(average["model"], Tokenizer(words), questions, size_at(progress), args.device)
        return "  ".join(f"{skill} {100 * share:.1f}" for skill, share in share_right(logits, questions, answers).items())

    train(parts, learner(parts, gallery, words, answers, args), tell, args, args.work / FILE, PEAK, checkpoint=not args.pack)


if __name__ == "__main__":
    main()
