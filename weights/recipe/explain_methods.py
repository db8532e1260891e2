"""Heat maps by other methods, for comparison with the engine's, which is the second line: the PyTorch model with the
built-in pack's weights, the same pictures and questions as explain.py.

    python3 explain_methods.py

A block mixes rows by its attention A, one matrix a head; v are its projected values, x what goes in, g the gradient of
the best answer's logit by A. "fusion" is followed through the two blocks over words and patches, in which a patch's row
stands for its place; "all" also through the four blocks of the picture encoder before them.
"""
import argparse
import json
import random
import struct
from pathlib import Path

import numpy as np
import torch

from batches import to_pixels
from draw import to_input
from explain import HERE, PATCHES, draw_question, judge
from export import config_from_json
from model import Model
from questions import ANSWERS
from vocabulary import Tokenizer


def read_pack(path: Path):
    """Model and tokenizer of a pack; int8 weights become floats."""
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    settings = header.pop("__metadata__")
    kinds = {"F32": np.float32, "F16": np.float16, "I8": np.int8, "U8": np.uint8}
    arrays = {name: np.frombuffer(data[8 + size + t["data_offsets"][0]:8 + size + t["data_offsets"][1]], kinds[t["dtype"]])
              .reshape(t["shape"]) for name, t in header.items()}
    state = {}
    for name, array in arrays.items():
        if name == "checksum" or name.endswith(".scale"):
            continue
        scale = arrays.get(name + ".scale", np.ones(1, np.float32))
        state[name] = torch.tensor(array.astype(np.float32) * scale.reshape([-1] + [1] * (array.ndim - 1)))
    model = Model(config_from_json(json.loads(settings["config"])))
    model.load_state_dict(state)
    return model.eval(), Tokenizer(json.loads(settings["tokenizer"])["vocab"].rstrip("\n").split("\n"))


class Block:
    """What one block did: A [heads, T, T], v [heads, T, hidden], x [T, hidden]."""

    def __init__(self, layer, x):
        heads, attention = layer.heads, layer.attention
        q, k, v = (part[0].view(len(x), heads, -1).transpose(0, 1) for part in layer.qkv(x[None]))
        self.x = x.detach()
        self.A = (q @ k.transpose(1, 2) / q.shape[-1] ** 0.5).softmax(-1)
        self.A.retain_grad()
        dense = attention.output.dense
        projected = torch.einsum("htd,ohd->hto", v, dense.weight.view(len(dense.weight), heads, -1))
        self.v = projected.detach()
        self.y = layer.finish(x[None], (self.A @ v).transpose(0, 1).flatten(1)[None])[0]

    def rollout(self):
        return (self.A.detach().mean(0) + torch.eye(len(self.x))) / 2

    def norms(self):
        """What each row adds to each, its own residual with it, measured by length (Kobayashi et al. 2021)."""
        added = torch.einsum("hqt,hto->qto", self.A.detach(), self.v)
        added[range(len(self.x)), range(len(self.x))] += self.x
        length = added.norm(dim=-1)
        return length / length.sum(-1, keepdim=True)

    def gradients(self):
        """Chefer et al. 2021, for self-attention."""
        return torch.eye(len(self.x)) + (self.A.grad * self.A.detach()).clamp(min=0).mean(0)


def look(model, tokenizer, picture, question):
    """The best answer and the blocks of picture encoder and fusion, with gradients."""
    text = model.text_encoder(torch.tensor([tokenizer(question)]), torch.zeros(1, 1))[0]
    encoder = model.image_encoder
    conv = encoder.embeddings.patch_embeddings.projection
    pixels = to_pixels(to_input(picture)[None])
    x = torch.cat([encoder.embeddings.cls_token[0], conv(pixels)[0].flatten(1).t()]) + encoder.embeddings.position_embeddings[0]
    seeing, mixing = [], []
    for layer in encoder.encoder.layer:
        seeing.append(Block(layer, x))
        x = seeing[-1].y
    x = torch.cat([text, encoder.layernorm(x)])
    for layer in model.fusion.layers:
        mixing.append(Block(layer, x))
        x = mixing[-1].y
    logits = model.head(model.fusion.norm(x[0]))
    model.zero_grad()
    logits.max().backward()
    return ANSWERS[logits.argmax()], seeing, mixing


def chain(matrices):
    """The last one times ... times the first."""
    product = matrices[0]
    for matrix in matrices[1:]:
        product = matrix @ product
    return product


def maps(seeing, mixing) -> dict:
    """Relevance [patches] by method."""
    last, text = mixing[-1], len(mixing[0].x) - len(seeing[0].x)
    found = {"attention of the last block": last.A.detach().mean(0)[0, text:]}
    for name, matrix in (("attention rollout", Block.rollout), ("norms", Block.norms), ("gradients", Block.gradients)):
        through = chain([matrix(b) for b in mixing])[0, text:]
        found[f"{name}, fusion"] = through
        found[f"{name}, all"] = through @ chain([matrix(b) for b in seeing])
    return {name: relevance[1:].numpy() for name, relevance in found.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=HERE / "../shapes.q8.safetensors")
    parser.add_argument("--count", type=int, default=500, help="right answers")
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = read_pack(args.model)
    rng = random.Random(args.seed)
    verdicts, right = {}, 0
    while right < args.count:
        picture, things, question, answer, _, asked = draw_question(rng)
        got, *blocks = look(model, tokenizer, picture, question)
        if got != answer:
            continue
        right += 1
        for name, relevance in maps(*blocks).items():
            verdicts.setdefault(name, []).append(judge(*divmod(int(relevance.argmax()), PATCHES), picture, things, asked))
    print(f"{right} right answers; % of them whose hottest patch is")
    print(f"{'':30}{'on it':>9}{'middle':>9}{'nearest':>9}{'beside':>9}")
    for name, rows in verdicts.items():
        print(f"{name:30}" + "".join(f"{100 * v:9.1f}" for v in np.mean(rows, 0)))


if __name__ == "__main__":
    main()
