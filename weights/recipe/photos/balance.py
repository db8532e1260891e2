"""Keeps yes and no as likely as each other, whatever the wording and the thing asked about."""
import collections
import random

OTHER = {"yes": "no", "no": "yes", "true": "false", "false": "true"}
SLACK = 3       # questions by which one answer may lead before it is held back


class Balance:
    """Turns away what would make one answer the likelier one for a question's beginning or end."""

    def __init__(self):
        self.counts = collections.Counter()

    def accepts(self, rng: random.Random, source: str, question: str, answer: str) -> bool:
        """Whether to ask this; if so it is counted."""
        if answer not in OTHER:
            return True
        words = question.lower().rstrip("?. ").split()
        keys = [(source, *words[:2]), (source, *words[:3]), (source, "", words[-1])]
        odds = min((self.counts[key, OTHER[answer]] + SLACK) / (self.counts[key, answer] + SLACK) for key in keys)
        if rng.random() >= odds:
            return False
        self.counts.update((key, answer) for key in keys)
        return True
