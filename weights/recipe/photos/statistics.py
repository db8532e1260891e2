"""How well a skill's questions are answered without a look at the picture: by the answer that training has most often for the
same words, or for their longest known beginning.

    python3 -m photos.statistics --work ../../build/recipe/photos
"""
import argparse
import collections
import json
import re
from pathlib import Path

from photos.answers import sample
from photos.test_sets import SETS


def plain(question: str) -> list:
    return re.findall(r"\w+", question.lower().replace("colour", "color").replace("what's", "what is"))


class Lookup:
    """The most frequent answer of each beginning of a question."""

    def __init__(self, asked: list):
        self.counts = collections.defaultdict(collections.Counter)
        for question, answer in asked:
            words = plain(question)
            for n in range(len(words) + 1):
                self.counts[tuple(words[:n])][answer] += 1

    def __call__(self, question: str) -> str:
        words = plain(question)
        n = next(n for n in range(len(words), -1, -1) if tuple(words[:n]) in self.counts)
        return self.counts[tuple(words[:n])].most_common(1)[0][0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "../../../build/recipe/photos")
    args = parser.parse_args()
    trained = [(question, answer) for rows in sample(args.work, 6).values() for question, answer, _ in rows]
    lookup = Lookup(trained)
    print(f"{'skill':10} {'asked':>6} {'pictures':>8} {'answers':>8} {'lookup':>7} {'commonest':>10}")
    for skill in SETS:
        rows = [json.loads(line) for line in (args.work / "test" / f"{skill}.jsonl").read_text().splitlines()]
        right = sum(lookup(row["question"]) == row["answer"] for row in rows)
        answers = collections.Counter(row["answer"] for row in rows)
        answer, times = answers.most_common(1)[0]
        print(f"{skill:10} {len(rows):6} {len({row['file'] for row in rows}):8} {len(answers):8} {100 * right / len(rows):6.1f}% "
              f"{100 * times / len(rows):6.1f}% {answer}")


if __name__ == "__main__":
    main()
