"""The word list of the photo model: the words of its questions, and pieces for all others."""
import collections
import re
import string
import unicodedata

import vocabulary

ENDINGS = """s es ed er ers ing ings ly y ies est or al ion ions ment ness ful less able ish ous ive ist man men women ball board light
    house side room way work book light stick""".split()
TIMES = 3       # a word is said at least, to be known
ROWS = 4000     # at most


def words_of(text: str) -> list:
    """As the tokenizer splits a text, before pieces."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
    return re.findall(r"\w+|[^\w\s]", plain)


def build(questions) -> list:
    """Special tokens, single letters and digits alone and inside words, common endings, and the words that the questions use."""
    counts = collections.Counter(word for question in questions for word in words_of(question))
    letters = string.ascii_lowercase + string.digits
    pieces = list(letters) + ["##" + c for c in letters] + ["##" + e for e in dict.fromkeys(ENDINGS) if len(e) > 1] + list("?.,'!-/:;\"()&")
    words = [word for word, times in counts.most_common() if times >= TIMES and len(word) > 1]
    return vocabulary.SPECIAL + list(dict.fromkeys(pieces + sorted(words[:ROWS - len(pieces) - len(vocabulary.SPECIAL)])))
