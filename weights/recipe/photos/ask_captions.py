"""Questions about photos with captions, from the facts that their writers agree on (see facts.py)."""
import collections
import random

from photos.ask_setting import ask_setting
from photos.facts import facts_of
from photos.pictures import indices, load
from photos.word_lists import ALWAYS_UNSURE, PERHAPS, SPORTS, THINGS, UNSURE
from photos.wordings import say, vary, yes_no

HOW_MANY = {
    "people": ["how many people are there", "how many people are in the {img}", "how many people do you see", "number of people",
               "how many persons are there", "how many people can you see", "how many people are visible",
               "what is the number of people", "count the people", "how many people does the {img} show", "how many humans are there",
               "how many people"],
    "dogs": ["how many dogs are there", "how many dogs are in the {img}", "how many dogs do you see", "how many dogs can you see",
             "number of dogs", "count the dogs", "how many dogs are visible", "how many animals are there"],
}
DOING = ["what is {s} doing", "what is {s} doing in the {img}", "what is {s} doing here", "what does {s} do", "what's {s} doing",
         "what action is {s} doing", "what is {s} busy with", "which activity is {s} doing", "what is {s} up to"]
DOING_MANY = ["what are {s} doing", "what are {s} doing in the {img}", "what are {s} doing here", "what are {s} up to"]
ACTIVITY = ["what is happening", "what is going on", "what activity is shown", "what is the activity", "what action is shown",
            "what is happening in the {img}", "what is being done"]
IS_DOING = ["is {s} {g}", "is {s} {g} in the {img}", "do you see {s} {g}"]
IS_DOING_MANY = ["are {s} {g}", "are {s} {g} in the {img}"]
WHO = ["who is in the {img}", "who is this", "who do you see", "who is it", "who can be seen", "who is shown",
       "is it a man , a woman , a boy or a girl"]
WHO_DOING = ["who is {g}", "who is {g} in the {img}", "who is it that is {g}"]
GENDER = ["is this {a}", "is it {a}", "is the person {a}", "is there {a}", "is {a} in the {img}"]
WHERE = ["where is {s}", "where is {s} in the {img}", "in what place is {s}", "where can {s} be seen"]
WHERE_MANY = ["where are {s}", "where are {s} in the {img}"]
WHERE_THIS = ["where was this {img} taken", "what is the place", "where is this", "what is the setting"]
COLOUR = ["what color is the {n}", "what is the color of the {n}", "which color is the {n}", "what color does the {n} have",
          "the {n} is what color", "what color is the {n} in the {img}", "color of the {n}", "what color is that {n}",
          "what color's the {n}", "which color does the {n} have"]
IS_COLOUR = ["is the {n} {c}", "is the color of the {n} {c}", "is the {n} in the {img} {c}", "is there a {c} {n}"]
SPORT = ["what sport is this", "what sport is being played", "what sport is shown", "which sport is it", "what game is being played",
         "what kind of sport is in the {img}", "what sport do you see", "what sport are they doing", "which sport is this"]
IS_SPORT = ["is this {p}", "is the sport {p}", "is it {p}", "does the {img} show {p}"]
RIDING = ["what is {s} riding", "what is {s} riding on", "what does {s} ride"]
HOLDING = ["what is {s} holding", "what does {s} hold", "what is {s} carrying", "what is in the hand of {s}"]
WEARING = ["what is {s} wearing", "what does {s} wear", "what is {s} wearing in the {img}"]
IS_THERE = ["is there {a}", "is there {a} in the {img}", "can you see {a}", "do you see {a}", "does the {img} contain {a}",
            "is {a} visible", "is {a} in the {img}", "does the {img} show {a}", "is there {a} here", "is there any {n}",
            "can {a} be seen", "does the {img} have {a}"]
SUBJECTS = {
    "man": ["the man", "he", "the man", "the person", "this man", "the guy"],
    "woman": ["the woman", "she", "the woman", "the person", "this woman", "the lady"],
    "boy": ["the boy", "he", "the boy", "the child", "this boy"], "girl": ["the girl", "she", "the girl", "the child", "this girl"],
    "child": ["the child", "the kid", "this child"], "dog": ["the dog", "it", "the dog", "the animal", "this dog", "the pet"],
}
TINTS_ALIKE = [{"tan", "brown"}, {"orange", "red"}, {"orange", "yellow"}]
SKILLS = {"people": 6, "action": 5, "colour": 2, "exists": 1, "caption": 2}    # how often each is tried


