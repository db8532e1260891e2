"""The speech encoder, of Whisper's form: two convolutions over the log-mel spectrogram, stored sinusoids as positions,
pre-norm blocks. Parameter names are those of the exported file."""
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from model import Names, attend, hide_padding, linear
from quantize import Arithmetic
from voice.mel import MELS

EPS = 1e-5


@dataclass
class SpeechConfig:
    hidden: int = 128
    heads: int = 4
    layers: int = 5
    intermediate: int = 384
    mels: int = MELS
    max_rows: int = 250


def sinusoids(rows: int, hidden: int) -> torch.Tensor:
    """Sines of falling frequency, then the cosines."""
    frequencies = torch.exp(-math.log(10000) / (hidden // 2 - 1) * torch.arange(hidden // 2))
    angles = torch.arange(rows)[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], 1)


class Block(nn.Module):
    """Whisper's: the keys have no bias."""

    def __init__(self, c: SpeechConfig):
        super().__init__()
        self.heads = c.heads
        self.self_attn = Names(**{f"{n}_proj": nn.Linear(c.hidden, c.hidden, bias=n != "k") for n in ("k", "v", "q", "out")})
        self.self_attn_layer_norm = nn.LayerNorm(c.hidden, EPS)
        self.fc1 = nn.Linear(c.hidden, c.intermediate)
        self.fc2 = nn.Linear(c.intermediate, c.hidden)
        self.final_layer_norm = nn.LayerNorm(c.hidden, EPS)

    def forward(self, x, hide):
        a = self.self_attn
        weight = torch.cat([a.q_proj.weight, a.k_proj.weight, a.v_proj.weight])
        bias = torch.cat([a.q_proj.bias, torch.zeros_like(a.q_proj.bias), a.v_proj.bias])
        q, k, v = Arithmetic.linear(self.self_attn_layer_norm(x), weight, bias).chunk(3, -1)
        x = x + linear(a.out_proj, attend(q, k, v, self.heads, hide))
        return x + linear(self.fc2, F.gelu(linear(self.fc1, self.final_layer_norm(x))))


def convolve(conv: nn.Conv1d, x: torch.Tensor) -> torch.Tensor:
    """A convolution of width 3 over rows, x [B, T, C], as a product: so the engine computes it, too."""
    x = F.pad(x, (0, 0, 1, 1))
    taps = [x[:, k:x.shape[1] - 2 + k:conv.stride[0]] for k in range(3)]
    return F.gelu(Arithmetic.linear(torch.cat(taps, -1), conv.weight.transpose(1, 2).flatten(1), conv.bias))


class SpeechEncoder(nn.Module):
    def __init__(self, c: SpeechConfig):
        super().__init__()
        self.config = c
        self.conv1 = nn.Conv1d(c.mels, c.hidden, 3, padding=1)
        self.conv2 = nn.Conv1d(c.hidden, c.hidden, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(c.max_rows, c.hidden)
        self.embed_positions.weight.data.copy_(sinusoids(c.max_rows, c.hidden))
        self.embed_positions.weight.requires_grad_(False)
        self.layers = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.layer_norm = nn.LayerNorm(c.hidden, EPS)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1 and "embed" not in name:
                nn.init.trunc_normal_(parameter, std=1 / math.sqrt(parameter[0].numel()))
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
        for layer, offsets in zip(self.layers, ((-1, 1, -3, 3), (-2, 2, -5, 5))):
            look_around(layer, offsets, c.heads)

    def forward(self, heard, frames, states=None):
        """heard [B, T, mels], zero beyond `frames` [B]. Gives rows [B, 1 + T / 2, H], the first the mean of the others, and
        what hides those beyond the end. A list given as `states` gets the output of every layer."""
        x = convolve(self.conv1, heard)
        x = x * (torch.arange(x.shape[1]) < frames[:, None])[..., None]  # the second convolution sees zeros there, too
        x = convolve(self.conv2, x)
        rows = (frames + 1) // 2
        x = x + self.embed_positions.weight[:x.shape[1]]
        hide = hide_padding(x.shape[1], rows)
        for layer in self.layers:
            x = layer(x, hide)
            if states is not None:
                states.append(x)
        x = self.layer_norm(x) * (hide == 0)[..., None]
        mean = x.sum(1, keepdim=True) / rows[:, None, None]
        return torch.cat([mean, x], 1), F.pad(hide, (1, 0))


def look_around(layer: Block, offsets: tuple, heads: int) -> None:
    """Starts every head so that a row looks at the one `offset` rows on, as a wider convolution would: turning the
    sinusoids by an angle for each frequency moves them by so many rows."""
    hidden = layer.fc1.in_features
    size, half = hidden // heads, hidden // 2
    frequencies = torch.exp(-math.log(10000) / (half - 1) * torch.arange(half))
    for head, offset in enumerate(offsets):
        key, query = torch.zeros(size, hidden), torch.zeros(size, hidden)
        for k in range(size // 2):
            angle = frequencies[k] * offset
            key[2 * k, k] = key[2 * k + 1, half + k] = 1
            query[2 * k, k], query[2 * k, half + k] = angle.cos(), angle.sin()
            query[2 * k + 1, k], query[2 * k + 1, half + k] = -angle.sin(), angle.cos()
        rows = slice(head * size, (head + 1) * size)
        layer.self_attn.q_proj.weight.data[rows] = 0.3 * layer.self_attn.q_proj.weight.data[rows] + query
        layer.self_attn.k_proj.weight.data[rows] = 0.3 * layer.self_attn.k_proj.weight.data[rows] + key
