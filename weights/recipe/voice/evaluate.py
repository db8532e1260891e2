"""How often a spoken question gets the right answer, by who speaks, beside the same questions in writing.

    python3 -m voice.evaluate --model ../../build/recipe/hearing --easy-vqa ../../../shared/data/easy-vqa
"""
import argparse
import collections
from pathlib import Path

import numpy as np
import torch

from batches import ANSWER_IDS
from evaluate import predict
from quantize import Arithmetic
from voice.augment import Augmenter
from voice.export import read_hearing
from voice.hearing import encode_pictures, predict_spoken
from voice.mel import log_mel
from voice.speak import load_pools, read_shards


def answers(model, tokenizer, pools, rows, heard) -> tuple:
    """Which questions are answered right in writing, and which when heard."""
    base, true = model.text_and_picture, torch.tensor([ANSWER_IDS[row["answer"]] for row in rows])
    in_writing, spoken = torch.zeros(len(rows), dtype=torch.bool), torch.zeros(len(rows), dtype=torch.bool)
    for pool, (pictures, _) in pools.items():
        of_pool = [k for k, row in enumerate(rows) if row["pool"] == pool]
        encoded = encode_pictures(base, pictures)[[rows[k]["picture"] for k in of_pool]]
        got = predict(base, tokenizer, pictures[[rows[k]["picture"] for k in of_pool]], [[rows[k]["question"]] for k in of_pool])
        in_writing[of_pool] = torch.tensor([ANSWER_IDS[answer] for answer in got]) == true[of_pool]
        spoken[of_pool] = predict_spoken(model, encoded, [heard[k] for k in of_pool]) == true[of_pool]
    return in_writing, spoken


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(__file__).parent
    parser.add_argument("--model", type=Path, default=here / "../../../build/recipe/hearing")
    parser.add_argument("--easy-vqa", type=Path, default=here / "../../../../shared/data/easy-vqa")
    parser.add_argument("--work", type=Path, default=here / "../../../build/recipe/work")
    parser.add_argument("--every", type=int, default=1, help="only each so-manieth question")
    parser.add_argument("--noise", type=float, help="in a room, with noise so many dB below the voice; without it: clean")
    parser.add_argument("--float", action="store_true", help="without the engine's int8 rounding")
    args = parser.parse_args()
    model, tokenizer = read_hearing(args.model)
    Arithmetic.quantized = not args.float
    rows, spoken = read_shards(args.work / "held")
    rows, spoken = rows[::args.every], spoken[::args.every]
    if args.noise is None:
        heard = [log_mel(samples.astype(np.float32) / 32768) for samples in spoken]
    else:
        augmenter = Augmenter(5, spoken)
        heard = [log_mel(augmenter.spoil(samples, filtered=1, noisy=1, decibels=(args.noise, args.noise))) for samples in spoken]
    in_writing, right = answers(model, tokenizer, load_pools(args.easy_vqa, args.work, True), rows, heard)
    groups = collections.defaultdict(list)
    for k, row in enumerate(rows):
        for group in ("all", f"all, {row['pool']}", row["family"], f"{row['family']}, {row['pool']}"):
            groups[group].append(k)
    print(f"{'float32' if args.float else 'int8'}, {'clean' if args.noise is None else f'room, noise at {args.noise:g} dB'}: "
          "asked, % right in writing, heard, heard / in writing")
    for group, ks in sorted(groups.items()):
        written, spoken_right = (100 * x[ks].float().mean().item() for x in (in_writing, right))
        print(f"  {group:45} {len(ks):5}  {written:6.2f} {spoken_right:6.2f} {100 * spoken_right / written:6.2f}")


if __name__ == "__main__":
    main()
