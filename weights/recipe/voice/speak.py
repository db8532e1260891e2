"""Has questions spoken, by voices for training and by voices that training never hears, and keeps them in shards.

    python3 -m voice.speak --easy-vqa ../../../shared/data/easy-vqa            # for training: 30 shards
    python3 -m voice.speak --easy-vqa ../../../shared/data/easy-vqa --held     # for the evaluation
"""
import argparse
import json
import multiprocessing
import random
import time
from pathlib import Path

import numpy as np

from pictures import cached, load_easy_vqa
from questions import sample_question
from voice.voices import held_voices, speak, training_voice

SHARD = 2000                # questions
EASY_SHARE = 0.35           # of the questions are easy-VQA's
PICTURES, SEED = 8000, 11   # generated pictures that training asks about
HELD_PICTURES, HELD_SEED = 2000, 12
EACH = 1000                 # questions of either kind to every family of held-out voices


def load_pools(easy_vqa: Path, work: Path, held: bool) -> dict:
    """{"easy", "generated"}: (pictures, what can be asked about each: lists of (question, answer), or a table of things)."""
    easy_pictures, easy_questions, _ = load_easy_vqa(easy_vqa, "test_dev" if held else "train")
    pictures, tables, _ = cached(work, *((HELD_PICTURES, HELD_SEED) if held else (PICTURES, SEED)), 2)
    return {"easy": (easy_pictures, easy_questions), "generated": (pictures, tables)}


def said(question: str, rng: random.Random) -> str:
    """As a person would write it down to be read aloud; a sentence without its question mark falls at the end."""
    text = question.replace(" 's", "'s").replace(" ,", ",").rstrip("?")
    return text + "?" if rng.random() < 0.6 else text


def draw(pools: dict, pool: str, rng: random.Random) -> dict:
    """A question about one of the pool's pictures."""
    pictures, asked = pools[pool]
    while True:
        i = rng.randrange(len(pictures))
        sample = rng.choice(asked[i]) if pool == "easy" else sample_question(asked[i], rng)
        if sample:
            return {"pool": pool, "picture": i, "question": sample[0], "answer": sample[1]}


def write_shard(job) -> None:
    """One shard: a file of samples (int16, one question behind the other) and one of what they are."""
    folder, number, pools, voices = job
    if (folder / f"{number:04}.json").exists():
        return
    rng = random.Random(f"{folder.name} {number}")
    rows, asked = [], []
    for k in range(SHARD):
        voice = rng.choice(voices) if voices else training_voice(rng)
        row = draw(pools, "easy" if (k < EACH if voices else rng.random() < EASY_SHARE) else "generated", rng)
        asked.append((voice, said(row["question"], rng)))
        rows.append({**row, "family": voice.family if voices else "", "voice": f"{voice.engine} {voice.name}"})
    spoken = [np.rint(samples * (0.7 * 32768 / np.abs(samples).max())).astype(np.int16) for samples in speak(asked, rng)]
    for row, samples in zip(rows, spoken):
        row["samples"] = len(samples)
    np.save(folder / f"{number:04}.npy", np.concatenate(spoken))
    part = folder / f"{number:04}.part"
    part.write_text(json.dumps(rows))
    part.rename(folder / f"{number:04}.json")  # it is there when all of it is
    print(f"{number}: {sum(map(len, spoken)) / 16000 / SHARD:.2f} s on average", flush=True)


def read_shards(folder: Path, skip: int = 0):
    """Rows and their samples, int16, of all shards there are but the first `skip`."""
    rows, spoken = [], []
    for file in sorted(folder.glob("*.json"))[skip:]:
        found = json.loads(file.read_text())
        samples = np.load(file.with_suffix(".npy"), mmap_mode="r")
        ends = np.cumsum([row["samples"] for row in found])
        rows += found
        spoken += np.split(samples, ends[:-1])
    return rows, spoken


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(__file__).parent
    parser.add_argument("--easy-vqa", type=Path, default=here / "../../../../shared/data/easy-vqa")
    parser.add_argument("--work", type=Path, default=here / "../../../build/recipe/work")
    parser.add_argument("--shards", type=int, default=30)
    parser.add_argument("--held", action="store_true", help="voices that training never hears, one shard a family")
    args = parser.parse_args()
    start = time.time()
    pools = load_pools(args.easy_vqa, args.work, args.held)
    folder = args.work / ("held" if args.held else "spoken")
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(folder, k, pools, voices) for k, voices in enumerate(held_voices().values())] if args.held else \
        [(folder, k, pools, None) for k in range(args.shards)]
    # the pools are as large as all pictures: workers get them by fork, not by pipe
    global JOBS
    JOBS = jobs
    with multiprocessing.Pool(2) as pool:
        pool.map(run_job, range(len(jobs)), chunksize=1)
    print(f"{(time.time() - start) / 60:.1f} minutes")


def run_job(k: int) -> None:
    write_shard(JOBS[k])


if __name__ == "__main__":
    main()
