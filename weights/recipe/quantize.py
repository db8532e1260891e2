"""The engine's int8 arithmetic, imitated in float: 7-bit weights per output row, 8-bit activations per token."""
import torch
import torch.nn.functional as F

WEIGHT_LEVELS, ACTIVATION_LEVELS, TABLE_LEVELS = 63, 127, 127


def round_rows(x: torch.Tensor, levels: int) -> torch.Tensor:
    """Rounds every row (last axis) to its own symmetric grid; the gradient passes straight through."""
    with torch.no_grad():
        scale = (x.abs().amax(-1, keepdim=True) / levels).clamp_min(1e-12)
        rounded = torch.round(x / scale) * scale
    return x + (rounded - x).detach() if x.requires_grad else rounded


class Arithmetic:
    """How linear layers compute; `quantized` switches the whole model."""
    quantized = False

    @classmethod
    def linear(cls, x, weight, bias):
        if cls.quantized:
            x, weight = round_rows(x, ACTIVATION_LEVELS), round_rows(weight, WEIGHT_LEVELS)
        return F.linear(x, weight, bias)

    @classmethod
    def embedding(cls, ids, table):
        return F.embedding(ids, round_rows(table, TABLE_LEVELS) if cls.quantized else table)
