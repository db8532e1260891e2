"""The list of answers and the list of words, from many questions as training draws them.

    python3 -m photos.answers --work ../../build/recipe/photos
"""
import argparse
import collections
import json
import random
from pathlib import Path

import questions
from photos.ask_setting import INDOORS, OUTDOORS
from photos.ask_unanswerable import ANSWER, Unanswerable
from photos.balance import Balance
from photos.labels import Labels
from photos.lessons import MIX, ask
from photos.vocabulary import build
from photos.word_lists import COLOURS, GERUNDS, PLACES, SPORTS

ANSWERS = 700
PICTURES_EACH = 6000     # of a source, that are asked about
LABELS = ["name", "kind", "group", "scene", "style", "object", "garment"]
NUMBERS = [str(n) for n in range(11)]


def sample(work: Path, seed: int) -> dict:
    """{source: (question, answer, skill) many times}, of the training split."""
    rng, balance, out = random.Random(seed), Balance(), {}
    for name, (reader, _) in MIX.items():
        source = reader(work, "train")
        asked = []
        for _ in range(PICTURES_EACH):
            if hasattr(source, "draw"):
                about = source.draw(rng)[1]
            else:
                about = source.rows[rng.choice(source.indices)]
            asked += filter(None, (ask(rng, balance, name, source, about) for _ in range(5)))
        if hasattr(source, "source"):   # what is published, is known as a whole
            asked += [(q, a, "") for i in source.indices for q, a in source.rows[i].get("questions", [])]
        out[name] = asked
    unanswerable = Unanswerable("train")
    out["unanswerable"] = [(unanswerable.ask(rng, None, {}), ANSWER, "") for _ in range(PICTURES_EACH)]
    return out


def answer_list(work: Path, asked: dict) -> list:
    """Labels and the words of our own questions always, the most frequent others for the rest."""
    classes = Labels(work).classes
    fixed = ["yes", "no", "true", "false", INDOORS, OUTDOORS] + NUMBERS + questions.ANSWERS + list(COLOURS.values()) + list(GERUNDS) + list(PLACES) \
        + list(SPORTS) + [name for task in LABELS for name in classes[task]]
    fixed = list(dict.fromkeys(fixed))
    counts = collections.Counter(answer for rows in asked.values() for _, answer, _ in rows if answer != ANSWER)
    others = [answer for answer, _ in counts.most_common() if answer not in fixed]
    return fixed + others[:max(0, ANSWERS - len(fixed))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "../../../build/recipe/photos")
    args = parser.parse_args()
    asked = sample(args.work, 5)
    answers = answer_list(args.work, asked)
    words = build(question for rows in asked.values() for question, *_ in rows)
    (args.work / "answers.json").write_text(json.dumps(answers, indent=0))
    (args.work / "vocab.txt").write_text("\n".join(words) + "\n")
    for name, rows in asked.items():
        print(f"{name}: {100 * sum(a in set(answers) for _, a, _ in rows) / len(rows):.1f} % of the answers are in the list")
    print(f"{len(answers)} answers, {len(words)} words")


if __name__ == "__main__":
    main()
