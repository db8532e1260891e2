"""Draws what voice.train printed: python3 -m voice.curve voice/curve.png LOG..."""
import math
import re
import sys
from pathlib import Path

from plot import plot

LEAST, MOST = 0.01, 15.0  # of the losses, drawn on a logarithmic scale
COLOURS = {"words": (31, 119, 180), "phonemes": (148, 190, 220), "answers": (214, 39, 40), "row": (255, 127, 14), "marks": (44, 140, 44),
           "never heard": (0, 0, 0)}
MEANINGS = {"words": "words (CTC)", "phonemes": "phonemes (CTC)", "answers": "answers (KL divergence)", "row": "row that answers (MSE)",
            "marks": "picture's rows (MSE)", "never heard": "wrong answers to voices never heard (share)"}


def read_logs(files: list) -> dict:
    """{name: [(step, value)]}, one log going on where the one before ended."""
    lines, before, last = {name: [] for name in COLOURS}, 0, 0
    for file in files:
        for line in file.read_text().splitlines():
            step = re.search(r"step (\d+)", line)
            if step:
                last = before + int(step[1])
                for name, value in re.findall(r"(\w+) (\d+\.\d+)(?=  |$)", line):
                    if name in lines:
                        lines[name].append((last, float(value)))
            elif "never heard" in line:
                lines["never heard"].append((last, 1 - float(re.search(r"([\d.]+) %", line)[1]) / 100))
        before = last
    return lines


def height(value: float) -> float:
    return math.log(min(max(value, LEAST), MOST) / LEAST) / math.log(MOST / LEAST)


def main():
    lines = read_logs([Path(name) for name in sys.argv[2:]])
    plot(Path(sys.argv[1]), {MEANINGS[name]: (COLOURS[name], points) for name, points in lines.items()}, height,
         [0.01, 0.03, 0.1, 0.3, 1, 3, 10], "steps a process", 1000)


if __name__ == "__main__":
    main()
