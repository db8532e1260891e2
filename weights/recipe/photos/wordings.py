"""How people write: questions with and without capitals and question mark, abbreviations, small typos."""
import random
import re

IMAGES = ["image", "picture", "photo", "picture", "photo"]
SPELLINGS = {"color": "colour", "colors": "colours", "gray": "grey", "bicycle": "bike", "what is": "what's",
             "where is": "where's", "how many": "how many"}
KEYS = ["qwertyuiop", "asdfghjkl", "zxcvbnm"]
VOWELS_SPOKEN = re.compile(r"\b([aA]) (?=[aeio]|umb)")


def article(noun: str) -> str:
    """a or an, or nothing before a plural or a substance."""
    if noun in MASS or noun in PLURALS:
        return noun
    return ("an " if noun[0] in "aeio" or noun.startswith("umb") else "a ") + noun


MASS = {"food", "clothing", "furniture", "nature", "grass", "snow", "water", "sand", "dirt", "mud", "ice", "electronics", "sports",
        "guacamole", "mashed potato", "meat loaf", "ice cream", "coffee", "swimwear", "outwear", "sports equipment", "bread"}
PLURALS = {"glasses", "sunglasses", "binoculars", "swimming trunks", "pants", "shorts", "shoes", "buildings", "jeans", "goggles",
           "boots", "gloves", "headphones"}


def be(noun: str) -> str:
    """is or are."""
    return "are" if noun in PLURALS else "is"


def typo(rng: random.Random, text: str) -> str:
    """One slip of the fingers inside a word: a letter left out, doubled, swapped with its neighbour, or the key beside it."""
    at = [i for i in range(1, len(text) - 1) if text[i - 1:i + 2].isalpha()]
    if not at:
        return text
    i = rng.choice(at)
    kind = rng.random()
    if kind < 0.3:
        return text[:i] + text[i + 1:]
    if kind < 0.5:
        return text[:i] + text[i] + text[i:]
    if kind < 0.8:
        return text[:i] + text[i + 1] + text[i] + text[i + 2:]
    row = next((row for row in KEYS if text[i] in row), None)
    if row is None:
        return text
    k = row.index(text[i])
    return text[:i] + row[k - 1 if k else 1] + text[i + 1:]


def vary(rng: random.Random, text: str) -> str:
    """A question as somebody would type it."""
    for word, other in SPELLINGS.items():
        if word in text and rng.random() < 0.3:
            text = re.sub(rf"\b{word}\b", other, text)
    text = VOWELS_SPOKEN.sub(r"\1n ", text)
    if rng.random() < 0.04:
        text = re.sub(r" (a|an|the) ", " ", text)
    if rng.random() < 0.05:
        text = typo(rng, text)
    if rng.random() < 0.4:
        text = text[0].upper() + text[1:]
    return text + "?" if rng.random() < 0.7 else text


def say(rng: random.Random, templates: list, **slots) -> str:
    """One of the templates, filled in: {img} is image, picture or photo, {a} the noun n with its article, {be} is or are."""
    n = slots.get("n", "")
    return rng.choice(templates).format(img=rng.choice(IMAGES), a=article(n) if n else "", be=be(n), **slots)


EITHER = ["is this {x} or {y}", "is it {x} or {y}", "{x} or {y}", "what is this , {x} or {y}", "is that {x} or {y}"]


def either(rng: random.Random, true: str, false: str, templates: list = EITHER) -> str:
    """Which of two it is."""
    x, y = (true, false) if rng.random() < 0.5 else (false, true)
    return rng.choice(templates).format(x=x, y=y)


def yes_no(value: bool) -> str:
    return "yes" if value else "no"
