"""Draws lines over steps or minutes as a small PNG."""
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDE, HIGH, LEFT, BELOW = 900, 420, 60, 56


def plot(file: Path, lines: dict, height, values: list, along: str, every: float) -> None:
    """`lines`: {what is written beside it: (colour, [(x, value)])}; height(value): 0..1; grid lines at `values`; x is named
    `along` and marked at each so-manieth."""
    end = max(x for _, line in lines.values() for x, _ in line)
    image = Image.new("RGB", (WIDE, HIGH), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default()

    def at(x, value):
        return LEFT + (WIDE - LEFT - 20) * x / end, (HIGH - BELOW) * (1 - height(value)) + 10

    for value in values:
        pen.line([at(0, value), at(end, value)], fill=(225, 225, 225))
        pen.text((12, at(0, value)[1] - 6), f"{value:g}", fill="black", font=font)
    for k in range(int(end // every) + 1):
        pen.text((at(k * every, values[0])[0] - 10, HIGH - 22), f"{k * every:g}", fill="black", font=font)
    pen.text((LEFT, HIGH - 36), along, fill="black", font=font)
    for k, (meaning, (colour, points)) in enumerate(lines.items()):
        if len(points) > 1:
            pen.line([at(*point) for point in points], fill=colour, width=2)
        pen.text((WIDE - 320, 16 + 14 * k), meaning, fill=colour, font=font)
    image.save(file, optimize=True)
