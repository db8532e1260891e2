"""Fresh views of pictures: turned, cut out, mirrored, tinted; all of a batch at once, on any device."""
import math

import torch
import torch.nn.functional as F

MIDDLE = 127.5


def normalise(pixels: torch.Tensor) -> torch.Tensor:
    """Floats 0..255 [B, 3, S, S] to the model's input: mean 0.5, std 0.5."""
    return (pixels / MIDDLE - 1).contiguous(memory_format=torch.channels_last)


def planes(pictures: torch.Tensor) -> torch.Tensor:
    """uint8 [B, S, S, 3] to floats [B, 3, S, S]."""
    return pictures.permute(0, 3, 1, 2).float()


def at_size(pictures: torch.Tensor, size: int) -> torch.Tensor:
    """uint8 [B, S, S, 3] to the model's input as it is, resized to the square if need be."""
    x = planes(pictures)
    if x.shape[-1] != size:
        x = F.interpolate(x, (size, size), mode="bilinear", align_corners=False, antialias=True)
    return normalise(x)


class Views:
    """Random views. Of `least` to all of a picture's area is seen; a share of them is mirrored, turned a little, grey."""

    def __init__(self, seed: int, device: str, least=0.3, mirrored=0.5, turned=0.3, grey=0.05, holes=0.3):
        self.generator = torch.Generator(device).manual_seed(seed)
        self.device = device
        self.least, self.mirrored, self.turned, self.grey, self.holes = least, mirrored, turned, grey, holes

    def _even(self, least, most, *shape):
        return least + (most - least) * torch.rand(*shape, generator=self.generator, device=self.device)

    def _chance(self, share, *shape):
        return (self._even(0, 1, *shape) < share).float()

    def _windows(self, count: int) -> torch.Tensor:
        """Where each view looks from: [count, 2, 3] as affine_grid takes it."""
        side = self._even(self.least, 1, count).sqrt()
        stretch = self._even(-0.15, 0.15, count).exp()
        width, height = (side * stretch).clamp(max=1), (side / stretch).clamp(max=1)
        x, y = ((1 - part) * self._even(-1, 1, count) for part in (width, height))
        angle = self._chance(self.turned, count) * self._even(-0.26, 0.26, count)
        flip = 1 - 2 * self._chance(self.mirrored, count)
        cos, sin = angle.cos(), angle.sin()
        return torch.stack([torch.stack([width * cos * flip, -height * sin, x], 1),
                            torch.stack([width * sin * flip, height * cos, y], 1)], 1)

    def _tint(self, x: torch.Tensor) -> torch.Tensor:
        """Saturation, contrast, brightness and a cast of colour, as one matrix a picture."""
        count = len(x)
        saturation = self._even(0.6, 1.4, count, 1, 1) * (1 - self._chance(self.grey, count, 1, 1))
        weights = torch.tensor([0.299, 0.587, 0.114], device=self.device)
        matrix = saturation * torch.eye(3, device=self.device) + (1 - saturation) * weights
        matrix = matrix * self._even(0.7, 1.3, count, 1, 1) * self._even(0.94, 1.06, count, 3, 1)
        shift = self._even(-25, 25, count, 3, 1).mean(1, keepdim=True) + MIDDLE
        return torch.baddbmm(shift.expand(-1, 3, 1), matrix, x.flatten(2) - MIDDLE).view_as(x)

    def _cut_holes(self, x: torch.Tensor) -> torch.Tensor:
        """Covers a grey rectangle in some pictures."""
        size = x.shape[-1]
        place = torch.arange(size, device=self.device)
        inside = [((place - size * self._even(0, 1, len(x), 1)).abs() < size * self._even(0.08, 0.25, len(x), 1))
                  for _ in range(2)]
        hole = inside[0][:, :, None] & inside[1][:, None, :] & (self._chance(self.holes, len(x), 1, 1) > 0)
        return x.masked_fill(hole[:, None], MIDDLE)

    def look(self, pictures: torch.Tensor, size: int) -> torch.Tensor:
        """A view of each picture: uint8 [B, S, S, 3] to the model's input [B, 3, size, size]."""
        x = planes(pictures).contiguous()
        grid = F.affine_grid(self._windows(len(x)), (len(x), 3, size, size), align_corners=False)
        x = self._tint(F.grid_sample(x, grid, padding_mode="reflection", align_corners=False))
        return normalise(self._cut_holes(x).clamp(0, 255))

    def mix(self, x: torch.Tensor):
        """CutMix (Yun et al. 2019): a rectangle of every picture comes from another one of the batch. Gives back the
        pictures, which one the other is [B], and the share of each that is still its own."""
        size = x.shape[-1]
        other = torch.randperm(len(x), generator=self.generator, device=self.device)
        part = math.sqrt(float(self._even(0, 0.6, 1)))
        side = max(1, round(part * size))
        top, left = (int(self._even(0, size - side + 1, 1)) for _ in range(2))
        mixed = x.clone(memory_format=torch.channels_last)
        mixed[:, :, top:top + side, left:left + side] = x[other, :, top:top + side, left:left + side]
        return mixed, other, 1 - (side / size) ** 2
