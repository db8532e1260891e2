"""Trains the picture encoder alone: names, kinds, places, styles, garments, caption words, and what cells of drawings hold.

    python3 -m photos.pretrain --work PATH/TO/work --minutes 85
"""
import argparse

import torch
from torch import nn

from photos.drawings import Drawings
from photos.gallery import Gallery, Rounds
from photos.heads import CellHeads, LabelHeads
from photos.labels import Labels
from photos.loop import add_options, half_floats, train
from photos.model import Config, PhotoModel

FILE = "encoder.pt"
COUNTS = {"tiny-imagenet": 33, "flickr8k": 12, "clothing": 6, "scenes": 4, "pacs": 4}  # pictures in a batch
DRAWN = 5
SIZES = [(0.0, 64, 1.5), (0.5, 96, 1.0), (0.8, 128, 1.0)]  # from which share of the time on: pixels, and batch size
PEAK = 2e-3


def size_at(progress: float) -> tuple:
    """Pixels and batch size."""
    return next((size, scale) for start, size, scale in reversed(SIZES) if progress >= start)


def label_losses(heads: LabelHeads, told: list, labels: dict, others: dict, share: float) -> dict:
    """Losses by task of pictures of which a share is their own, see Rounds.next()."""
    own, mixed = heads.losses(told, labels), heads.losses(told, others)
    return {task: share * loss + (1 - share) * mixed[task] for task, loss in own.items()}


def learner(parts: nn.ModuleDict, gallery: Gallery, args):
    """lessons(seed) as loop.train() takes them."""
    encoder, heads, cell_heads = parts["encoder"], parts["labels"], parts["cells"]

    def lessons(seed):
        rounds, drawings = Rounds(gallery, seed, args.device), Drawings(args.work, seed)

        def learn(progress):
            size, scale = size_at(progress)
            scale *= args.scale
            pixels, labels, others, share = rounds.next(size, scale)
            drawn, held = drawings.pictures(round(DRAWN * scale), size)
            with half_floats(args.device):
                cells = encoder.cells(torch.cat([pixels, drawn.to(args.device)]).contiguous(memory_format=torch.channels_last))
                rows = encoder.rows(cells)
            count = len(pixels)
            told = heads.logits(cells[:count], rows[:count])
            losses = label_losses(heads, told, labels, others, share)
            dense, right = cell_heads.losses(rows[count:], {name: value.to(args.device) for name, value in held.items()})
            loss = sum(losses.values()) + 0.3 * sum(dense.values())
            return loss, {**losses, **right, "loss": loss}
        return learn
    return lessons


def average_precision(scores: torch.Tensor, right: torch.Tensor) -> float:
    """Of all pairs of word and picture, ranked together."""
    right = right[scores.argsort(descending=True)].double()
    precision = right.cumsum(0) / torch.arange(1, len(right) + 1)
    return float((precision * right).sum() / right.sum())


def report(average: nn.ModuleDict, gallery: Gallery, size: int, device: str) -> str:
    """% right by task from [CLS] (and from the trunk's mean), on pictures that are not trained on."""
    right, asked, scores, words = {}, {}, [], []
    with torch.no_grad(), half_floats(device):
        for source in gallery.counts:
            for pixels, labels in gallery.in_order(source, size):
                cells = average["encoder"].cells(pixels.to(device))
                early, late = average["labels"].logits(cells, average["encoder"].rows(cells))
                for task, label in labels.items():
                    if task == "words":
                        scores.append(late[task].cpu().flatten()[label.flatten() >= 0])
                        words.append(label.flatten()[label.flatten() >= 0])
                        continue
                    hits = [(told[task].argmax(-1).cpu() == label)[label >= 0].sum().item() for told in (late, early)]
                    right[task] = [a + b for a, b in zip(hits, right.get(task, (0, 0)))]
                    asked[task] = asked.get(task, 0) + int((label >= 0).sum())
    parts = [f"{task} {100 * late / asked[task]:.1f} ({100 * early / asked[task]:.1f})" for task, (late, early) in right.items()]
    return "  ".join(parts + [f"words {100 * average_precision(torch.cat(scores), torch.cat(words)):.1f}"])


def new_parts(classes: dict) -> nn.ModuleDict:
    """The encoder, started as the whole model starts it, and its heads."""
    c = Config(vocab_size=1, num_labels=1)
    encoder = PhotoModel(c).image_encoder.to(memory_format=torch.channels_last)
    return nn.ModuleDict({"encoder": encoder, "labels": LabelHeads(classes, c.widths[-1], c.hidden), "cells": CellHeads(c.hidden)})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, minutes=85)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    labels = Labels(args.work)
    gallery, dev = (Gallery(args.work, labels, split, COUNTS) for split in ("train", "dev"))
    parts = new_parts(gallery.classes)
    print(f"{sum(p.numel() for p in parts['encoder'].parameters())} parameters; "
          + ", ".join(f"{len(rows)} pictures of {source}" for source, rows in gallery.rows.items()), flush=True)

    def tell(average, progress):
        return report(average, dev, size_at(progress)[0], args.device)

    train(parts, learner(parts, gallery, args), tell, args, args.work / FILE, PEAK)


if __name__ == "__main__":
    main()
