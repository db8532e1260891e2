"""Goes on from a pack that is there already, without the checkpoints of its training.

    python3 -m photos.train --pack ../photos.q8.safetensors --resume 0.5 --minutes 70
"""
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

LISTED = {  # what has a row for each word or each answer
    "text_encoder.embeddings.word_embeddings.weight": "words", "head.weight": "answers", "head.bias": "answers",
}


def read_pack(file: Path) -> tuple:
    """{name: float tensor}, the words, the answers of a pack of 8 bits."""
    data = file.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    about = header.pop("__metadata__")
    arrays = {}
    for name, entry in header.items():
        first, end = entry["data_offsets"]
        kind = {"F32": np.float32, "I8": np.int8, "U8": np.uint8}[entry["dtype"]]
        arrays[name] = torch.from_numpy(np.frombuffer(data[start + first:start + end], kind).reshape(entry["shape"]).astype(np.float32))
    weights = {}
    for name, array in arrays.items():
        scale = arrays.get(f"{name}.scale")
        if not name.endswith(".scale"):
            weights[name] = array if scale is None else array * scale.reshape(-1, *[1] * (array.dim() - 1))
    return weights, json.loads(about["tokenizer"])["vocab"].splitlines(), json.loads(about["labels"])


def start_from_pack(model: nn.Module, file: Path, words: list, answers: list) -> None:
    """Takes over the weights of the pack, those of a word or an answer by its text; a new one starts as it is."""
    known, *theirs = read_pack(file)
    theirs, ours = dict(zip(("words", "answers"), theirs)), {"words": words, "answers": answers}
    state = model.state_dict()
    for name, value in state.items():
        if name in LISTED:
            row_of = {text: k for k, text in enumerate(theirs[LISTED[name]])}
            kept = [(k, row_of[text]) for k, text in enumerate(ours[LISTED[name]]) if text in row_of]
            here, there = map(list, zip(*kept))
            value[here] = known[name][there]
            print(f"{name}: {len(value) - len(kept)} of {len(value)} rows are new", flush=True)
        elif name in known:
            value.copy_(known[name])
        elif not name.endswith("num_batches_tracked"):
            raise SystemExit(f"the pack '{file}' lacks '{name}'")
    model.load_state_dict(state)
