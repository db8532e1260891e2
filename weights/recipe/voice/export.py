"""Writes the folder of the text + picture model once more, with the speech encoder in it, and reads it."""
import argparse
import json
import random
import shutil
import wave
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from batches import to_pixels
from draw import to_input
from export import read_folder, read_safetensors, write_safetensors
from questions import ANSWERS
from voice import mel
from voice.encoder import SpeechConfig
from voice.hearing import HearingModel, pad_heard
from voice.voices import Voice, speak

CHECKS = [  # by voices that training never hears
    ("espeak-ng", "en-us+f3", "what color is the circle?"), ("espeak-ng", "en-gb-scotland+m4", "how many stars are there?"),
    ("flite", "slt", "how many stars are there?"), ("flite", "rms", "what color is the circle?"),
    ("flite", "slt", "where is the cross?"), ("flite", "rms", "is there a red triangle?"),
    ("espeak-ng", "en-gb+linda", "what color is the triangle?"), ("espeak-ng", "en-us+victor", "is there a circle in the picture?"),
    ("espeak-ng", "en-gb-scotland+f1", "how many shapes are there?"), ("festival", "cmu_us_slt_arctic_hts", "what shape is blue?")]


def speech_config(c: SpeechConfig) -> dict:
    return {"model_type": "whisper", "d_model": c.hidden, "encoder_layers": c.layers, "encoder_attention_heads": c.heads,
            "encoder_ffn_dim": c.intermediate, "num_mel_bins": c.mels, "max_source_positions": c.max_rows,
            "activation_function": "gelu"}


def write_hearing(model: HearingModel, base: Path, out: Path, picture: Path) -> None:
    """`base`: the folder of the text + picture model; `picture`: what the checks' questions are about."""
    shutil.copytree(base, out, dirs_exist_ok=True)

    def edit(name, change):
        value = json.loads((base / name).read_text())
        change(value)
        (out / name).write_text(json.dumps(value, indent=2) + "\n")

    edit("config.json", lambda j: j.update(speech_config=speech_config(model.speech_encoder.config),
                                           absent={"text": "omit", "image": "error", "speech": "omit"}))
    edit("preprocessor_config.json", lambda j: j.update(speech={
        "feature_extractor_type": "WhisperFeatureExtractor", "feature_size": mel.MELS, "n_fft": mel.FFT, "hop_length": mel.HOP,
        "sampling_rate": mel.RATE, "chunk_length": 2 * mel.HOP * model.speech_encoder.config.max_rows // mel.RATE,
        "padding_value": 0.0}))
    tensors = read_safetensors(base / "model.safetensors")
    tensors.update({f"speech_encoder.{name}": t for name, t in model.speech_encoder.state_dict().items()})
    write_safetensors(out / "model.safetensors", dict(sorted(tensors.items())))
    (out / "checks_spoken.json").write_text(json.dumps(spoken_checks(model, out, picture), indent=2) + "\n")


def spoken_checks(model: HearingModel, out: Path, picture: Path) -> list:
    """Sounds, and the float model's answers to them, that another implementation can be compared with."""
    rng, rows = random.Random(1), []
    shutil.copy(picture, out / "checks" / picture.name)
    with torch.no_grad():
        image_rows = model.text_and_picture.encode_pictures(to_pixels(to_input(Image.open(picture))[None]))
    for k, (engine, name, question) in enumerate(CHECKS):
        samples = speak([(Voice(engine, name, True), question)], rng)[0]
        samples = np.rint(samples * (0.7 * 32768 / np.abs(samples).max())).astype("<i2")
        file = f"checks/spoken-{k}.wav"
        with wave.open(str(out / file), "wb") as sound:
            sound.setparams((1, 2, mel.RATE, len(samples), "NONE", ""))
            sound.writeframes(samples.tobytes())
        with torch.no_grad():
            heard = mel.log_mel(samples.astype(np.float32) / 32768)
            logits = model.answer_spoken(image_rows, *pad_heard([heard]))[0][0]
        top = logits.softmax(-1).topk(3)
        rows.append({"file": f"checks/{picture.name}", "speech": file, "voice": f"{engine} {name}", "said": question,
                     "top3": [[ANSWERS[i], round(p.item(), 6)] for p, i in zip(top.values, top.indices.tolist())],
                     "logits": [round(v, 5) for v in logits.tolist()]})
    return rows


def read_hearing(folder: Path):
    """Model and tokenizer of an exported folder."""
    base, tokenizer = read_folder(folder)
    j = json.loads((folder / "config.json").read_text())["speech_config"]
    model = HearingModel(base, SpeechConfig(j["d_model"], j["encoder_attention_heads"], j["encoder_layers"], j["encoder_ffn_dim"],
                                            j["num_mel_bins"], j["max_source_positions"]))
    prefix = "speech_encoder."
    model.speech_encoder.load_state_dict({name[len(prefix):]: t for name, t in read_safetensors(folder / "model.safetensors").items()
                                          if name.startswith(prefix)})
    return model.eval(), tokenizer


def main():
    parser = argparse.ArgumentParser(description="Exports what voice.train has learned so far.")
    here = Path(__file__).parent
    parser.add_argument("--base", type=Path, default=here / "../../../build/recipe/model")
    parser.add_argument("--work", type=Path, default=here / "../../../build/recipe/work")
    parser.add_argument("--out", type=Path, default=here / "../../../build/recipe/hearing")
    args = parser.parse_args()
    model = HearingModel(read_folder(args.base)[0], SpeechConfig())
    model.speech_encoder.load_state_dict(torch.load(args.work / "voice.pt")["average"])
    write_hearing(model.eval(), args.base, args.out, here / "../../../web/demo/samples/toys.png")


if __name__ == "__main__":
    main()
