"""Draws what voice.train printed: python3 -m voice.curve voice/curve.png LOG..."""
import math
import re
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDE, HIGH, LEFT, BELOW = 900, 420, 60, 56
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


def main():
    lines = read_logs([Path(name) for name in sys.argv[2:]])
    end = max(step for line in lines.values() for step, _ in line)
    image = Image.new("RGB", (WIDE, HIGH), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default()

    def at(step, value):
        share = math.log(min(max(value, LEAST), MOST) / LEAST) / math.log(MOST / LEAST)
        return LEFT + (WIDE - LEFT - 20) * step / end, (HIGH - BELOW) * (1 - share) + 10

    for value in (0.01, 0.03, 0.1, 0.3, 1, 3, 10):
        pen.line([at(0, value), at(end, value)], fill=(225, 225, 225))
        pen.text((12, at(0, value)[1] - 6), f"{value:g}", fill="black", font=font)
    for step in range(0, end + 1, 1000):
        pen.text((at(step, 1)[0] - 10, HIGH - 22), str(step), fill="black", font=font)
    pen.text((LEFT, HIGH - 36), "steps a process", fill="black", font=font)
    for k, (name, points) in enumerate(lines.items()):
        if len(points) > 1:
            pen.line([at(*point) for point in points], fill=COLOURS[name], width=2)
        pen.text((WIDE - 320, 16 + 14 * k), MEANINGS[name], fill=COLOURS[name], font=font)
    image.save(sys.argv[1], optimize=True)


if __name__ == "__main__":
    main()
