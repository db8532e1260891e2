"""The model: BERT, ViT and a token transformer that joins them. Parameter names are those of the exported file."""
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from quantize import Arithmetic

EPS = 1e-12


@dataclass
class Config:
    vocab_size: int
    num_labels: int
    hidden: int = 128
    heads: int = 4
    image_size: int = 96
    patch_size: int = 16
    image_layers: int = 4
    image_intermediate: int = 384
    text_layers: int = 2
    text_intermediate: int = 256
    max_tokens: int = 32
    fusion_layers: int = 2
    fusion_intermediate: int = 256


class Names(nn.Module):
    """A node of the parameter tree: Names(query=..., key=...)."""

    def __init__(self, /, **children):
        super().__init__()
        for name, child in children.items():
            self.add_module(name, child)


def linear(layer: nn.Linear, x):
    return Arithmetic.linear(x, layer.weight, layer.bias)


def project(x, *layers):
    """Several linear layers of one input at once."""
    out = Arithmetic.linear(x, torch.cat([l.weight for l in layers]), torch.cat([l.bias for l in layers]))
    return out.chunk(len(layers), -1)


def split_heads(x, heads):
    return x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)


def hide_padding(longest: int, lengths: torch.Tensor) -> torch.Tensor:
    """[B, longest]: what is added to attention scores so that rows beyond `lengths` [B] are not looked at."""
    beyond = torch.arange(longest, device=lengths.device) >= lengths[:, None]
    return torch.zeros(beyond.shape, device=lengths.device).masked_fill_(beyond, -1e9)


def attend(q, k, v, heads, hidden_keys=None):
    """q [B, Tq, H], k and v [B, Tk, H]; hidden_keys [B, Tk] is added to the scores."""
    q, k, v = split_heads(q, heads), split_heads(k, heads), split_heads(v, heads)
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    if hidden_keys is not None:
        scores = scores + hidden_keys[:, None, None, :]
    return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)


class PreNormBlock(nn.Module):
    """ViT's block."""

    def __init__(self, hidden, intermediate, heads):
        super().__init__()
        self.heads = heads
        self.layernorm_before = nn.LayerNorm(hidden, EPS)
        self.attention = Names(
            attention=Names(**{n: nn.Linear(hidden, hidden) for n in ("query", "key", "value")}),
            output=Names(dense=nn.Linear(hidden, hidden)))
        self.layernorm_after = nn.LayerNorm(hidden, EPS)
        self.intermediate = Names(dense=nn.Linear(hidden, intermediate))
        self.output = Names(dense=nn.Linear(intermediate, hidden))

    def qkv(self, x):
        a = self.attention.attention
        return project(self.layernorm_before(x), a.query, a.key, a.value)

    def finish(self, x, context):
        x = x + linear(self.attention.output.dense, context)
        middle = F.gelu(linear(self.intermediate.dense, self.layernorm_after(x)))
        return x + linear(self.output.dense, middle)

    def forward(self, x, hidden_keys=None):
        return self.finish(x, attend(*self.qkv(x), self.heads, hidden_keys))

    def first_row(self, x, hidden_keys=None):
        """Row 0 of forward(x), without computing the others."""
        a, normed = self.attention.attention, self.layernorm_before(x)
        k, v = project(normed, a.key, a.value)
        q = linear(a.query, normed[:, :1])
        return self.finish(x[:, :1], attend(q, k, v, self.heads, hidden_keys))[:, 0]


class PostNormBlock(nn.Module):
    """BERT's block."""

    def __init__(self, hidden, intermediate, heads):
        super().__init__()
        self.heads = heads
        self.attention = Names(
            self=Names(**{n: nn.Linear(hidden, hidden) for n in ("query", "key", "value")}),
            output=Names(dense=nn.Linear(hidden, hidden), LayerNorm=nn.LayerNorm(hidden, EPS)))
        self.intermediate = Names(dense=nn.Linear(hidden, intermediate))
        self.output = Names(dense=nn.Linear(intermediate, hidden), LayerNorm=nn.LayerNorm(hidden, EPS))

    def forward(self, x, hidden_keys):
        a = getattr(self.attention, "self")
        context = attend(*project(x, a.query, a.key, a.value), self.heads, hidden_keys)
        x = self.attention.output.LayerNorm(x + linear(self.attention.output.dense, context))
        middle = F.gelu(linear(self.intermediate.dense, x))
        return self.output.LayerNorm(x + linear(self.output.dense, middle))


