"""Draws pictures in many styles: sizes, aspect ratios, backgrounds, fills, outlines, noise, JPEG."""
import io
import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from scene import COLOURS, sample_rgb, sample_things

SIDE = 96  # the model's input


def sample_background(rng: random.Random) -> tuple:
    """One or two colours: pale as in easy-VQA, white, gray, dark or strong."""
    kind = rng.random()
    if kind < 0.45:
        base = tuple(rng.randint(228, 255) for _ in range(3))
    elif kind < 0.58:
        base = (255, 255, 255) if rng.random() < 0.7 else (0, 0, 0)
    elif kind < 0.70:
        level = rng.randint(0, 255)
        base = tuple(min(255, max(0, level + rng.randint(-8, 8))) for _ in range(3))
    elif kind < 0.82:
        base = tuple(rng.randint(0, 70) for _ in range(3))
    elif kind < 0.90:
        base = sample_rgb(rng, rng.choice(COLOURS))
    else:
        base = tuple(rng.randint(0, 255) for _ in range(3))
    if rng.random() < 0.72:
        return (base,)
    reach = rng.choice([12, 30, 60])
    return base, tuple(min(255, max(0, c + rng.randint(-reach, reach))) for c in base)


def blend(first: Image.Image, second: Image.Image, rng: random.Random) -> Image.Image:
    """A linear or radial gradient between two flat pictures."""
    mask = Image.linear_gradient("L") if rng.random() < 0.7 else Image.radial_gradient("L")
    mask = mask.rotate(rng.choice([0, 90, 180, 270])).resize(first.size, Image.BILINEAR)
    return Image.composite(first, second, mask)


def paint_background(rng: random.Random, size: tuple, colours: tuple) -> Image.Image:
    image = Image.new("RGB", size, colours[0])
    if len(colours) == 1:
        return image
    kind = rng.random()
    if kind < 0.6:
        return blend(image, Image.new("RGB", size, colours[1]), rng)
    if kind < 0.8:  # soft blotches
        spots = np.frombuffer(rng.randbytes(36), np.uint8).reshape(6, 6)
        mask = Image.fromarray(spots).resize(size, Image.BICUBIC)
        return Image.composite(image, Image.new("RGB", size, colours[1]), mask)
    pen = ImageDraw.Draw(image)  # stripes or a grid
    step = max(3, int(size[0] * rng.uniform(0.04, 0.2)))
    line = max(1, int(step * rng.uniform(0.05, 0.5)))
    upright, level = rng.choice([(True, False), (False, True), (True, True)])
    for at in range(rng.randint(0, step), max(size), step):
        if upright:
            pen.line([(at, 0), (at, size[1])], fill=colours[1], width=line)
        if level:
            pen.line([(0, at), (size[0], at)], fill=colours[1], width=line)
    return image


def paint_thing(rng: random.Random, image: Image.Image, thing, style: dict, scale: int, backgrounds: tuple) -> None:
    """Paints one shape on a canvas `scale` times as large as the scene's."""
    points = [(x * scale, y * scale) for x, y in thing.points]
    if thing.shape == "circle":
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        box = [min(xs), min(ys), max(xs), max(ys)]
    mask = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(mask)
    extent = min(thing.half_w * image.size[0], thing.half_h * image.size[1])
    if style["outlined"]:
        least = 0.028 * max(image.size)
        line = round(max(least, extent * style["line"]))
        if thing.shape == "circle":
            pen.ellipse(box, outline=255, width=line)
        else:
            pen.line(points + points[:2], fill=255, width=line, joint="curve")
    elif thing.shape == "circle":
        pen.ellipse(box, fill=255)
    else:
        pen.polygon(points, fill=255)
    if style["shadow"]:
        shift = max(1, round(extent * 0.12))
        shadow = Image.new("RGB", image.size, tuple(int(c * 0.72) for c in backgrounds[0]))
        image.paste(shadow, (shift, shift), mask)
    paint = Image.new("RGB", image.size, thing.rgb)
    if style["shaded"]:
        paint = blend(paint, Image.new("RGB", image.size, sample_rgb(rng, thing.colour)), rng)
    image.paste(paint, (0, 0), mask)
    if style["border"] and not style["outlined"]:
        line = max(1, round(min(extent * 0.12, 0.012 * max(image.size))))
        colour = style["border_colour"] or tuple(int(c * 0.6) for c in thing.rgb)
        pen = ImageDraw.Draw(image)
        if thing.shape == "circle":
            pen.ellipse(box, outline=colour, width=line)
        else:
            pen.line(points + points[:2], fill=colour, width=line, joint="curve")


def spoil(rng: random.Random, image: Image.Image) -> Image.Image:
    """Blur, noise and JPEG as pictures in the wild have them."""
    if rng.random() < 0.08:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.012 * max(image.size))))
    if rng.random() < 0.2:
        noise = np.random.default_rng(rng.getrandbits(32)).standard_normal((image.size[1], image.size[0], 3), np.float32)
        if rng.random() < 0.5:
            noise = noise[..., :1]
        pixels = np.asarray(image, np.float32) + noise * rng.uniform(2, 22)
        image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if rng.random() < 0.3:
        data = io.BytesIO()
        image.save(data, "JPEG", quality=rng.randint(25, 95))
        image = Image.open(data).convert("RGB")
    return image


def sample_size(rng: random.Random) -> tuple:
    """Width and height; squeezed to a square later."""
    kind = rng.random()
    if kind < 0.35:
        return 64, 64
    side = rng.randint(64, 160) if kind < 0.75 else rng.randint(160, 600)
    if rng.random() < 0.5:
        return side, side
    other = max(64, min(600, int(side * rng.uniform(0.55, 1.8))))
    return side, other


def draw_scene(rng: random.Random, count: int, plain: bool = False):
    """A picture at its own size and the things in it. `plain` resembles easy-VQA."""
    size = (64, 64) if plain else sample_size(rng)
    while True:
        backgrounds = (tuple(rng.randint(228, 255) for _ in range(3)),) if plain else sample_background(rng)
        outlined = not plain and rng.random() < 0.15
        things = sample_things(rng, *size, backgrounds, count, 85.0 if outlined else 62.0)
        if things or count == 0:
            break
    scale = 1 if plain or rng.random() < 0.35 else max(1, min(4, 800 // max(size)))
    canvas = paint_background(rng, (size[0] * scale, size[1] * scale), backgrounds)
    border_colour = rng.choice([None, (0, 0, 0), (40, 40, 40), (255, 255, 255)])
    style = {
        "outlined": outlined, "line": rng.uniform(0.15, 0.4), "shaded": not plain and rng.random() < 0.15,
        "border": not plain and rng.random() < 0.2, "border_colour": border_colour,
        "shadow": not plain and not outlined and rng.random() < 0.07,
    }
    for thing in things:
        mixed = dict(style, outlined=outlined and rng.random() < 0.8)
        paint_thing(rng, canvas, thing, mixed, scale, backgrounds)
    if scale > 1:
        canvas = canvas.resize(size, rng.choice([Image.BOX, Image.BILINEAR, Image.LANCZOS]))
    return (canvas if plain else spoil(rng, canvas)), things


def to_input(image: Image.Image, side: int = SIDE) -> np.ndarray:
    """The preprocessor's resize: squeezed to side x side, bilinear with antialias."""
    return np.asarray(image.convert("RGB").resize((side, side), Image.BILINEAR))