class Captioned:
    """Flickr8k's photos."""
    smallest_crop = 0.85

    def __init__(self, work, split: str):
        self.pictures, rows = load(work, "flickr8k")
        self.indices = indices(rows, split)
        wanted = set(self.indices.tolist())
        self.rows = [facts_of(row) if i in wanted else None for i, row in enumerate(rows)]
        seen = [self.rows[i] for i in self.indices]
        self.shares = {fact: collections.Counter(f[fact] for f in seen if fact in f)
                       for fact in ("action", "sport", "people", "dogs", "where", "who")}
        self.there = collections.Counter(thing for f in seen for thing in f.get("there", []))
        self.tints = collections.Counter(c for f in seen for c in f.get("colours", {}).values())
        self.absent = {thing: sum(self.surely_absent(f, thing) for f in seen) / len(seen) for thing in THINGS}

    def ask(self, rng: random.Random, facts: dict, skill: str = None):
        """(question, answer, skill), or None where this photo has no such question."""
        skill = skill or rng.choices(list(SKILLS), list(SKILLS.values()))[0]
        asked = getattr(self, "_" + skill)(rng, facts)
        return asked and (vary(rng, asked[0]), asked[1], skill)

    def _capped(self, rng, fact: str, answer, times: float) -> bool:
        """Whether to leave this answer out, so that none is asked for more often than `times` the mean of the frequent ones."""
        frequent = [n for _, n in self.shares[fact].most_common(12)]
        return rng.random() > times * sum(frequent) / len(frequent) / self.shares[fact][answer]

    def _people(self, rng, f, fact: str = "people"):
        if fact not in f or rng.random() > 3 * self.shares[fact][3] / self.shares[fact][f[fact]]:
            return None
        return say(rng, HOW_MANY[fact]), str(f[fact])

    def _subject(self, rng, f):
        """How the one who does it is called, and whether these are several."""
        if f.get("who") == "dog":
            return ("the dogs", True) if f.get("dogs", 0) > 1 else (rng.choice(SUBJECTS["dog"]), False) if "dogs" in f else (None, False)
        if f.get("people", 0) > 1:
            return rng.choice(["they", "the people", "these people", "the people"]), True
        if "people" not in f:
            return None, False
        return (rng.choice(SUBJECTS[f["who"]]), False) if "who" in f else ("the person", False)

    def _action(self, rng, f):
        action = f.get("action")
        who, several = self._subject(rng, f) if action else (None, False)
        if not who or self._capped(rng, "action", action, 1.2):
            return None
        roll = rng.random()
        if roll < 0.1:
            return say(rng, ACTIVITY), action
        return say(rng, DOING_MANY if several else DOING, s=who), action

    def _colour(self, rng, f):
        if "colours" not in f:
            return None
        thing = rng.choice(sorted(f["colours"]))
        return say(rng, COLOUR, n=thing), f["colours"][thing]

    def surely_absent(self, f, thing) -> bool:
        words = set(f["words"])
        return not (words & THINGS[thing] or words & PERHAPS.get(thing, set()) or thing in words)

    def _exists(self, rng, f):
        if rng.random() < 0.5:
            if not f.get("there"):
                return None
            thing = rng.choices(f["there"], [1 / self.there[t] ** 0.4 for t in f["there"]])[0]
            return say(rng, IS_THERE, n=thing), "yes"
        absent = [thing for thing in self.there if self.surely_absent(f, thing)]
        if not absent:
            return None
        thing = rng.choices(absent, [self.there[t] ** 0.6 / max(self.absent[t], 0.02) for t in absent])[0]
        return say(rng, IS_THERE, n=thing), "no"

    def _caption(self, rng, f):
        """Who, where, which sport; what is ridden, held, worn; whether it is so."""
        who, several = self._subject(rng, f)
        kinds = [k for k in ("who", "where", "sport", "riding", "holding", "wearing", "action", "colours", "dogs", "setting", "nobody") if k in f]
        if not kinds:
            return None
        kind = rng.choice(kinds)
        if kind == "who":
            return self._who(rng, f)
        if kind == "setting":
            return self._setting(rng, f)
        if kind == "nobody":
            return (say(rng, HOW_MANY["people"]), "0") if rng.random() < 0.3 else None
        if kind == "dogs":
            return self._people(rng, f, "dogs")
        if kind == "where":
            if self._capped(rng, "where", f["where"], 1.0):
                return None
            if not who or rng.random() < 0.3:
                return say(rng, WHERE_THIS), f["where"]
            return say(rng, WHERE_MANY if several else WHERE, s=who), f["where"]
        if kind == "sport":
            if rng.random() < 0.6:
                return say(rng, SPORT), f["sport"]
            there = rng.random() < 0.5
            others = [s for s in SPORTS if s != f["sport"]]
            return say(rng, IS_SPORT, p=f["sport"] if there else rng.choice(others)), yes_no(there)
        if kind == "action":
            return self._is_doing(rng, f, who, several)
        if kind == "colours":
            thing, there = rng.choice(sorted(f["colours"])), rng.random() < 0.5
            true = f["colours"][thing]
            others = [c for c in self.tints if c != true and {c, true} not in TINTS_ALIKE]
            shown = true if there else rng.choices(others, [self.tints[c] for c in others])[0]
            return say(rng, IS_COLOUR, n=thing, c=shown), yes_no(there)
        if not who or several:
            return None
        return say(rng, {"riding": RIDING, "holding": HOLDING, "wearing": WEARING}[kind], s=who), f[kind]

    def _setting(self, rng, f):
        return ask_setting(rng, f["setting"]) if "setting" in f else None

    def _who(self, rng, f):
        if self._capped(rng, "who", f["who"], 1.0):
            return None
        if f["who"] in ("man", "woman", "boy", "girl") and rng.random() < 0.45:
            there = rng.random() < 0.5
            other = {"man": "woman", "woman": "man", "boy": "girl", "girl": "boy"}[f["who"]]
            return say(rng, GENDER, n=f["who"] if there else other), yes_no(there)
        if "action" in f and rng.random() < 0.4:
            return say(rng, WHO_DOING, g=f["action"]), f["who"]
        return (say(rng, WHO), f["who"]) if f["who"] != "dog" else None

    def _is_doing(self, rng, f, who, several):
        if not who:
            return None
        there = rng.random() < 0.5
        action = f["action"]
        if not there:
            others = [a for a in self.shares["action"] if a != action and a not in UNSURE.get(action, "").split() and a not in ALWAYS_UNSURE]
            action = rng.choices(others, [self.shares["action"][a] for a in others])[0]
        elif action in ALWAYS_UNSURE:
            return None
        return say(rng, IS_DOING_MANY if several else IS_DOING, s=who, g=action), yes_no(there)
