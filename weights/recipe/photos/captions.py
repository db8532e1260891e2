"""The words of captions in their base form: "dogs" is dog, "running" and "runs" are run."""
import collections
import re

IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "babies": "baby", "ladies": "lady", "feet": "foot",
    "teeth": "tooth", "geese": "goose", "leaves": "leaf", "shelves": "shelf", "knives": "knife", "ran": "run",
    "running": "run", "sat": "sit", "sitting": "sit", "stood": "stand", "lying": "lie", "laying": "lie", "lays": "lie",
    "lay": "lie", "held": "hold", "rode": "ride", "swam": "swim", "threw": "throw", "thrown": "throw", "caught": "catch",
    "grey": "gray", "bikes": "bicycle", "bike": "bicycle", "bicycles": "bicycle", "puppies": "puppy", "skis": "ski",
    "does": "do", "doing": "do", "wore": "wear", "blond": "blonde", "tyre": "tire", "buses": "bus",
}
AS_THEY_ARE = set("""
    building clothing railing painting something nothing anything evening morning wedding ring king string wing spring
    sling ceiling being swing thing during boxing surfing glasses sunglasses shorts pants jeans trunks goggles
    headphones binoculars overalls this his its is was has us as across pass grass dress toss glass bus upside
    grocery bass christmas tennis less moss cross kiss class business less bring fling sing
""".split())
EMPTY = set("""
    a an the in on is and with of to at as be by for from it its his her their this that while are was do has have into
    out up down off over through front another other one some there they he she them him who which what near next
    behind around along across onto under above between against toward towards past outside inside away back very be
    being s t each or but not no so than then about after before during both all many several few lot top side bottom
    middle edge end part piece something someone several look like try get go come take make set use appear seem can
    together upside ready way kind type very just still only also where when if while
""".split())


def words_of(caption: str) -> list:
    return re.findall(r"[a-z]+", caption.lower())


def base_form(word: str, counts: dict) -> str:
    """The base form, where that is itself a word of the captions (`counts`: how often each word is written)."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word in AS_THEY_ARE or len(word) < 4:
        return word
    candidates = []
    if word.endswith("s") and not word.endswith("ss"):
        candidates += [word[:-1]] + ([word[:-2]] if word.endswith("es") else []) + \
            ([word[:-3] + "y"] if word.endswith("ies") else [])
    if word.endswith("ing") and len(word) > 5:
        stem = word[:-3]
        candidates += ([stem[:-1]] if stem[-1] == stem[-2] and stem[-1] not in "sl" else []) + [stem, stem + "e"]
    known = [c for c in candidates if counts.get(c, 0) > 2]
    return IRREGULAR.get(known[0], known[0]) if known else word


class BaseForms:
    """Base forms of all words of many captions."""

    def __init__(self, captions: list):
        counts = collections.Counter(word for caption in captions for word in words_of(caption))
        self.known = {word: base_form(word, counts) for word in counts}

    def __call__(self, caption: str) -> list:
        return [self.known.get(word, word) for word in words_of(caption)]
