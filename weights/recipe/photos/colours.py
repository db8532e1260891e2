"""The colour that a thing plainly has, measured in a photo; most photos leave it unsure."""
import json
from pathlib import Path

import numpy as np

from photos.pictures import load

NAMES = ["black", "white", "gray", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown"]
# colour: hue from, to in degrees, chroma from, to, lightness from, to, of CIE Lab; between the ranges nothing has a name
RANGES = {
    "red": (18, 44, 38, 200, 22, 62), "orange": (48, 70, 48, 200, 52, 82), "yellow": (80, 106, 38, 200, 62, 100),
    "green": (116, 178, 16, 200, 18, 88), "blue": (230, 300, 16, 200, 18, 82), "purple": (305, 334, 18, 200, 15, 62),
    "pink": (336, 382, 18, 70, 58, 90), "brown": (38, 78, 12, 42, 16, 48),
}
BLACK, WHITE, GRAY = (0, 22, 9), (82, 100, 7), (38, 72, 5)   # lightness from, to, largest chroma
SHARE, RUNNER_UP = 0.55, 0.18   # of the region, that the colour must have at least, and the next one at most
AROUND = 0.25                   # of what is around it, that may have the colour too
APART = 14.0                    # distance in Lab of the region's median from that of what is around it


def to_lab(rgb: np.ndarray) -> np.ndarray:
    """sRGB uint8 [..., 3] to CIE Lab (D65)."""
    c = rgb / 255.0
    linear = np.where(c > 0.04045, ((c + 0.055) / 1.055) ** 2.4, c / 12.92)
    xyz = linear @ np.array([[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]])
    f = np.cbrt(xyz / [0.9505, 1.0, 1.089])
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def name_colours(lab: np.ndarray) -> np.ndarray:
    """Index into NAMES for each colour, -1 where it has no plain name."""
    light, chroma = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    names = np.full(light.shape, -1)
    for k, (low, high, most) in enumerate((BLACK, WHITE, GRAY)):
        names[(light >= low) & (light <= high) & (chroma <= most)] = k
    for name, (h0, h1, c0, c1, l0, l1) in RANGES.items():
        turned = (hue - h0) % 360 <= h1 - h0
        names[turned & (chroma >= c0) & (chroma <= c1) & (light >= l0) & (light <= l1)] = NAMES.index(name)
    return names


def plain_colour(picture: np.ndarray, box: tuple):
    """The one colour of the thing inside the box (fractions of the sides), or None where that is not sure."""
    side = len(picture)
    x0, y0, x1, y1 = (side * v for v in box)
    if x1 - x0 < 8 or y1 - y0 < 8:
        return None
    y, x = np.mgrid[:side, :side] + 0.5
    off = ((x - (x0 + x1) / 2) / (0.32 * (x1 - x0))) ** 2 + ((y - (y0 + y1) / 2) / (0.32 * (y1 - y0))) ** 2
    inside, outside = off < 1, (x < x0) | (x > x1) | (y < y0) | (y > y1)
    if inside.sum() < 60 or outside.sum() < 0.06 * side * side:
        return None
    lab = to_lab(picture)
    if np.linalg.norm(np.median(lab[inside], 0) - np.median(lab[outside], 0)) < APART:
        return None
    shares, around = (np.bincount(name_colours(lab[part]) + 1, minlength=len(NAMES) + 1)[1:] / part.sum() for part in (inside, outside))
    first, second = np.argsort(-shares)[:2]
    return NAMES[first] if shares[first] >= SHARE and shares[second] <= RUNNER_UP and around[first] <= AROUND else None


def measured(work: Path, source: str) -> list:
    """The plain colour or None for every row of a source; kept in a file between runs."""
    file = work / f"{source}-colours.json"
    if not file.exists():
        pictures, rows = load(work, source)
        side = pictures.shape[1]
        boxes = [np.array(row.get("box", (0.1 * side, 0.1 * side, 0.9 * side, 0.9 * side))) / side for row in rows]
        file.write_text(json.dumps([plain_colour(picture, box) for picture, box in zip(pictures, boxes)]))
    return json.loads(file.read_text())
