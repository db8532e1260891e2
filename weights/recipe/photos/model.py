"""The model for photos: BERT, a ResNet trunk with a light ViT on its cells, and a token transformer that joins them."""
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

import model
from model import EPS, Names, PreNormBlock, look_at_likes, plane_codes
from quantize import Arithmetic


@dataclass
class Config(model.Config):
    hidden: int = 192
    heads: int = 6
    image_size: int = 128
    patch_size: int = 16  # pixels between two cells of the trunk
    image_layers: int = 2
    image_intermediate: int = 384
    text_intermediate: int = 384
    fusion_intermediate: int = 384
    stem: int = 32
    widths: tuple = (64, 128, 320)
    depths: tuple = (2, 2, 2)


def convolve(conv: nn.Conv2d, norm: nn.BatchNorm2d, x, positive=True):
    """A convolution and the batch norm behind it; with the engine's arithmetic they are one product."""
    if not Arithmetic.quantized:
        return norm(conv(x))
    factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return Arithmetic.conv(x, conv.weight * factor[:, None, None, None], norm.bias - norm.running_mean * factor,
                           conv.stride[0], conv.padding[0], positive)


class ResidualBlock(nn.Module):
    """torchvision's BasicBlock."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        if stride > 1 or inputs != outputs:
            self.downsample = nn.ModuleList([nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)])
        else:
            self.downsample = None

    def forward(self, x):
        around = x if self.downsample is None else convolve(*self.downsample, x)
        inner = F.relu(convolve(self.conv1, self.bn1, x), inplace=True)
        return F.relu(convolve(self.conv2, self.bn2, inner) + around, inplace=True)


class Trunk(nn.Module):
    """torchvision's ResNet without its last stages."""

    def __init__(self, c: Config):
        super().__init__()
        self.conv1 = nn.Conv2d(3, c.stem, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(c.stem)
        self.stages, inputs = len(c.depths), c.stem
        for stage, (width, depth) in enumerate(zip(c.widths, c.depths), 1):
            blocks = []
            for k in range(depth):
                blocks.append(ResidualBlock(inputs, width, 2 if stage > 1 and k == 0 else 1))
                inputs = width
            self.add_module(f"layer{stage}", nn.ModuleList(blocks))

    def forward(self, pixels):
        """pixels [B, 3, S, S], normalised -> cells [B, C, S / 16, S / 16], not negative."""
        x = F.relu(convolve(self.conv1, self.bn1, pixels, positive=False), inplace=True)
        x = F.max_pool2d(x, 3, 2, 1)
        for stage in range(1, self.stages + 1):
            for block in getattr(self, f"layer{stage}"):
                x = block(x)
        return x

    def start(self):
        """He's random numbers; every block starts as nothing but the way around it."""
        for part in self.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(part, ResidualBlock):
                nn.init.zeros_(part.bn2.weight)


class HybridEncoder(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.embeddings = Names(patch_embeddings=Names(
            backbone=Trunk(c), projection=nn.Conv2d(c.widths[-1], c.hidden, 1)))
        self.embeddings.cls_token = nn.Parameter(torch.zeros(1, 1, c.hidden))
        self.embeddings.position_embeddings = nn.Parameter(
            torch.zeros(1, (c.image_size // c.patch_size) ** 2 + 1, c.hidden))
        self.encoder = Names(layer=nn.ModuleList(
            PreNormBlock(c.hidden, c.image_intermediate, c.heads) for _ in range(c.image_layers)))
        self.layernorm = nn.LayerNorm(c.hidden, EPS)

    def positions(self, grid: int):
        """The position embeddings of [CLS] and of grid x grid cells, [1, 1 + grid * grid, H]."""
        known = self.embeddings.position_embeddings
        side = math.isqrt(known.shape[1] - 1)
        if grid == side:
            return known
        plane = known[:, 1:].transpose(1, 2).unflatten(2, (side, side))
        plane = F.interpolate(plane, (grid, grid), mode="bicubic", align_corners=False)
        return torch.cat([known[:, :1], plane.flatten(2).transpose(1, 2)], 1)

    def cells(self, pixels):
        """What the trunk sees: [B, C, grid, grid]."""
        return self.embeddings.patch_embeddings.backbone(pixels)

    def rows(self, cells):
        """The ViT's rows for the trunk's cells: [B, 1 + grid * grid, H]."""
        projection = self.embeddings.patch_embeddings.projection
        x = Arithmetic.conv(cells, projection.weight, projection.bias, 1, 0, positive=True).flatten(2).transpose(1, 2)
        x = torch.cat([self.embeddings.cls_token.expand(len(x), -1, -1), x], 1) + self.positions(cells.shape[-1])
        for layer in self.encoder.layer:
            x = layer(x)
        return self.layernorm(x)

    def forward(self, pixels, states=None):
        return self.rows(self.cells(pixels))

    def start(self, c: Config):
        self.embeddings.patch_embeddings.backbone.start()
        for layer in self.encoder.layer:
            look_at_likes(layer)
        self.embeddings.position_embeddings.data.copy_(0.3 * plane_codes(c.image_size // c.patch_size, c.hidden))


class PhotoModel(model.Model):
    picture_encoder = HybridEncoder
