"""Draws pictures with their questions and answers, a sheet a skill, to be looked at.

    python3 -m photos.contact_sheet --work ../../build/recipe/photos --skill people
"""
import argparse
import random
import textwrap
from pathlib import Path

from PIL import Image, ImageDraw

from photos.lessons import MIX, SKILLS
from photos.pictures import SIDE, squeeze

COLUMNS, TEXT = 8, 52   # pictures in a row, pixels of height below each


def samples(work: Path, skill: str, count: int, seed: int) -> list:
    """(pixels, question, answer), each of another picture, from the sources in turn that have the skill."""
    rng, out = random.Random(seed), []
    sources = [reader(work, "train") for reader, _ in MIX.values()]
    idle = {id(source): 0 for source in sources}
    while len(out) < count:
        source = rng.choice([s for s in sources if idle[id(s)] < 400])
        if hasattr(source, "draw"):
            pixels, about = source.draw(rng)
        else:
            i = rng.choice(source.indices)
            pixels, about = source.pictures[i], source.rows[i]
        asked = next((a for a in (source.ask(rng, about) for _ in range(8)) if a and a[2] == skill), None)
        idle[id(source)] = 0 if asked else idle[id(source)] + 1
        if asked:
            out.append((pixels, *asked[:2]))
    return out


def draw_sheet(rows: list) -> Image.Image:
    height = SIDE + TEXT
    sheet = Image.new("RGB", (COLUMNS * (SIDE + 4), -(-len(rows) // COLUMNS) * height), "white")
    pen = ImageDraw.Draw(sheet)
    for k, (pixels, question, answer) in enumerate(rows):
        x, y = k % COLUMNS * (SIDE + 4), k // COLUMNS * height
        sheet.paste(Image.fromarray(squeeze(Image.fromarray(pixels))), (x, y))
        lines = textwrap.wrap(question, 21)[:3] + [f"> {answer}"]
        pen.multiline_text((x + 1, y + SIDE), "\n".join(lines), fill="black", spacing=1)
    return sheet


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "../../../build/recipe/photos")
    parser.add_argument("--skill", choices=SKILLS, help="default: all")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    folder = args.work / "sheets"
    folder.mkdir(exist_ok=True)
    for skill in [args.skill] if args.skill else SKILLS:
        draw_sheet(samples(args.work, skill, args.count, args.seed)).save(folder / f"{skill}.png")


if __name__ == "__main__":
    main()
