"""What the five captions of a photo agree on: facts that two people state and nobody contradicts."""
import collections

from photos.ask_setting import of_place
from photos.captions import words_of
from photos.word_lists import (ACTIONS, AMBIGUOUS_VERBS, CLOTHES, COLOURS, CROWDS, HELD, NUMERALS, PERSON_WORDS, PLACES, RIDDEN, SPORTS,
                               THINGS, WHO, singular)

MANY = 99           # more than one, nobody says how many
ADJECTIVES_AT_MOST = 3


def head_counts(words: list, kinds: dict) -> dict:
    """How many of each kind one caption tells of: {kind: count}; `kinds`: {noun in the singular: kind}."""
    counts = collections.Counter()
    last = None
    for i, word in enumerate(words):
        base, plural = singular(word)
        if base not in kinds or (i + 1 < len(words) and singular(words[i + 1])[0] in kinds and not plural):
            continue  # "a man", but not the first noun of "a baby girl"
        before = words[max(0, i - 1 - ADJECTIVES_AT_MOST):i][::-1]
        number = next((NUMERALS[w] for w in before if w in NUMERALS), None)
        if word == "couple" or plural:
            counts[kinds[base]] += number if number and number > 1 else MANY
        elif "the" in before[:2] and last == base or "of" in before[:1]:
            continue  # told of before
        else:
            counts[kinds[base]] += 1
        last = base
    return counts


def agreed(votes: list, least: int = 2):
    """The one value that at least `least` captions state, if it leads by one at least; None else."""
    ranked = collections.Counter(votes).most_common(2)
    if not ranked or ranked[0][1] < least or (len(ranked) > 1 and ranked[1][1] >= ranked[0][1]):
        return None
    return ranked[0][0]


def number_agreed(captions: list, kinds: dict, spoiling: set):
    """1, 2 or 3 things of these kinds, or None."""
    votes = []
    for words in captions:
        if spoiling & set(words):
            return None
        votes.append(sum(head_counts(words, kinds).values()))
    told = [n for n in votes if n]
    exact = {n for n in told if n < MANY}
    if len(exact) != 1 or len(told) < 3:
        return None
    n = exact.pop()
    plain = sum(v == n for v in told)
    if n > 3 or plain < (4 if n == 1 else 2) or (n == 1 and len(told) != plain):
        return None
    return n


def actions_of(words: list) -> set:
    found = set()
    for i, word in enumerate(words):
        action, form = ACTIONS.get(word, (None, None))
        before = words[i - 1] if i else ""
        if action and (form == "ing" or before not in AMBIGUOUS_VERBS) and not (form == "ing" and before in ("a", "the")):
            found.add(action)
    return found


def action_agreed(captions: list):
    """What is being done: said by two captions, and by no fewer than any other."""
    counts = collections.Counter(action for words in captions for action in actions_of(words))
    ranked = counts.most_common(2)
    if not ranked or ranked[0][1] < 2 or (len(ranked) > 1 and ranked[1][1] > ranked[0][1] - 1):
        return None
    return ranked[0][0]


def colours_of(words: list) -> dict:
    """{thing: colours} of one caption; "many" where the colours of several are told."""
    found = {}
    for i, word in enumerate(words):
        base, plural = singular(word)
        if base in WHO or base not in THINGS and base not in CLOTHES:
            continue
        colours = []
        for before in reversed(words[max(0, i - 4):i]):
            if before in COLOURS:
                colours.append(COLOURS[before])
            elif before in THINGS or before in CLOTHES or before in ("in", "with", "on", "a", "the", "of", "is", "wearing"):
                break
            elif before == "and" and not colours:
                break
        if plural and base not in CLOTHES:
            colours.append("many")
        found.setdefault(base, []).extend(colours)
    return found


def colours_agreed(captions: list) -> dict:
    """{thing: colour} that two captions give it, and none another."""
    votes = collections.defaultdict(list)
    for words in captions:
        for thing, colours in colours_of(words).items():
            votes[thing].extend(colours)
    return {thing: colours[0] for thing, colours in votes.items() if len(colours) > 1 and len(set(colours)) == 1
            and colours[0] != "many"}


def after(words: list, verbs: set, nouns: dict, reach: int):
    """The first of the nouns within `reach` words after one of the verbs."""
    for i, word in enumerate(words):
        if word in verbs:
            for other in words[i + 1:i + 1 + reach]:
                if singular(other)[0] in nouns:
                    return nouns[singular(other)[0]]
    return None


def voted(captions: list, table: dict) -> dict:
    """How many captions have a word of each entry of {answer: words}."""
    return {answer: sum(bool(words & said) for said in captions) for answer, words in table.items()}


def facts_of(row: dict) -> dict:
    """All that two captions agree on, by name; what is not agreed is not there."""
    captions = [words_of(caption.lower().replace("ice cream", "icecream")) for caption in row["captions"]]
    said = [{singular(word)[0] for word in words} | set(words) for words in captions]
    facts = {}

    persons = {noun: "person" for nouns in WHO.values() for noun in nouns}
    any_person, any_dog = (sum(bool(words & kinds) for words in said) for kinds in (set(persons) | CROWDS, THINGS["dog"]))
    votes = voted(said, WHO)
    who = {kind for kind, count in votes.items() if count > 1}
    if any_person == 0 and any_dog > 2:
        facts["who"] = "dog"
        facts["nobody"] = not any(set(words) & PERSON_WORDS for words in captions)
        facts["dogs"] = number_agreed(captions, {noun: "dog" for noun in THINGS["dog"]}, {"pack", "group", "several", "other"})
    if any_person > 2 and any_dog == 0:
        facts["people"] = number_agreed(captions, persons, CROWDS)
        named = [kind for kind in ("man", "woman", "boy", "girl") if votes[kind]]
        if facts["people"] == 1 and len(named) == 1 and votes[named[0]] > 1:
            facts["who"] = named[0]
        elif facts["people"] == 1 and not named and votes["child"] > 2:
            facts["who"] = "child"
    facts["subject"] = "dog" if facts.get("who") == "dog" else "people" if any_person > 2 and any_dog == 0 else None
    facts["kinds"] = sorted(who)
    if facts["subject"]:
        facts["action"] = action_agreed(captions)
        facts["riding"] = agreed([a for words in captions if (a := after(words, {"riding", "rides", "ride"}, RIDDEN, 5))])
        facts["holding"] = agreed([a for words in captions
                                   if (a := after(words, {"holding", "holds", "carrying", "carries", "hold"}, HELD, 4))])
    if facts["subject"] == "people":
        facts["wearing"] = agreed([a for words in captions if (a := after(words, {"wearing", "wears"}, CLOTHES, 5))])
    for name, table in (("where", PLACES), ("sport", SPORTS)):
        ranked = sorted(voted(said, table).items(), key=lambda pair: -pair[1])
        if ranked[0][1] > 1 and ranked[1][1] < ranked[0][1] and (name == "where" or ranked[1][1] == 0):
            facts[name] = ranked[0][0]
    facts["setting"] = of_place(facts.get("where"))
    facts["colours"] = colours_agreed(captions)
    facts["there"] = [thing for thing, words in THINGS.items() if sum(bool(words & s) for s in said) > 1]
    facts["words"] = sorted(set().union(*said))
    return {name: value for name, value in facts.items() if value}
