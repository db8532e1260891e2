#include "text/bpe.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "text/merges.h"
#include "text/unicode.h"
#include "text/vocabulary.h"
#include "text/words.h"

enum {
    BYTES = 256,
    ALPHABET_END = 0x144, /* code points of the byte alphabet are below */
    SPECIALS = BPE_END + 1,
};

static const char *const special_text[SPECIALS] = { "<|startoftext|>", "<|endoftext|>" };
static const char word_end[] = "</w>"; /* CLIP's mark */

struct bpe {
    vocabulary tokens;
    merge_table merges;
    bpe_rules rules;
    int special[SPECIALS];          /* ids; -1: not among the rules' */
    int byte_id[2][BYTES];          /* of a byte inside a word and at its end; -1: not there */
    uint16_t byte_of[ALPHABET_END]; /* character of the alphabet -> byte; BYTES: not one */
};

/* ---- making one ---- */

/* Number the alphabet: a byte that is a visible Latin-1 character is itself, the others are
 * U+0100, U+0101 and so on. Sets also the ids of these characters. */
static void fill_alphabet(bpe *b)
{
    for (int i = 0; i < ALPHABET_END; i++) b->byte_of[i] = BYTES;
    uint32_t next = BYTES;
    for (int byte = 0; byte < BYTES; byte++) {
        bool visible = (byte > 0x20 && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
        uint32_t c = visible ? (uint32_t)byte : next++;
        b->byte_of[c] = (uint16_t)byte;
        char token[UTF8_MAX + sizeof word_end];
        size_t size = (size_t)utf8_put(c, token);
        b->byte_id[false][byte] = vocabulary_find(&b->tokens, token, size);
        memcpy(token + size, word_end, strlen(word_end));
        if (b->rules == BPE_CLIP) size += strlen(word_end);
        b->byte_id[true][byte] = vocabulary_find(&b->tokens, token, size);
    }
}

static bool find_specials(bpe *b, error *err)
{
    for (int i = 0; i < SPECIALS; i++) {
        b->special[i] = -1;
        if (i == BPE_START && b->rules != BPE_CLIP) continue;
        b->special[i] = vocabulary_find(&b->tokens, special_text[i], strlen(special_text[i]));
        if (b->special[i] < 0)
            return fail(err, "vocabulary: no token %s among %d", special_text[i], b->tokens.count);
    }
    return true;
}

static bool check_doubles(const vocabulary *v, error *err)
{
    for (int i = 0; i < v->count; i++) {
        uint32_t size = v->start[i + 1] - v->start[i];
        const char *token = v->text + v->start[i];
        int last = vocabulary_find(v, token, size);
        if (last != i)
            return fail(err, "vocabulary: '%.*s' has the ids %d and %d",
                        (int)(size < 100 ? size : 100), token, i, last);
    }
    return true;
}

bool bpe_new(bpe **out, const char *vocab, size_t vocab_size, const char *merges,
             size_t merges_size, bpe_rules rules, error *err)
{
    *out = NULL;
    bpe *b = calloc(1, sizeof *b);
    if (!b) return fail_memory(err, "tokenizer: no memory for %zu bytes", sizeof *b);
    b->rules = rules;
    if (!vocabulary_read(&b->tokens, vocab, vocab_size, err) || !check_doubles(&b->tokens, err) ||
        !find_specials(b, err) || !merges_read(&b->merges, &b->tokens, merges, merges_size, err)) {
        bpe_free(b);
        return false;
    }
    fill_alphabet(b);
    *out = b;
    return true;
}

void bpe_free(bpe *b)
{
    if (!b) return;
    vocabulary_free(&b->tokens);
    merges_free(&b->merges);
    free(b);
}

int bpe_size(const bpe *b) { return b->tokens.count; }

int bpe_id(const bpe *b, bpe_special token) { return b->special[token]; }

/* ---- text to ids ---- */

static const uint64_t NO_MERGE = UINT64_MAX;

/* A piece of a word; a linked list of places in the array. */
typedef struct {
    int id, before, after; /* before: -1 for the first; after: the word's length for the last */
} symbol;

typedef struct {
    const bpe *b;
    int *ids; /* [room] */
    int room, count;
    uint32_t *text, *spare; /* [2 * bytes of the text]: code points */
    symbol *symbols;        /* [capacity] */
    uint64_t *best;         /* [2 * capacity]: see merge_symbols() */
    size_t capacity;
} encoder;

/* What does not fit is cut off. */
static void add_id(encoder *e, int id)
{
    if (e->count < e->room) e->ids[e->count++] = id;
}

/* The merge of the symbol at `at` with the next one, rank << 32 | at: the smallest goes first. */
static uint64_t merge_at(const encoder *e, int at, int length)
{
    const symbol *s = &e->symbols[at];
    if (s->after == length) return NO_MERGE;
    int rank = merges_find(&e->b->merges, s->id, e->symbols[s->after].id);
    return rank < 0 ? NO_MERGE : (uint64_t)rank << 32 | (uint32_t)at;
}

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void set_best(encoder *e, int at, int length, uint64_t value)
{
    int i = length + at;
    for (e->best[i] = value; i > 1; i /= 2) e->best[i / 2] = smaller(e->best[i], e->best[i ^ 1]);
}

/* Merge the symbols of a word, [length], at least one. best[length + i] is the merge at symbol i,
 * best[i] the smaller one of best[2 * i] and best[2 * i + 1], so best[1] is the smallest of all. At
 * most length - 1 merges, with three changes each on the way of log2(length) up to there. */
static void merge_symbols(encoder *e, int length)
{
    for (int i = 0; i < length; i++) e->best[length + i] = merge_at(e, i, length);
    for (int i = length - 1; i > 0; i--) e->best[i] = smaller(e->best[2 * i], e->best[2 * i + 1]);
    while (e->best[1] != NO_MERGE) {
        int at = (int)(e->best[1] & INT32_MAX), rank = (int)(e->best[1] >> 32);
        symbol *s = &e->symbols[at];
        int right = s->after;
        s->id = e->b->merges.list[rank].result;
        s->after = e->symbols[right].after;
        if (s->after < length) e->symbols[s->after].before = at;
        set_best(e, right, length, NO_MERGE);
        set_best(e, at, length, merge_at(e, at, length));
        if (s->before >= 0) set_best(e, s->before, length, merge_at(e, s->before, length));
    }
}

/* Room for a word of `length` bytes. */
static bool reserve(encoder *e, size_t length)
{
    if (length <= e->capacity) return true;
    free(e->best);
    e->capacity = 0;
    e->best = malloc(length * (2 * sizeof *e->best + sizeof *e->symbols));
    if (!e->best) return false;
    e->symbols = (symbol *)(e->best + 2 * length);
    e->capacity = length;
    return true;
}

/* Add the ids of a word: [size] code points, at least one. */
static bool add_word(encoder *e, const uint32_t *word, size_t size)
{
    const bpe *b = e->b;
    if (!reserve(e, size * UTF8_MAX)) return false;
    int length = 0;
    for (size_t i = 0; i < size; i++) {
        char bytes[UTF8_MAX];
        int n = utf8_put(word[i], bytes);
        for (int k = 0; k < n; k++) {
            bool last = i == size - 1 && k == n - 1;
            int id = b->byte_id[last][(unsigned char)bytes[k]];
            if (id < 0 && b->rules != BPE_CLIP) continue;
            if (id < 0) id = b->special[BPE_END];
            e->symbols[length] = (symbol){ id, length - 1, length + 1 };
            length++;
        }
    }
    if (length == 0) return true;
    merge_symbols(e, length);
    for (int at = 0; at < length; at = e->symbols[at].after) add_id(e, e->symbols[at].id);
    return true;
}

/* Put text[0..size) into e->text as it is to be split; returns how many code points that are, no
 * more than 2 * size: one byte is one code point, two to four bytes decompose into at most four;
 * U+0130, the only one that grows in lower case, to two, was two when it was decomposed. */
static size_t read_text(encoder *e, const char *text, size_t size)
{
    size_t n = 0, lower = 0;
    if (e->b->rules != BPE_CLIP) {
        for (size_t at = 0; at < size;) e->text[n++] = utf8_next(text, size, &at);
        return n;
    }
    for (size_t at = 0; at < size;)
        n += (size_t)unicode_decompose(utf8_next(text, size, &at), e->text + n);
    n = unicode_recompose(e->text, n, e->spare);
    for (size_t i = 0; i < n; i++) lower += (size_t)unicode_lower(e->text[i], e->spare + lower);
    memcpy(e->text, e->spare, lower * sizeof *e->text);
    return lower;
}

/* Add the ids of text[0..size), code points that are split as one. */
static bool add_words(encoder *e, const uint32_t *text, size_t size)
{
    bool clip = e->b->rules == BPE_CLIP, ok = true;
    size_t length;
    for (size_t at = 0; at < size && e->count < e->room && ok; at += length) {
        length = clip ? words_clip(text + at, size - at) : words_gpt2(text + at, size - at);
        if (!clip || !unicode_is_space(text[at])) ok = add_word(e, text + at, length);
    }
    return ok;
}

/* Add the ids of text[0..size), in which there is no special token. */
static bool add_text(encoder *e, const char *text, size_t size)
{
    if (e->count == e->room) return true;
    bool digits = e->b->rules == BPE_GPT2_DIGITS, ok = true;
    size_t count = read_text(e, text, size), length;
    for (size_t at = 0; at < count && ok; at += length) {
        length = digits ? words_digit_piece(e->text + at, count - at) : count;
        ok = add_words(e, e->text + at, length);
    }
    return ok;
}

/* The special token that text[0..size) starts with, or -1. */
static int special_at(const bpe *b, const char *text, size_t size)
{
    for (int i = 0; i < SPECIALS; i++) {
        size_t length = strlen(special_text[i]);
        if (b->special[i] < 0 || length > size) continue;
        if (!memcmp(text, special_text[i], length)) return i;
    }
    return -1;
}

/* Add the ids of text[0..size), special tokens and what is between. */
static bool add_all(encoder *e, const char *text, size_t size)
{
    size_t start = 0;
    for (size_t at = 0; at < size;) {
        int special = special_at(e->b, text + at, size - at);
        if (special < 0) {
            at++;
            continue;
        }
        if (!add_text(e, text + start, at - start)) return false;
        add_id(e, e->b->special[special]);
        start = at += strlen(special_text[special]);
    }
    return add_text(e, text + start, size - start);
}

int bpe_encode(const bpe *b, const char *text, size_t size, int *ids, int max_length)
{
    assert(max_length >= 2);
    if (size > BPE_MAX_BYTES) return -1;
    bool clip = b->rules == BPE_CLIP;
    encoder e = { .b = b, .ids = ids + clip, .room = max_length - 2 * clip };
    e.text = malloc(4 * size * sizeof *e.text + 1);
    if (!e.text) return -1;
    e.spare = e.text + 2 * size;
    bool ok = add_all(&e, text, size);
    free(e.text);
    free(e.best);
    if (!ok) return -1;
    if (!clip) return e.count;
    ids[0] = b->special[BPE_START];
    ids[e.count + 1] = b->special[BPE_END];
    return e.count + 2;
}

/* ---- ids to text ---- */

/* Write the bytes that a token stands for, no more than its own; returns how many. A token with a
 * character that is not of the alphabet stands for itself. */
static size_t put_token(const bpe *b, const char *token, size_t size, char *out)
{
    size_t n = 0;
    for (size_t at = 0; at < size;) {
        uint32_t c = utf8_next(token, size, &at);
        if (c >= ALPHABET_END || b->byte_of[c] == BYTES) {
            memcpy(out, token, size);
            return size;
        }
        out[n++] = (char)b->byte_of[c];
    }
    return n;
}

/* Write the bytes of ids to `out`, unless it is NULL; returns how many, or with NULL at least as
 * many. */
static size_t put_tokens(const bpe *b, const int *ids, int count, bool skip_special, char *out)
{
    size_t n = 0;
    for (int i = 0; i < count; i++) {
        bool special = ids[i] == b->special[BPE_START] || ids[i] == b->special[BPE_END];
        if (ids[i] < 0 || ids[i] >= b->tokens.count || (special && skip_special)) continue;
        uint32_t start = b->tokens.start[ids[i]], size = b->tokens.start[ids[i] + 1] - start;
        n += out ? put_token(b, b->tokens.text + start, size, out + n) : size;
    }
    return n;
}

/* How many of text[0..size), which does not start with a code point, one U+FFFD stands for: the
 * longest start of a code point, to which bytes could be added, or else one byte. */
static size_t broken_size(const char *text, size_t size)
{
    uint32_t c;
    for (size_t n = size < UTF8_MAX - 1 ? size : UTF8_MAX - 1; n > 1; n--) {
        char whole[UTF8_MAX];
        memset(whole, 0x80, sizeof whole);
        memcpy(whole, text, n);
        if (utf8_decode(whole, sizeof whole, &c) > (int)n) return n;
    }
    return 1;
}

/* Write bytes as UTF-8, three for each at most; CLIP's marks become spaces, and white space at both
 * ends goes. Returns how many were written. */
static size_t put_text(bool clip, const char *bytes, size_t size, char *out)
{
    size_t n = 0, end = 0; /* end: behind the last character that is not white space */
    for (size_t at = 0, length; at < size; at += length) {
        uint32_t c = UNICODE_REPLACEMENT;
        length = (size_t)utf8_decode(bytes + at, size - at, &c);
        if (length == 0) length = broken_size(bytes + at, size - at);
        if (clip && c == '<' && size - at >= strlen(word_end) &&
            !memcmp(bytes + at, word_end, strlen(word_end)))
            c = ' ', length = strlen(word_end);
        bool space = unicode_is_space(c) || (c >= 0x1C && c <= 0x1F); /* as Python's strip() */
        if (clip && space && n == 0) continue;
        n += (size_t)utf8_put(c, out + n);
        if (!space) end = n;
    }
    return clip ? end : n;
}

char *bpe_decode(const bpe *b, const int *ids, int count, bool skip_special, size_t *size)
{
    size_t room = put_tokens(b, ids, count, skip_special, NULL);
    if (room > (SIZE_MAX - UTF8_MAX) / 3) return NULL;
    char *bytes = malloc(room + 1), *text = malloc(3 * room + UTF8_MAX);
    if (bytes && text) {
        size_t n = put_tokens(b, ids, count, skip_special, bytes);
        *size = put_text(b->rules == BPE_CLIP, bytes, n, text);
        text[*size] = '\0';
    } else {
        free(text);
        text = NULL;
    }
    free(bytes);
    return text;
}
