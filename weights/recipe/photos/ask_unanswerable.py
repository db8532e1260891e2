"""Questions that the picture doesn't answer: whoever is asked them should be "not sure".

Some no picture of this kind answers (names, writing, reasons, feelings, small talk); others suppose what is not there.
"""
import random

from photos.ask_things import surely_not
from photos.wordings import say, vary
from photos.word_lists import THINGS

ANSWER = "unanswerable"     # which is on no list of answers
OPEN = [
    "what is the name of this person", "what is {s} called by friends", "who took this {img}", "who made this", "who owns it",
    "when was this {img} taken", "when did this happen", "what time is it", "what year is it", "what day is it", "what month is this",
    "what date is it", "how late is it", "how long ago was this", "what is the date", "at what time was this taken",
    "why is {s} here", "why is this so", "why did this happen", "why does {s} do that", "why was this {img} taken", "why",
    "what is the reason for this", "what does the sign say", "what is written here", "what does the text say", "can you read the text",
    "what is the title", "what words are written on it", "read the label", "what letters can you see", "what number is on it",
    "how much does it cost", "what is the price", "how expensive is it", "how old is {s}", "how old is it", "what is the age of {s}",
    "how tall is {s}", "how heavy is it", "how much does it weigh", "how long is it", "how far away is it", "how fast is it",
    "how warm is it", "what is the temperature", "which country is this", "what country was this taken in", "what city is this",
    "which town is it", "what is the address", "what street is this exactly", "where does {s} live", "where was {s} born",
    "where does it come from", "where was it made", "where can i buy this", "what is {s} thinking", "what does {s} think about",
    "how does {s} feel", "what is {s} feeling", "what is {s} saying", "what did {s} say", "what is the mood of {s}", "what does {s} want",
    "what does {s} like", "what does it smell like", "what does it sound like", "how does it taste", "what does it feel like",
    "what brand is it", "which company made this", "what model is it", "what is the license plate number", "what is it made from",
    "what will happen next", "what happens next", "what happened before", "what is behind the camera", "what is outside the {img}",
    "how does it work", "how is it made", "what is it used for", "what is it good for", "how do i get there", "how do you know",
    "what language do they speak", "what job does {s} have", "what is the profession of {s}", "what is the religion of {s}",
    "which school does {s} go to", "what is the phone number", "what is the name of the dog", "what is the name of the owner",
    "what is the capital of france", "who is the president", "what is the meaning of life", "what is two plus two", "who won the game",
    "what is the score", "what is the weather tomorrow", "what is the news", "who are you", "what are you", "what is your name",
    "how are you", "hello", "hi there", "tell me a joke", "help", "thank you", "good morning", "can you help me", "what can you do",
    "write a poem", "translate this", "sing a song", "what should i do", "what do you think", "do you like it", "are you sure",
    "what is the disease", "is {s} ill", "is {s} married", "is {s} rich", "is {s} famous", "is {s} a doctor", "is it expensive",
    "is it cheap", "is it for sale", "is it from germany", "is it poisonous", "does it taste good", "does {s} like it", "is it mine",
    "is {s} lying", "is it legal", "will it rain tomorrow", "did {s} win", "has {s} been here before", "who is the winner",
    "who is the mother of {s}", "who is this celebrity", "which actor is this", "what film is this", "which song is this",
    "what happened to {s}", "how many people live here", "how many years old is it", "how many kilometers is it to the city",
    "how many calories does it have", "how many pages does it have", "how many times did this happen", "how can i cook this",
]
KEPT = 4            # every so-manieth wording is asked in tests only
SOMEBODY = ["he", "she", "the person", "this person", "the man", "the woman", "it", "they"]
FALSE = ["what color is the {n}", "what is the color of the {n}", "which color does the {n} have", "what color's the {n}", "color of the {n}"]
FALSE_KEPT = ["which color is the {n}", "the {n} is what color"]
NOBODY = ["what is {s} doing", "what is {s} wearing", "what is {s} holding", "what does {s} do", "what is {s} carrying", "who is {s}",
          "what is {s} doing in the {img}", "what is {s} looking at", "what color is {s} wearing"]
NOBODY_KEPT = ["what's {s} doing here", "what does {s} hold", "what does {s} wear"]
NO_ANIMAL = ["what is the dog doing", "what is the animal doing", "what animal is it", "what animal is this", "what breed is the dog",
             "where is the dog", "where is the cat", "what is the cat doing"]
NO_ANIMAL_KEPT = ["which animal is in the {img}", "what is the dog doing here"]
EMPTY = {"glacier", "mountain", "forest", "sea"}    # places where hardly anybody is
UNSEEN = {"glacier": "car dog cat horse house guitar bus shirt banana", "mountain": "bus guitar cat shirt banana train umbrella",
          "forest": "bus boat guitar sofa banana shirt train", "sea": "bus car guitar cat sofa banana house train",
          "street": "boat horse elephant guitar banana bed", "buildings": "boat horse elephant guitar banana bed cow"}
NOT_WORN = "car bus dog cat train boat elephant banana umbrella guitar horse flower".split()


class Unanswerable:
    """Gives questions about the pictures of the other sources."""

    def __init__(self, split: str):
        kept = split != "train"
        self.open = [text for k, text in enumerate(OPEN) if (k % KEPT == 0) == kept]
        self.false, self.nobody, self.no_animal = (FALSE_KEPT, NOBODY_KEPT, NO_ANIMAL_KEPT) if kept else (FALSE, NOBODY, NO_ANIMAL)

    def ask(self, rng: random.Random, source, about: dict):
        """A question; `about` is the row of a picture of `source`."""
        text = self._supposing(rng, source, about) if rng.random() < 0.5 else None
        return vary(rng, text or say(rng, self.open, s=rng.choice(SOMEBODY)))

    def _supposing(self, rng: random.Random, source, about: dict):
        """A question about what is not there, or None where nothing is known to be missing."""
        roll = rng.random()
        if "scene" in about:
            if about["scene"] in EMPTY and roll < 0.5:
                return self._person(rng)
            return say(rng, self.false, n=rng.choice(UNSEEN[about["scene"]].split()))
        if "kids" in about:
            return say(rng, self.no_animal) if roll < 0.3 else say(rng, self.false, n=rng.choice(NOT_WORN))
        if "name" in about and "kind" in about:
            if about["group"] in ("animal", "food", "vehicle") and roll < 0.25:
                return self._person(rng)
            other = rng.choice(list(source.labels)) if hasattr(source, "labels") else None
            return say(rng, self.false, n=other[1]) if other and surely_not(other[1], other[2], about) else None
        if "captions" not in about and "words" in about:
            absent = [thing for thing in THINGS if source.surely_absent(about, thing)]
            if "dog" in absent and "cat" in absent and roll < 0.2:
                return say(rng, self.no_animal)
            return say(rng, self.false, n=rng.choice(absent)) if absent else None
        return self._person(rng) if "things" in about and roll < 0.5 else say(rng, self.no_animal) if "things" in about else None

    def _person(self, rng: random.Random):
        return say(rng, self.nobody, s=rng.choice(["the person", "he", "she", "the man", "the woman", "the child", "the boy"]))
