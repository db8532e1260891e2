"""The table of the model card, from the test questions, by the engine itself.

    python3 -m photos.table ../photos.q8.safetensors --work PATH/TO/work
"""
import argparse
import json
import subprocess
from pathlib import Path

from photos.test_sets import SETS, UNANSWERABLE

HERE = Path(__file__).parent


def evaluated(pack: Path, questions: Path, pictures: Path, *options: str) -> dict:
    """What `vqa eval` tells of the test questions in a file: {skill: its figures}, and "all"."""
    command = [HERE / "../../../build/native/vqa", "eval", pack, questions, pictures, "--json", *options]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return {**found["question_types"], "all": found}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--work", type=Path, default=HERE / "../../../build/recipe/photos")
    args = parser.parse_args()
    folder = args.work / "test"
    pictures, questions = folder / "pictures.tar", folder / "all.jsonl.part"
    questions.write_text("".join((folder / f"{skill}.jsonl").read_text() for skill in SETS))
    seen, blind = (evaluated(args.pack, questions, pictures, *options) for options in ((), ("--blank",)))
    questions.unlink()
    print("| skill | questions | right, % | without the picture | sure | right where sure | calibration error |")
    print("| --- |" + 6 * " --- |")
    for skill in [*SETS, "all"]:
        found = seen[skill]
        shares = (found["accuracy"], blind[skill]["accuracy"], found["sure"], found["sure_accuracy"], found["calibration_error"])
        print(f"| {skill} | {found['questions']} | " + " | ".join(f"{100 * share:.1f}" for share in shares) + " |")
    asked = evaluated(args.pack, folder / UNANSWERABLE, pictures)["all"]
    print(f"\nnot sure of {100 - 100 * asked['sure']:.1f} % of {asked['questions']} questions that the picture doesn't answer")


if __name__ == "__main__":
    main()
