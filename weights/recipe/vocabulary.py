"""The lower-case WordPiece vocabulary and its tokenizer (bert-base-uncased's algorithm for the words used here)."""
import re
import unicodedata

import wordings
from scene import COLOURS, SHAPES

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP = range(4)
MAX_TOKENS = 32


def build() -> list:
    """Special tokens, then the words and marks of all wordings. No letters: a word that is not here is one [UNK],
    which disturbs a question less than a row of letters no question was trained with."""
    return SPECIAL + sorted(set(wordings.all_words()) | set(SHAPES) | set(COLOURS) | {"not", "present", "contain"})


class Tokenizer:
    def __init__(self, words: list):
        self.ids = {word: i for i, word in enumerate(words)}
        self.known = {}

    def _pieces(self, word: str) -> list:
        pieces, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self.ids:
                    break
            else:
                return [UNK]
            pieces.append(self.ids[piece])
            start = end
        return pieces

    def __call__(self, text: str) -> list:
        """Ids with [CLS] and [SEP]."""
        ids = self.known.get(text)
        if ids is None:
            plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
            ids = [i for word in re.findall(r"\w+|[^\w\s]", plain) for i in self._pieces(word)]
            ids = [CLS] + ids[:MAX_TOKENS - 2] + [SEP]
            if len(self.known) < 200_000:
                self.known[text] = ids
        return ids
