"""Writes the demo page's sample pictures and their suggested questions, from fixed seeds.

    python3 samples.py --out ../../web/demo/samples
"""
import argparse
import json
import random
from pathlib import Path

from PIL import Image, ImageDraw

import scene

SIDE, SCALE = 320, 4
# file, alternative text, background (two colours, top and bottom), things (shape, colour, x, y, radius, angle), questions
SAMPLES = [
    ("beach", "A yellow circle, an orange star and a blue rectangle on pale blue.", ("#eaf6ff", "#cfe6f7"),
     [("circle", "#ffd21f", 72, 76, 44, 0), ("star", "#ff8c00", 238, 96, 46, 8), ("rectangle", "#1f5fd6", 165, 238, 66, 0)],
     ["What color is the star?", "Is the yellow circle left of the orange star?", "What is below the orange star?",
      "How many shapes are there?"]),
    ("night", "A white star, a yellow star and a purple triangle on dark blue.", ("#10172e", "#1d2747"),
     [("star", "#ffffff", 84, 82, 36, 0), ("star", "#ffe000", 236, 124, 48, 12), ("triangle", "#a246d6", 126, 232, 56, 0)],
     ["How many shapes are there?", "Is there a red shape?", "What shape is purple?", "Is the purple triangle below the white star?"]),
    ("toys", "A red rectangle, a green triangle, a blue circle and a black cross on cream.", ("#fbf4e4", "#fbf4e4"),
     [("rectangle", "#e32222", 82, 82, 48, 0), ("triangle", "#1fa83c", 236, 90, 54, 0),
      ("circle", "#1d4fe0", 86, 232, 46, 0), ("cross", "#151515", 234, 234, 46, 0)],
     ["Is the red rectangle left of the green triangle?", "What color is the cross?", "Where is the blue circle?",
      "Is the cross above the triangle?"]),
    ("pair", "A large and a small red circle on light gray.", ("#eef0f2", "#e2e6ea"),
     [("circle", "#ee2020", 112, 178, 76, 0), ("circle", "#ee2020", 248, 84, 34, 0)],
     ["How many circles are there?", "Are the two shapes the same color?", "Are there any triangles?",
      "What color are the circles?"]),
    ("five", "Three blue crosses and two pink circles on white.", ("#ffffff", "#ffffff"),
     [("cross", "#2457e6", 66, 70, 36, 0), ("cross", "#2457e6", 250, 62, 34, 0), ("cross", "#2457e6", 158, 160, 38, 0),
      ("circle", "#ff69b4", 70, 250, 38, 0), ("circle", "#ff69b4", 250, 250, 40, 0)],
     ["How many blue shapes are there?", "Are there more crosses than circles?", "How many pink circles are there?",
      "Is there a yellow star?"]),
    ("outline", "An outlined green star, an outlined orange rectangle and an outlined purple circle on white.",
     ("#ffffff", "#f4f4f8"),
     [("star", "#12963a", 90, 92, 56, 0), ("rectangle", "#ff8c00", 230, 92, 50, 0), ("circle", "#8a2bd0", 160, 236, 48, 0)],
     ["What color is the rectangle?", "What shape is below the green star?", "Does the image not contain a triangle?",
      "Is the purple circle below the orange rectangle?"]),
    ("sizes", "A large teal triangle, a brown rectangle and a small black star on pale yellow.", ("#fffbe0", "#fdf3c4"),
     [("triangle", "#008080", 112, 128, 88, 0), ("rectangle", "#8b4a1c", 238, 236, 50, 0), ("star", "#101010", 256, 74, 30, 0)],
     ["What is the biggest shape?", "Is the star smaller than the triangle?", "What color is the star?",
      "Is the brown rectangle on the right?"]),
]
OUTLINED = {"outline"}


def outline(shape: str, x: float, y: float, radius: float, angle: float, seed: int) -> list:
    rng = random.Random(seed)
    points = scene.unit_outline(rng, shape)
    if shape == "triangle":
        points = [(0.0, -1.0), (0.87, 0.5), (-0.87, 0.5)]
    return [(SCALE * (x + radius * px), SCALE * (y + radius * py)) for px, py in scene.rotate(points, angle)]


def draw_sample(name: str, colours: tuple, things: list) -> Image.Image:
    size = (SIDE * SCALE, SIDE * SCALE)
    mask = Image.linear_gradient("L").resize(size)
    image = Image.composite(Image.new("RGB", size, colours[1]), Image.new("RGB", size, colours[0]), mask)
    pen = ImageDraw.Draw(image)
    for seed, (shape, colour, x, y, radius, angle) in enumerate(things):
        points = outline(shape, x, y, radius, angle, 40 + seed)
        if name in OUTLINED:
            pen.line(points + points[:2], fill=colour, width=10 * SCALE, joint="curve")
        else:
            pen.polygon(points, fill=colour)
    return image.resize((SIDE, SIDE), Image.LANCZOS).quantize(64, dither=Image.Dither.NONE)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "../../web/demo/samples")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, alt, colours, things, questions in SAMPLES:
        draw_sample(name, colours, things).save(args.out / f"{name}.png", optimize=True)
        rows.append({"file": f"{name}.png", "alt": alt, "questions": questions})
    (args.out / "samples.json").write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
