"""Writes the photo model as a Hugging Face style folder: `vqa quantize` makes the pack from it.

    python3 -m photos.export --work PATH/TO/work --out PATH/TO/folder
"""
import argparse
from pathlib import Path

import torch
from PIL import Image

import export
from photos.evaluate import read_calibration, read_model
from photos.files import read_set
from photos.loop import add_device
from photos.model import Config, PhotoModel

CHECKS = 20


def config_json(c: Config, answers: list, threshold: float) -> dict:
    """config.json; transformers calls a ViT on the cells of a ResNet vit_hybrid."""
    config = export.config_json(c)
    vision = config["vision_config"]
    vision.pop("patch_size")
    vision.update(model_type="vit_hybrid", architectures=["ViTHybridModel"], backbone_config={
        "model_type": "resnet", "layer_type": "basic", "embedding_size": c.stem, "hidden_sizes": list(c.widths),
        "depths": list(c.depths)})
    config.update(id2label={str(i): answer for i, answer in enumerate(answers)}, sure_from=threshold)
    return config


def fold_temperature(model: PhotoModel, temperature: float) -> None:
    """From now on the head's logits are divided by it."""
    with torch.no_grad():
        model.head.weight /= temperature
        model.head.bias /= temperature


def check_cases(work: Path) -> list:
    """Drawn pictures, which may be given away, and their questions."""
    asked = read_set(work, "dev")
    drawn = [k for k, skill in enumerate(asked.skills) if skill == "generated"][:CHECKS]
    return [(f"{n:02}.png", Image.fromarray(asked.pictures[asked.of[k]]), asked.questions[k]) for n, k in enumerate(drawn)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_device(parser)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "../../../build/recipe/photo-model")
    args = parser.parse_args()
    model, words, answers = read_model(args.work)
    temperature, threshold = read_calibration(args.work)
    fold_temperature(model, temperature)
    export.write_folder(model, words, args.out, check_cases(args.work), config_json(model.config, answers, threshold))


if __name__ == "__main__":
    main()
