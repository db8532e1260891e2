"""How often the heat map of a right answer is hottest on the thing that the question asks about; and four examples.

    python3 explain.py                          # the figures; needs build/native/vqa (make build) and no PyTorch
    python3 explain.py --picture ../heatmaps.png

Pictures are drawn anew by draw.py, with two to five things. Each gets one question about one of them: its colour, its
shape, its place, or whether it is there. Counted are answers that are right. The hottest patch is

- on the thing, if some of the thing lies in it,
- in its middle, if the patch's own middle lies in the thing's box,
- nearest to it, if no other thing's box is as near to the patch's middle,
- beside it, if it is not on the thing but one of the eight patches around it is.
"""
import argparse
import json
import random
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from draw import draw_scene
from pictures import things_table
from questions import sample_question

KINDS = ["colour", "shape", "place", "exist"]
PATCHES, FINE = 6, 16  # patches a side, and points a side of a patch at which silhouettes are looked at
HERE = Path(__file__).parent
SAMPLES = HERE / "../../web/demo/samples"
EXAMPLES = [("toys.png", "What color is the circle?"), ("toys.png", "Where is the cross?"),
            ("night.png", "What shape is purple?"), ("sizes.png", "What color is the star?")]


def ask(args, picture: Path, question: str) -> dict:
    """The best answer, its heat map, and the picture bright where the map is hot, in args.room/map.png."""
    command = [args.vqa, "ask", args.model, picture, question, "-k", "1", "-t", "1", "--json", "--explain", args.room / "map.png"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def draw_question(rng: random.Random):
    """A picture, its things, a question about one of them, the answer, the kind and that one."""
    while True:
        picture, things = draw_scene(rng, rng.randint(2, 5))
        kind = rng.choice(KINDS)
        sample = sample_question(things_table(things), rng, kind)
        if len(things) < 2 or not sample:
            continue
        question, answer, _, first, second = sample
        if len(first) == 1 and not second:  # the one thing that is named
            x, y, _ = first[0]
            asked = min(things, key=lambda t: abs(t.x - x) + abs(t.y - y))
            return picture, things, question, answer, kind, asked


def covered(thing, size: tuple) -> np.ndarray:
    """Which patches have some of the thing in them: [PATCHES, PATCHES]."""
    side = PATCHES * FINE
    mask = Image.new("L", (side, side), 0)
    ImageDraw.Draw(mask).polygon([(x * side / size[0], y * side / size[1]) for x, y in thing.points], fill=1)
    return np.asarray(mask).reshape(PATCHES, FINE, PATCHES, FINE).any((1, 3))


def outside(thing, x: float, y: float) -> float:
    """How far a point is from the thing's box; 0 or less inside."""
    return max(abs(x - thing.x) - thing.half_w, abs(y - thing.y) - thing.half_h)


def judge(row: int, column: int, picture: Image.Image, things: list, asked) -> np.ndarray:
    """on, middle, nearest, beside: 0 or 1 each."""
    x, y = (column + 0.5) / PATCHES, (row + 0.5) / PATCHES
    on = covered(asked, picture.size)
    around = on[max(row - 1, 0):row + 2, max(column - 1, 0):column + 2].any()
    nearest = all(outside(asked, x, y) < outside(t, x, y) for t in things if t is not asked)
    return np.array([on[row, column], outside(asked, x, y) < 0, nearest, around and not on[row, column]], float)


def figures(args) -> None:
    rng = random.Random(args.seed)
    rows, asked_about = [], 0
    while len(rows) < args.count:
        picture, things, question, answer, kind, asked = draw_question(rng)
        picture.save(args.room / "picture.png")
        got = ask(args, args.room / "picture.png", question)
        asked_about += 1
        if got["answers"][0]["answer"] != answer:
            continue
        heat = np.array(got["heatmap"]["data"]).reshape(PATCHES, PATCHES)
        hottest = np.unravel_index(heat.argmax(), heat.shape)
        anywhere = np.mean([judge(r, c, picture, things, asked) for r in range(PATCHES) for c in range(PATCHES)], 0)
        rows.append((kind, judge(*hottest, picture, things, asked), anywhere))
    print(f"{len(rows)} right answers of {asked_about}; % of them whose hottest patch is")
    print(f"{'':18}{'answers':>8}{'on it':>9}{'middle':>9}{'nearest':>9}{'beside':>9}")
    for name, part in [("all", rows), *((k, [r for r in rows if r[0] == k]) for k in KINDS)]:
        print(f"{name:18}{len(part):8}" + "".join(f"{100 * v:9.1f}" for v in np.mean([r[1] for r in part], 0)))
    print(f"{'any patch (chance)':18}{len(rows):8}" + "".join(f"{100 * v:9.1f}" for v in np.mean([r[2] for r in rows], 0)))


def examples(args) -> None:
    """Above the pictures, below the same with the heat map over them."""
    side, gap = 240, 12
    sheet = Image.new("RGB", (len(EXAMPLES) * (side + gap) - gap, 2 * side + gap), "white")
    for i, (name, question) in enumerate(EXAMPLES):
        got = ask(args, SAMPLES / name, question)
        for row, file in enumerate((SAMPLES / name, args.room / "map.png")):
            picture = Image.open(file).convert("RGB").resize((side, side), Image.LANCZOS)
            sheet.paste(picture, (i * (side + gap), row * (side + gap)))
        print(f"{name}: {question} {got['answers'][0]['answer']}")
    sheet.save(args.picture, optimize=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vqa", type=Path, default=HERE / "../../build/native/vqa")
    parser.add_argument("--model", type=Path, default=HERE / "../shapes.q8.safetensors")
    parser.add_argument("--count", type=int, default=500, help="right answers")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--picture", type=Path, help="write the four examples here, instead of the figures")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        args.room = Path(room)
        (examples if args.picture else figures)(args)


if __name__ == "__main__":
    main()
