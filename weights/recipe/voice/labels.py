"""What a question sounds like, for the helper losses: its words, spellings made one, and their phonemes."""
import re
import subprocess

from vocabulary import Tokenizer

SAME_SOUND = {"colour": "color", "grey": "gray", "1": "one", "2": "two", "3": "three", "4": "four", "5": "five"}


class Labels:
    """CTC labels; 0 is the blank."""

    def __init__(self, words: list):
        self.tokenizer = Tokenizer(words)
        spoken = [word for word in words if re.fullmatch(r"\w+", word)]
        kept = sorted({SAME_SOUND.get(word, word) for word in spoken})
        self.word_ids = {word: 1 + k for k, word in enumerate(kept)}
        said = subprocess.run(["espeak-ng", "-q", "-x", "--sep= ", "-v", "en-us"], input="\n\n".join(kept), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout.split("\n")
        pieces = [[p.strip("',%=:") for p in re.split(r"[ _]+", line.strip())] for line in said if line.strip()]
        assert len(pieces) == len(kept), "espeak-ng names the phonemes of every word"
        phonemes = sorted({p for row in pieces for p in row if p})
        self.phonemes = {word: [1 + phonemes.index(p) for p in row if p] for word, row in zip(kept, pieces)}
        self.phonemes["s"] = [1 + phonemes.index("z")]  # of "what's"
        self.word_count, self.phoneme_count = 1 + len(kept), 1 + len(phonemes)

    def __call__(self, question: str):
        """Word ids and phoneme ids."""
        words = [SAME_SOUND.get(w, w) for w in re.findall(r"\w+", question.replace("'s", " s"))]
        words = [w for w in words if w in self.word_ids]
        return [self.word_ids[w] for w in words], [p for w in words for p in self.phonemes[w]]
