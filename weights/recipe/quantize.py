"""The engine's int8 arithmetic, imitated in float: 8-bit weights per output row, 7-bit activations per token, and of
the first token ([CLS]) what that rounding leaves, too. A convolution is such a product for every pixel of its output;
behind a ReLU its activations have 7 bits without a sign."""
import torch
import torch.nn.functional as F

WEIGHT_LEVELS, ACTIVATION_LEVELS, POSITIVE_LEVELS = 127, 63, 127


def round_rows(x: torch.Tensor, levels: int) -> torch.Tensor:
    """Rounds every row (last axis) to its own symmetric grid; the gradient passes straight through."""
    with torch.no_grad():
        scale = (x.abs().amax(-1, keepdim=True) / levels).clamp_min(1e-12)
        rounded = torch.round(x / scale) * scale
    return x + (rounded - x).detach() if x.requires_grad else rounded


def round_tokens(x: torch.Tensor) -> torch.Tensor:
    """x [batch, tokens, hidden] or [batch, hidden], as a linear layer takes it."""
    rounded = round_rows(x, ACTIVATION_LEVELS)
    first = torch.zeros_like(rounded)
    rest = x - rounded
    if x.dim() == 2:
        return rounded + round_rows(rest, ACTIVATION_LEVELS)
    first[:, :1] = round_rows(rest[:, :1], ACTIVATION_LEVELS)
    return rounded + first


class Arithmetic:
    """How linear layers compute; `quantized` switches the whole model."""
    quantized = False

    @classmethod
    def linear(cls, x, weight, bias):
        if cls.quantized:
            x, weight = round_tokens(x), round_rows(weight, WEIGHT_LEVELS)
        return F.linear(x, weight, bias)

    @classmethod
    def conv(cls, x, weight, bias, stride, padding, positive):
        """x [B, C, S, S], not negative if `positive`."""
        if not cls.quantized:
            return F.conv2d(x, weight, bias, stride, padding)
        windows = F.unfold(x.float(), weight.shape[-1], padding=padding, stride=stride).transpose(1, 2)  # [B, pixels, inputs]
        windows = round_rows(windows, POSITIVE_LEVELS if positive else ACTIVATION_LEVELS)
        y = F.linear(windows, round_rows(weight.flatten(1), WEIGHT_LEVELS), bias)
        side = (x.shape[-1] + 2 * padding - weight.shape[-1]) // stride + 1
        return y.transpose(1, 2).unflatten(2, (side, side))

    @classmethod
    def embedding(cls, ids, table):
        return F.embedding(ids, round_rows(table, WEIGHT_LEVELS) if cls.quantized else table)
