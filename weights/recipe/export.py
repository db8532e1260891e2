"""Writes the model as a Hugging Face style folder; safetensors by hand, so that no package is needed."""
import json
import os
import shutil
import struct
from pathlib import Path

import torch

from batches import pad, to_pixels
from draw import to_input
from model import EPS, Config, Model
from questions import ANSWERS
from vocabulary import Tokenizer


def write_safetensors(path: Path, tensors: dict) -> None:
    """8 bytes header length, JSON header padded with spaces, then the float32 data."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in tensors.items():
        size = 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.detach().float().contiguous().numpy().astype("<f4").tobytes())


def read_safetensors(path: Path) -> dict:
    """The same back, for evaluation."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    body = memoryview(data)[8 + length:]
    return {name: torch.frombuffer(bytearray(body[slice(*entry["data_offsets"])]), dtype=torch.float32).view(entry["shape"])
            for name, entry in header.items() if name != "__metadata__"}


def config_json(c: Config) -> dict:
    shared = {"hidden_size": c.hidden, "num_attention_heads": c.heads, "hidden_act": "gelu", "layer_norm_eps": EPS}
    return {
        "architectures": ["MultimodalForVisualQuestionAnswering"], "model_type": "multimodal",
        "fusion": "token_transformer_cls", "fusion_num_hidden_layers": c.fusion_layers,
        "fusion_num_attention_heads": c.heads, "fusion_intermediate_size": c.fusion_intermediate,
        "fusion_layer_norm_eps": EPS, "fusion_hidden_act": "gelu",
        "problem_type": "single_label_classification", "num_labels": c.num_labels,
        "id2label": {str(i): a for i, a in enumerate(ANSWERS)},
        "text_config": {
            "model_type": "bert", "architectures": ["BertModel"], "vocab_size": c.vocab_size, **shared,
            "num_hidden_layers": c.text_layers, "intermediate_size": c.text_intermediate,
            "max_position_embeddings": c.max_tokens, "type_vocab_size": 2, "pad_token_id": 0,
            "position_embedding_type": "absolute", "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
        "vision_config": {
            "model_type": "vit", "architectures": ["ViTModel"], **shared,
            "num_hidden_layers": c.image_layers, "intermediate_size": c.image_intermediate,
            "image_size": c.image_size, "patch_size": c.patch_size, "num_channels": 3, "qkv_bias": True,
            "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
    }


def config_from_json(j: dict) -> Config:
    text, vision = j["text_config"], j["vision_config"]
    return Config(text["vocab_size"], j["num_labels"], text["hidden_size"], text["num_attention_heads"],
                  vision["image_size"], vision["patch_size"], vision["num_hidden_layers"], vision["intermediate_size"],
                  text["num_hidden_layers"], text["intermediate_size"], text["max_position_embeddings"],
                  j["fusion_num_hidden_layers"], j["fusion_intermediate_size"])


def write_folder(model: Model, words: list, folder: Path, checks: list, config: dict = None) -> None:
    """Everything in a new folder, then put in the old one's place. `checks` are (name, PIL picture, question); without
    `config` it is config_json()'s."""
    c = model.config
    config = config or config_json(c)
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "checks").mkdir(parents=True)
    write_safetensors(part / "model.safetensors", {name: t for name, t in sorted(model.state_dict().items())
                                                   if not name.endswith("num_batches_tracked")})
    (part / "vocab.txt").write_text("\n".join(words) + "\n")

    def dump(name, value):
        (part / name).write_text(json.dumps(value, indent=2) + "\n")

    dump("config.json", config)
    dump("tokenizer_config.json", {"do_lower_case": True, "tokenizer_class": "BertTokenizer",
                                   "model_max_length": c.max_tokens, "unk_token": "[UNK]", "sep_token": "[SEP]",
                                   "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"})
    dump("preprocessor_config.json", {
        "image_processor_type": "ViTImageProcessor", "do_resize": True, "do_rescale": True, "do_normalize": True,
        "size": {"height": c.image_size, "width": c.image_size}, "resample": 2, "rescale_factor": 1 / 255,
        "image_mean": [0.5] * 3, "image_std": [0.5] * 3})
    dump("checks.json", check_rows(model, Tokenizer(words), part / "checks", checks, config["id2label"]))
    old = folder.with_name(folder.name + ".old")
    if folder.exists():
        os.rename(folder, old)
    os.rename(part, folder)
    shutil.rmtree(old, ignore_errors=True)


def check_rows(model: Model, tokenizer: Tokenizer, folder: Path, checks: list, answers: dict) -> list:
    """Answers of the float model that another implementation can be compared with."""
    rows = []
    model.eval()
    for name, picture, question in checks:
        picture = picture.convert("RGB")
        picture.save(folder / name)
        with torch.no_grad():
            pixels = to_pixels(to_input(picture, model.config.image_size)[None])
            logits = model.answer(model.encode_pictures(pixels), *pad([tokenizer(question)]))[0][0]
        top = logits.softmax(-1).topk(3)
        rows.append({"file": "checks/" + name, "question": question, "token_ids": tokenizer(question),
                     "top3": [[answers[str(i)], round(p.item(), 6)] for p, i in zip(top.values, top.indices.tolist())],
                     "logits": [round(v, 5) for v in logits.tolist()]})
    return rows


def read_folder(folder: Path):
    """Model and tokenizer of an exported folder."""
    model = Model(config_from_json(json.loads((folder / "config.json").read_text())))
    tensors = read_safetensors(folder / "model.safetensors")
    model.load_state_dict({name: tensors[name] for name in model.state_dict()})  # voice/export.py adds others
    return model.eval(), Tokenizer((folder / "vocab.txt").read_text().split("\n")[:-1])