class TextEncoder(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.embeddings = Names(
            word_embeddings=nn.Embedding(c.vocab_size, c.hidden),
            position_embeddings=nn.Embedding(c.max_tokens, c.hidden),
            token_type_embeddings=nn.Embedding(2, c.hidden),
            LayerNorm=nn.LayerNorm(c.hidden, EPS))
        self.encoder = Names(layer=nn.ModuleList(
            PostNormBlock(c.hidden, c.text_intermediate, c.heads) for _ in range(c.text_layers)))

    def forward(self, ids, hidden_keys):
        e = self.embeddings
        x = Arithmetic.embedding(ids, e.word_embeddings.weight) + e.position_embeddings.weight[:ids.shape[1]] \
            + e.token_type_embeddings.weight[0]
        x = e.LayerNorm(x)
        for layer in self.encoder.layer:
            x = layer(x, hidden_keys)
        return x


class ImageEncoder(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.patch = c.patch_size
        self.embeddings = Names(patch_embeddings=Names(
            projection=nn.Conv2d(3, c.hidden, c.patch_size, c.patch_size)))
        self.embeddings.cls_token = nn.Parameter(torch.zeros(1, 1, c.hidden))
        self.embeddings.position_embeddings = nn.Parameter(
            torch.zeros(1, (c.image_size // c.patch_size) ** 2 + 1, c.hidden))
        self.encoder = Names(layer=nn.ModuleList(
            PreNormBlock(c.hidden, c.image_intermediate, c.heads) for _ in range(c.image_layers)))
        self.layernorm = nn.LayerNorm(c.hidden, EPS)

    def forward(self, pixels, states=None):
        """pixels [B, 3, S, S], normalised. A list given as `states` gets the output of every layer."""
        b, _, side, _ = pixels.shape
        n, p = side // self.patch, self.patch
        patches = pixels.view(b, 3, n, p, n, p).permute(0, 2, 4, 1, 3, 5).reshape(b, n * n, 3 * p * p)
        conv = self.embeddings.patch_embeddings.projection
        x = Arithmetic.linear(patches, conv.weight.flatten(1), conv.bias)
        x = torch.cat([self.embeddings.cls_token.expand(b, -1, -1), x], 1) + self.embeddings.position_embeddings
        for layer in self.encoder.layer:
            x = layer(x)
            if states is not None:
                states.append(x)
        return self.layernorm(x)

    def start(self, c: Config):
        """Starts behind the usual random numbers: rows look at rows like themselves, in the first layers at neighbours."""
        for layer in self.encoder.layer[2:]:
            look_at_likes(layer)
        self.embeddings.position_embeddings.data.copy_(plane_codes(c.image_size // c.patch_size, c.hidden))
        for layer in self.encoder.layer[:2]:
            look_at_neighbours(layer, self.embeddings.position_embeddings.data[0, 1:], c.heads)


def plane_codes(grid: int, hidden: int) -> torch.Tensor:
    """A start for the picture's position embeddings: codes of row and column, all at right angles; zeros for [CLS]."""
    codes = torch.linalg.qr(torch.randn(hidden, hidden))[0][:2 * grid] * 0.2 * math.sqrt(hidden)
    rows = (codes[:grid, None] + codes[None, grid:]).flatten(0, 1)
    return torch.cat([torch.zeros(1, hidden), rows])[None]


def look_at_likes(layer: PreNormBlock) -> None:
    """Starts the heads so that a row looks at rows like itself."""
    layer.attention.attention.key.weight.data.copy_(layer.attention.attention.query.weight.data)


def look_at_neighbours(layer: PreNormBlock, positions: torch.Tensor, heads: int, strength: float = 1.8) -> None:
    """Starts the heads so that a patch looks at its left, right, upper and lower neighbour, as a convolution would.

    Every row and column gets a code; a key holds its patch's codes, a query those of the neighbour (or its own at the
    border). Both read only the part of the input that the position embeddings, [patches, H], span.
    """
    grid, size = math.isqrt(len(positions)), positions.shape[1] // heads
    read = torch.linalg.pinv(positions.double(), rcond=1e-4).float()
    row, column = torch.arange(len(positions)) // grid, torch.arange(len(positions)) % grid
    for head in range(heads):
        codes = torch.linalg.qr(torch.randn(size, size))[0][:2 * grid] * strength
        down, right = ((0, -1), (0, 1), (-1, 0), (1, 0))[head % 4]
        key = codes[row] + codes[grid + column]
        query = codes[(row + down).clamp(0, grid - 1)] + codes[grid + (column + right).clamp(0, grid - 1)]
        for part, wanted in ((layer.attention.attention.query, query), (layer.attention.attention.key, key)):
            part.weight.data[head * size:(head + 1) * size] += (read @ wanted).t()


class Model(nn.Module):
    picture_encoder = ImageEncoder

    def __init__(self, c: Config):
        super().__init__()
        self.config = c
        self.text_encoder = TextEncoder(c)
        self.image_encoder = self.picture_encoder(c)
        self.fusion = Names(
            layers=nn.ModuleList(PreNormBlock(c.hidden, c.fusion_intermediate, c.heads) for _ in range(c.fusion_layers)),
            norm=nn.LayerNorm(c.hidden, EPS))
        self.head = nn.Linear(c.hidden, c.num_labels)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1 and "embeddings" in name and "projection" not in name:
                nn.init.trunc_normal_(parameter, std=0.05)
            elif parameter.dim() > 1:
                fan = parameter[0].numel()
                nn.init.trunc_normal_(parameter, std=min(0.06, 1 / math.sqrt(fan)))
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
        for layer in self.fusion.layers:
            look_at_likes(layer)
        self.image_encoder.start(c)

    def start_patches(self, pixels):
        """Starts the patch projection at the principal components of real patches, nearly whitened, so that edges
        weigh as much as flat colour from the first step; and at right angles to the position embeddings."""
        conv = self.image_encoder.embeddings.patch_embeddings.projection
        p = self.config.patch_size
        patches = pixels.unfold(2, p, p).unfold(3, p, p).permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(0, 2).double()
        mean = patches.mean(0)
        values, vectors = torch.linalg.eigh(torch.cov((patches - mean).t()))
        values, vectors = values.flip(0)[:self.config.hidden], vectors.flip(1)[:, :self.config.hidden]
        weight = (vectors / (values + 1e-3 * values[0]).sqrt()).t() * 0.5
        weight = torch.linalg.qr(torch.randn(len(weight), len(weight), dtype=weight.dtype))[0] @ weight
        positions = self.image_encoder.embeddings.position_embeddings.data[0].double()
        weight -= torch.linalg.pinv(positions, rcond=1e-4) @ positions @ weight
        conv.weight.data.copy_(weight.view_as(conv.weight))
        conv.bias.data.copy_(-weight @ mean)

    def encode_pictures(self, pixels, states=None):
        return self.image_encoder(pixels, states)

    def answer(self, image_rows, ids, lengths):
        """Logits of Q questions about each picture. image_rows [B, P, H], ids [B*Q, T], lengths [B*Q].

        Also gives back the picture rows after the first fusion block, [B*Q, P, H], and the row that the head reads.
        """
        hide = hide_padding(ids.shape[1], lengths)
        return self.answer_rows(image_rows, self.text_encoder(ids, hide), hide)

    def answer_rows(self, image_rows, asked, hide):
        """The same for questions that are rows already: asked [B*Q, T, H], hide [B*Q, T] is added to attention scores."""
        b, p, hidden = image_rows.shape
        per_picture, t = asked.shape[0] // b, asked.shape[1]
        hide = F.pad(hide, (0, p))

        def join(asked, image):  # the picture's rows are the same for all its questions
            image = image[:, None].expand(b, per_picture, p, image.shape[-1]).reshape(b * per_picture, p, -1)
            return torch.cat([asked, image], 1)

        first, *middle, last = self.fusion.layers
        q, k, v = (join(a, c) for a, c in zip(first.qkv(asked), first.qkv(image_rows)))
        x = first.finish(join(asked, image_rows), attend(q, k, v, first.heads, hide))
        after_first = x[:, t:]
        for layer in middle:
            x = layer(x, hide)
        row = self.fusion.norm(last.first_row(x, hide))
        return linear(self.head, row), after_first, row
