"""Writes fixed questions about pictures that training never sees, a file a skill, as `vqa eval` reads them.

    python3 -m photos.test_sets --work ../../build/recipe/photos
    vqa eval PACK build/recipe/photos/test/name.jsonl build/recipe/photos/test/pictures.tar
"""
import argparse
import collections
import io
import json
import random
import tarfile
from pathlib import Path

from PIL import Image

from photos.ask_captions import Captioned
from photos.ask_collage import Collages
from photos.ask_colour import Coloured
from photos.ask_published import Drawn, Published
from photos.ask_setting import Rooms
from photos.ask_sorts import Garments, Places, Styles
from photos.ask_things import Things
from photos.ask_unanswerable import ANSWER, Unanswerable

READERS = {
    "things": Things, "places": Places, "styles": Styles, "garments": Garments, "captioned": Captioned,
    "coloured garments": Coloured("clothing"), "coloured things": Coloured("tiny-imagenet"), "collages": Collages,
    "easy": Published("easy-vqa", "easy"), "drawn": Drawn, "shapes": Published("shapes", "shapes"), "nlvr": Published("nlvr", "nlvr"),
    "daquar": Published("daquar", "daquar"), "rooms": Rooms,
}
SETS = {  # skill: [(source, what its ask() is told)]
    "easy": [("easy", None)], "group": [("things", "group")], "kind": [("things", "kind")], "name": [("things", "name")],
    "exists": [("things", "exists"), ("places", "exists"), ("garments", "exists"), ("captioned", "exists")],
    "place": [("places", "place")], "style": [("styles", "style")], "garment": [("garments", "garment")],
    "colour": [("coloured garments", "colour"), ("coloured things", "colour"), ("captioned", "colour")],
    "people": [("captioned", "people")], "action": [("captioned", "action")], "daquar": [("daquar", None)], "nlvr": [("nlvr", None)],
    "shapes": [("shapes", None)],
    "generated": [("drawn", "count"), ("drawn", "relation"), ("drawn", "relation open"), ("drawn", "numbers"), ("drawn", "size")],
    "collage": [("collages", None)], "caption": [("captioned", "caption")], "setting": [("places", "setting"), ("rooms", None), ("captioned", "setting")],
}
BALANCED = {"exists", "people", "setting"}   # as many of each answer
WHOLE = {"easy", "daquar", "nlvr", "shapes"}     # every published question
AT_MOST = {"dev": 500, "test": 1000}
ASKED_IN_VAIN = ["things", "places", "garments", "captioned"]  # sources whose pictures are asked what they don't answer
UNANSWERABLE = "unanswerable/questions.jsonl"   # beside the others, which all have an answer
A_PICTURE = 5                            # questions of a skill at most


def candidates(rng: random.Random, name: str, source, told) -> list:
    """(picture's name, pixels, question, answer), of every picture of the source a few."""
    out = []
    if hasattr(source, "draw"):
        for k in range(AT_MOST["test"] // A_PICTURE):
            pixels, about = source.draw(rng)
            out += [(f"{name}-{k}", pixels, *asked[:2]) for asked in (source.ask(rng, about) for _ in range(3 * A_PICTURE)) if asked]
        return out
    for i in source.indices:
        row = source.rows[i]
        if "questions" in row:
            asked = [(q, a) for q, a in row["questions"]]
        else:
            asked = list(filter(None, (source.ask(rng, row, told) for _ in range(3 * A_PICTURE))))
        out += [(f"{name}-{i}", source.pictures[i], q, a) for q, a, *_ in dict.fromkeys(asked)]
    return out


def choose(rng: random.Random, found: list, skill: str, at_most: int) -> list:
    """At most so many, few of one picture; balanced where the skill asks for it, the rarest answer setting the number."""
    if skill in WHOLE:
        return found
    rng.shuffle(found)
    of_picture, rows = collections.Counter(), []
    for row in found:
        of_picture[row[0]] += 1
        if of_picture[row[0]] <= A_PICTURE:
            rows.append(row)
    if skill in BALANCED:
        by_answer = collections.defaultdict(list)
        for row in rows:
            by_answer[row[3]].append(row)
        each = min(at_most // len(by_answer), *map(len, by_answer.values()))
        rows = [row for same in by_answer.values() for row in same[:each]]
        rng.shuffle(rows)
    return rows[:at_most]


def in_vain(rng: random.Random, sources: dict, split: str, at_most: int) -> list:
    """(picture's name, pixels, question) without an answer; the wordings are not those of training."""
    unanswerable, out = Unanswerable(split), []
    for name in ASKED_IN_VAIN:
        source = sources[name]
        for i in rng.sample(list(source.indices), min(len(source.indices), at_most // len(ASKED_IN_VAIN) // 2)):
            out += [(f"{name}-{i}", source.pictures[i], unanswerable.ask(rng, source, source.rows[i])) for _ in range(2)]
    return out


def write(work: Path, split: str) -> None:
    rng = random.Random(f"sets {split}")
    sources = {name: reader(work, split) for name, reader in READERS.items()}
    folder = work / split
    folder.mkdir(exist_ok=True)
    pictures = {}
    for skill, parts in SETS.items():
        found = []
        for name, told in parts:
            rows = choose(rng, candidates(rng, name, sources[name], told), skill, AT_MOST[split] // len(parts))
            found += rows
        found.sort(key=lambda row: row[0])      # so that a picture is looked at once
        lines = []
        for name, pixels, question, answer in found:
            pictures[f"{name}.png"] = pixels
            lines.append(json.dumps({"file": f"{name}.png", "question": question, "answer": answer, "type": skill}))
        (folder / f"{skill}.jsonl").write_text("\n".join(lines) + "\n")
        counts = collections.Counter(answer for *_, answer in found)
        print(f"{split} {skill}: {len(found)} questions about {len({row[0] for row in found})} pictures, {counts.most_common(4)}", flush=True)
    lines = []
    for name, pixels, question in in_vain(rng, sources, split, AT_MOST[split]):
        pictures[f"{name}.png"] = pixels
        lines.append(json.dumps({"file": f"{name}.png", "question": question, "answer": ANSWER, "type": ANSWER}))
    (folder / UNANSWERABLE).parent.mkdir(exist_ok=True)
    (folder / UNANSWERABLE).write_text("\n".join(lines) + "\n")
    with tarfile.open(folder / "pictures.tar", "w") as tar:
        for name, pixels in sorted(pictures.items()):
            data = io.BytesIO()
            Image.fromarray(pixels).save(data, "PNG")
            member = tarfile.TarInfo(name)
            member.size = data.tell()
            data.seek(0)
            tar.addfile(member, data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "../../../build/recipe/photos")
    args = parser.parse_args()
    for split in AT_MOST:
        write(args.work, split)


if __name__ == "__main__":
    main()
