"""What the model answers to fixed questions; its temperature, and from which score on it is sure.

    python3 -m photos.evaluate --work PATH/TO/work                # chooses both, on the dev questions
"""
import argparse
import collections
import json
from pathlib import Path

import torch

from batches import pad
from photos.augment import at_size
from photos.files import Asked, read_answers, read_set, read_words
from photos.loop import add_device, half_floats, read_checkpoint
from photos.model import Config, PhotoModel
from photos.pictures import SIDE
from quantize import Arithmetic
from vocabulary import Tokenizer

CHUNK = 64              # questions at once
BINS = 15               # of scores, for the calibration error
NOT_SURE = 0.26         # share of the dev questions that may be answered "not sure"; the bar is 0.3 on others
FILE = "calibration.json"


def read_model(work: Path) -> tuple:
    """The averaged model of photos.train, its words and its answers."""
    words, answers = read_words(work), read_answers(work)
    saved = read_checkpoint(work / "model.pt", "run photos.train first")["average"]
    model = PhotoModel(Config(len(words), len(answers)))
    model.load_state_dict({name[len("model."):]: value for name, value in saved.items() if name.startswith("model.")})
    return model.eval(), words, answers


def all_logits(model: PhotoModel, tokenizer: Tokenizer, asked: Asked, size: int = SIDE, device: str = "cpu",
               quantized: bool = False) -> torch.Tensor:
    """[questions, answers]"""
    ids = [tokenizer(question) for question in asked.questions]
    seen, out = [], [None] * len(ids)
    Arithmetic.quantized = quantized
    with torch.no_grad(), half_floats(device, not quantized):
        for at in range(0, len(asked.pictures), CHUNK):
            pixels = at_size(torch.from_numpy(asked.pictures[at:at + CHUNK]).to(device), size)
            seen.append(model.encode_pictures(pixels).float())
        seen = torch.cat(seen)
        by_length = sorted(range(len(ids)), key=lambda k: len(ids[k]))
        for at in range(0, len(ids), CHUNK):
            some = by_length[at:at + CHUNK]
            tokens, lengths = pad([ids[k] for k in some])
            logits, _, _ = model.answer(seen[[asked.of[k] for k in some]], tokens.to(device), lengths.to(device))
            for k, row in zip(some, logits.float().cpu()):
                out[k] = row
    Arithmetic.quantized = False
    return torch.stack(out)


def right_answers(logits: torch.Tensor, asked: Asked, answers: list) -> torch.Tensor:
    """Which questions the likeliest answer is right for; an answer that is not on the list can't be given."""
    return torch.tensor([answers[best] == answer for best, answer in zip(logits.argmax(-1).tolist(), asked.answers)]).float()


def by_skill(skills: list) -> dict:
    """{skill: rows}, and all of them."""
    rows = collections.defaultdict(list)
    for k, skill in enumerate(skills):
        rows[skill].append(k)
    return {**rows, "all": list(range(len(skills)))}


def share_right(logits: torch.Tensor, asked: Asked, answers: list) -> dict:
    """{skill: share}"""
    right = right_answers(logits, asked, answers)
    return {skill: right[rows].mean().item() for skill, rows in by_skill(asked.skills).items()}


def calibration_error(scores: torch.Tensor, right: torch.Tensor) -> float:
    """How far the scores of answers are from the share that is right, on average over bins of equal width."""
    bins = (scores * BINS).long().clamp(max=BINS - 1)
    return sum(((scores[bins == b].mean() - right[bins == b].mean()).abs() * (bins == b).float().mean()).item()
               for b in bins.unique())


def best_temperature(logits: torch.Tensor, asked: Asked, answers: list) -> float:
    """What the logits have to be divided by for the smallest calibration error."""
    right = right_answers(logits, asked, answers)
    tried = [0.5 * 1.02 ** k for k in range(90)]
    return min(tried, key=lambda t: calibration_error((logits / t).softmax(-1).amax(-1), right))


def sure_from(scores: torch.Tensor) -> float:
    """The score below which an answer is called not sure."""
    return round(torch.quantile(scores, NOT_SURE).item(), 3)


def calibrate(model: PhotoModel, words: list, answers: list, args) -> None:
    """Writes temperature and threshold."""
    asked = read_set(args.work, "dev")
    logits = all_logits(model, Tokenizer(words), asked, device=args.device, quantized=not args.float)
    temperature = best_temperature(logits, asked, answers)
    found = {"temperature": round(temperature, 4), "sure_from": sure_from((logits / temperature).softmax(-1).amax(-1))}
    (args.work / FILE).write_text(json.dumps(found) + "\n")
    print(json.dumps(found))


def read_calibration(work: Path) -> tuple:
    """Temperature and threshold."""
    if not (work / FILE).exists():
        raise SystemExit(f"there is no '{work / FILE}': run photos.evaluate first")
    found = json.loads((work / FILE).read_text())
    return found["temperature"], found["sure_from"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_device(parser)
    parser.add_argument("--float", action="store_true", help="without the engine's int8 rounding")
    args = parser.parse_args()
    model, words, answers = read_model(args.work)
    model.to(args.device)
    calibrate(model, words, answers, args)


if __name__ == "__main__":
    main()
