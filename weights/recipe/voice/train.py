"""Teaches the text + picture model to hear: trains a speech encoder for it; the model itself stays as it is.

    python3 -m voice.train --easy-vqa ../../../shared/data/easy-vqa --minutes 60
"""
import argparse
import copy
import math
import os
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from batches import pad
from export import read_folder
from model import hide_padding
from quantize import Arithmetic
from voice.augment import Augmenter
from voice.encoder import SpeechConfig
from voice.hearing import HearingModel, encode_pictures, pad_heard, predict_spoken
from voice.labels import Labels
from voice.mel import log_mel
from voice.speak import load_pools, read_shards

BATCH, CHUNK = 32, 8        # questions a step; steps whose questions are drawn at once and sorted by length
WORDS_ONLY = 0.5            # share of the time in which only words are learned, no answers
QUANTIZED_FROM = 0.95       # from this share on, train with the engine's int8 rounding
OWN_PICTURE = 0.85          # share of questions that are asked about the picture they were made for
EASY_KEPT = 0.3             # share of easy-VQA's questions that a round asks: there are few wordings among them
FLAT_UNTIL = 0.3            # then the learning rate falls as a cosine
PEAK, LAST, WARM_STEPS = 1e-3, 1e-5, 100
PHONEME_LAYER = 2           # whose rows tell the phonemes


class Listening(nn.Module):
    """What training asks of the rows besides answers: words, and phonemes further down; left out of the exported model."""

    def __init__(self, hidden: int, labels: Labels):
        super().__init__()
        self.words = nn.Linear(hidden, labels.word_count)
        self.phonemes = nn.Linear(hidden, labels.phoneme_count)

    def losses(self, states, rows, frames, targets):
        """CTC losses for each word and phoneme."""
        lengths = (frames + 1) // 2

        def ctc(logits, wanted):
            counts = torch.tensor([len(w) for w in wanted])
            flat = torch.tensor([i for w in wanted for i in w])
            return F.ctc_loss(logits.log_softmax(-1).transpose(0, 1), flat, lengths, counts, reduction="sum",
                              zero_infinity=True) / counts.sum()

        return {"words": ctc(self.words(rows[:, 1:]), [w for w, _ in targets]),
                "phonemes": ctc(self.phonemes(states[PHONEME_LAYER]), [p for _, p in targets])}


class Lessons:
    """Endless batches: spoken questions, each with its own picture or, since the text's answers are all that is wanted, any."""

    def __init__(self, folder: Path, seed: int):
        self.folder, self.seed = folder, seed
        self.rows, self.spoken = read_shards(folder)
        self.augmenter = Augmenter(seed, self.spoken)
        self.rng = random.Random(seed)
        self.order, self.ready = [], []

    def _draw(self) -> int:
        """Questions in shuffled order; those that were spoken meanwhile join."""
        if not self.order:
            rows, spoken = read_shards(self.folder, len(self.rows))
            self.rows, self.spoken = self.rows + rows, self.spoken + spoken
            self.order = [i for i, row in enumerate(self.rows) if row["pool"] != "easy" or self.rng.random() < EASY_KEPT]
            self.rng.shuffle(self.order)
        return self.order.pop()

    def next(self, picture_counts: dict):
        """Rows of the shards, (pool, picture) for each, spectrograms and their frames."""
        if not self.ready:
            drawn = [self._draw() for _ in range(BATCH * CHUNK)]
            heard = [(self.augmenter.hear(self.spoken[i]), self.rows[i]) for i in drawn]
            heard.sort(key=lambda pair: len(pair[0]))
            self.ready = [heard[k:k + BATCH] for k in range(0, len(heard), BATCH)]
            self.rng.shuffle(self.ready)
        batch = self.ready.pop()
        rows = [row for _, row in batch]
        pictures = [(r["pool"], r["picture"] if self.rng.random() < OWN_PICTURE else self.rng.randrange(picture_counts[r["pool"]]))
                    for r in rows]
        return rows, pictures, *pad_heard([h for h, _ in batch])


def distil(model: HearingModel, asked, hide, image_rows, ids, lengths) -> dict:
    """How far the answers to spoken questions are from those to the same in writing: the logits, the row that they are made
    of, and the picture's rows after the first fusion block, which tell what was asked for."""
    with torch.no_grad():
        wanted, wanted_marks, wanted_row = model.text_and_picture.answer(image_rows, ids, lengths)
    got, marks, row = model.text_and_picture.answer_rows(image_rows, asked, hide)
    return {"answers": F.kl_div(got.log_softmax(-1), wanted.log_softmax(-1), log_target=True, reduction="batchmean"),
            "row": F.mse_loss(row, wanted_row), "marks": F.mse_loss(marks, wanted_marks) / wanted_marks.var()}


def held_out(args, base, tokenizer):
    """Answers that the text gets, pictures' rows and spectrograms of questions by voices never heard; None before there are any."""
    rows, spoken = read_shards(args.work / "held")
    if not rows:
        return None
    rows, spoken = rows[::7], spoken[::7]
    pools = load_pools(args.easy_vqa, args.work, True)
    encoded = {pool: encode_pictures(base, pictures) for pool, (pictures, _) in pools.items()}
    pictures = torch.stack([encoded[row["pool"]][row["picture"]] for row in rows])
    with torch.no_grad():
        wanted = base.answer(pictures, *pad([tokenizer(row["question"]) for row in rows]))[0].argmax(-1)
    return wanted, pictures, [log_mel(s.astype(np.float32) / 32768) for s in spoken]


