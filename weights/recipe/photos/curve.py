"""Draws what photos.pretrain or photos.train printed, % right on the dev pictures: python3 -m photos.curve curve.png LOG..."""
import re
import sys
from pathlib import Path

from plot import plot

COLOURS = [
    (31, 119, 180), (214, 39, 40), (44, 140, 44), (255, 127, 14), (148, 103, 189), (140, 86, 75), (227, 119, 194), (90, 90, 90),
    (188, 189, 34), (23, 190, 207), (0, 0, 0), (148, 190, 220), (255, 170, 170), (150, 220, 150), (200, 200, 80), (120, 0, 60),
    (0, 120, 120), (255, 0, 200)]


def read_logs(files: list) -> dict:
    """{name: [(minutes, % right)]}, one log going on where the one before ended."""
    lines, before, now = {}, 0.0, 0.0
    for file in files:
        for line in file.read_text().splitlines():
            minutes = re.match(r" *([\d.]+) min ", line)
            if minutes:
                now = before + float(minutes[1])
            elif line.startswith("      "):
                for name, value in re.findall(r"(\S+) (\d+\.\d)(?= |$)", line):
                    lines.setdefault(name, []).append((now, float(value)))
        before = now
    return lines


def main():
    lines = read_logs([Path(name) for name in sys.argv[2:]])
    if not lines:
        raise SystemExit("no log has a line of % right on the dev pictures yet")
    named = {f"{name} {line[-1][1]:g}": (colour, line) for (name, line), colour in zip(lines.items(), COLOURS)}
    plot(Path(sys.argv[1]), named, lambda value: value / 100, list(range(0, 101, 20)), "minutes", 10)


if __name__ == "__main__":
    main()