def rate(progress: float, step: int) -> float:
    fall = max(0.0, (progress - FLAT_UNTIL) / (1 - FLAT_UNTIL))
    return min(1, (step + 1) / WARM_STEPS) * (LAST + (PEAK - LAST) * 0.5 * (1 + math.cos(math.pi * fall)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(__file__).parent
    parser.add_argument("--easy-vqa", type=Path, default=here / "../../../../shared/data/easy-vqa")
    parser.add_argument("--base", type=Path, default=here / "../../../build/recipe/model", help="the text + picture model")
    parser.add_argument("--work", type=Path, default=here / "../../../build/recipe/work")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--resume", type=float, default=0.0, help="share of the training that is already in voice.pt")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)

    base, tokenizer = read_folder(args.base)
    labels = Labels(list(tokenizer.ids))
    base.requires_grad_(False)
    model = HearingModel(base, SpeechConfig())
    listening = Listening(model.speech_encoder.config.hidden, labels)
    trained = [p for p in (*model.parameters(), *listening.parameters()) if p.requires_grad]
    print(f"{sum(p.numel() for p in model.speech_encoder.parameters())} parameters hear {labels.word_count - 1} words", flush=True)
    if args.resume:
        saved = torch.load(args.work / "voice.pt")
        model.speech_encoder.load_state_dict(saved["average"])
        listening.load_state_dict(saved["listening"])
    average = copy.deepcopy(model)
    model.share_memory()
    listening.share_memory()
    pools = load_pools(args.easy_vqa, args.work, False)
    counts = {pool: len(pictures) for pool, (pictures, _) in pools.items()}
    picture_rows = {pool: encode_pictures(base, pictures) for pool, (pictures, _) in pools.items()}

    worker = os.fork() == 0  # both processes update the same weights, without locks, each with its own AdamW state
    seed = args.seed + 1000 * worker
    torch.manual_seed(seed)
    lessons = Lessons(args.work / "spoken", seed)
    optimizer = torch.optim.AdamW([
        {"params": [p for p in trained if p.dim() > 1], "weight_decay": 0.02},
        {"params": [p for p in trained if p.dim() <= 1], "weight_decay": 0.0}], betas=(0.9, 0.98), foreach=True)
    start = last_test = time.time()
    step, sums, test = 0, {}, None
    while True:
        progress = args.resume + (1 - args.resume) * (time.time() - start) / (60 * args.minutes)
        if progress >= 1:
            break
        if progress >= QUANTIZED_FROM and not Arithmetic.quantized:
            Arithmetic.quantized = True
            picture_rows = {pool: encode_pictures(base, pictures) for pool, (pictures, _) in pools.items()}
        for group in optimizer.param_groups:
            group["lr"] = rate(progress, step)
        rows, pictures, heard, frames = lessons.next(counts)
        states = []
        asked, hide = model.speech_encoder(heard, frames, states)
        losses = listening.losses(states, asked, frames, [labels(row["question"]) for row in rows])
        loss = losses["words"] + 0.25 * losses["phonemes"]
        ids, lengths = pad([tokenizer(row["question"]) for row in rows])
        if progress < WORDS_ONLY:  # the row for all of them starts as the text's [CLS]
            with torch.no_grad():
                wanted = base.text_encoder(ids, hide_padding(ids.shape[1], lengths))[:, 0]
            losses["whole"] = F.mse_loss(asked[:, 0], wanted) / wanted.var()
            loss = loss + 0.3 * losses["whole"]
        else:
            image_rows = torch.stack([picture_rows[pool][i] for pool, i in pictures])
            losses.update(distil(model, asked, hide, image_rows, ids, lengths))
            loss = loss + losses["answers"] + 0.3 * losses["row"] + losses["marks"]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        step += 1
        if worker:
            continue
        with torch.no_grad():
            keep = min(0.998, step / (step + 20))
            torch._foreach_mul_(list(average.speech_encoder.parameters()), keep)
            torch._foreach_add_(list(average.speech_encoder.parameters()), list(model.speech_encoder.parameters()), alpha=1 - keep)
        for name, value in losses.items():
            sums.setdefault(name, []).append(float(value))
        if step % 100 == 0:
            means = "  ".join(f"{name} {sum(v) / len(v):.3f}" for name, v in sums.items())
            print(f"{(time.time() - start) / 60:5.1f} min  step {step}  {means}", flush=True)
            sums = {}
        if time.time() - last_test > 240:
            torch.save({"encoder": model.speech_encoder.state_dict(), "listening": listening.state_dict(),
                        "average": average.speech_encoder.state_dict()}, args.work / "voice.pt")
            test = test or held_out(args, base, tokenizer)
            if progress > WORDS_ONLY and test:
                same = predict_spoken(average, *test[1:]) == test[0]
                print(f"      voices never heard: {100 * same.float().mean():.2f} % of the text's answers", flush=True)
            last_test = time.time()
    if worker:
        os._exit(0)
    os.wait()
    torch.save({"encoder": model.speech_encoder.state_dict(), "listening": listening.state_dict(),
                "average": average.speech_encoder.state_dict()}, args.work / "voice.pt")
    print(f"{step} steps a process, {(time.time() - start) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
