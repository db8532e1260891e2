#include "text/wordpiece.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text/unicode.h"
#include "text/vocabulary.h"

enum {
    WORD_MAX = 100, /* code points; a longer word is [UNK] (max_input_chars_per_word) */
    PREFIX = 2,     /* bytes of "##", which marks a piece that continues a word */
    SPECIALS = WORDPIECE_MASK + 1,
};

static const char *const special_text[SPECIALS] = { "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]" };

struct wordpiece {
    vocabulary tokens;
    int special[SPECIALS]; /* ids; -1: not there */
    bool lower_case;
};

/* Find the special tokens; only [PAD] and [MASK] may be missing. */
static bool find_specials(wordpiece *w, error *err)
{
    for (int i = 0; i < SPECIALS; i++) {
        w->special[i] = vocabulary_find(&w->tokens, special_text[i], strlen(special_text[i]));
        if (w->special[i] < 0 && i != WORDPIECE_PAD && i != WORDPIECE_MASK)
            return fail(err, "vocabulary: no token %s among %d", special_text[i], w->tokens.count);
    }
    return true;
}

bool wordpiece_new(wordpiece **out, const char *vocab, size_t size, bool lower_case, error *err)
{
    *out = NULL;
    wordpiece *w = calloc(1, sizeof *w);
    if (!w) return fail_memory(err, "tokenizer: no memory for %zu bytes", sizeof *w);
    w->lower_case = lower_case;
    if (!vocabulary_read(&w->tokens, vocab, size, err) || !find_specials(w, err)) {
        wordpiece_free(w);
        return false;
    }
    *out = w;
    return true;
}

void wordpiece_free(wordpiece *w)
{
    if (w) vocabulary_free(&w->tokens);
    free(w);
}

int wordpiece_size(const wordpiece *w) { return w->tokens.count; }

int wordpiece_id(const wordpiece *w, wordpiece_special token) { return w->special[token]; }

/* ---- text to ids ---- */

typedef struct {
    const wordpiece *w;
    int *ids; /* [room]; NULL: only count them */
    int room, count;
    uint32_t letters[WORD_MAX]; /* the word being read */
    int length;                 /* its code points, counted up to WORD_MAX + 1 */
    int fixed;                  /* letters before this one keep their place in canonical order */
} encoder;

/* What does not fit is cut off. */
static void add_id(encoder *e, int id)
{
    if (e->count >= e->room) return;
    if (e->ids) e->ids[e->count] = id;
    e->count++;
}

/* Add the pieces of the word; false when it can't be completed. */
static bool add_pieces(encoder *e)
{
    char word[PREFIX + WORD_MAX * UTF8_MAX];
    size_t size = PREFIX, at = PREFIX, prefix = 0, used = 0;
    for (int i = 0; i < e->length; i++) size += (size_t)utf8_put(e->letters[i], word + size);
    while (at < size) {
        int id = vocabulary_longest(&e->w->tokens, word + at - prefix, size - at + prefix, prefix,
                                    &used);
        if (id < 0) return false;
        add_id(e, id);
        at += used - prefix;
        prefix = PREFIX;
        memcpy(word + at - prefix, "##", PREFIX); /* over bytes that are done with */
    }
    return true;
}

static void end_word(encoder *e)
{
    int before = e->count;
    if (e->length > WORD_MAX || !add_pieces(e)) {
        e->count = before;
        add_id(e, e->w->special[WORDPIECE_UNK]);
    }
    e->length = e->fixed = 0;
}

/* Punctuation as BERT sees it: all ASCII symbols count. */
static bool is_punctuation(uint32_t c, unicode_kind kind)
{
    return kind == UNICODE_PUNCTUATION || (c >= 33 && c <= 47) || (c >= 58 && c <= 64) ||
           (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
}

/* The ideographs that the reference sets apart; not kana, not Hangul. */
static bool is_cjk(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } blocks[] = {
        { 0x4E00, 0x9FFF },   { 0x3400, 0x4DBF },   { 0x20000, 0x2A6DF }, { 0x2A700, 0x2B73F },
        { 0x2B740, 0x2B81F }, { 0x2B820, 0x2CEAF }, { 0xF900, 0xFAFF },   { 0x2F800, 0x2FA1F },
    };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (c >= blocks[i].first && c <= blocks[i].last) return true;
    return false;
}

static void add_letter(encoder *e, uint32_t c)
{
    unicode_kind kind = unicode_kind_of(c);
    if (kind == UNICODE_MARK && e->w->lower_case) {
        /* dropped before the marks are sorted: the same, but one of class 0 parts its neighbours */
        if (unicode_combining_class(c) == 0) e->fixed = e->length;
        return;
    }
    bool alone = is_punctuation(c, kind);
    if (alone) end_word(e);
    if (e->length >= WORD_MAX)
        e->length = WORD_MAX + 1;
    else if (e->w->lower_case)
        unicode_append(e->letters, e->fixed, e->length++, c);
    else
        e->letters[e->length++] = c;
    if (alone) end_word(e);
}

/* Lower-case, decompose, and add what comes out. */
static void add_folded(encoder *e, uint32_t c)
{
    uint32_t lower[UNICODE_LOWER_MAX], parts[UNICODE_DECOMPOSE_MAX];
    int n = unicode_lower(c, lower);
    for (int i = 0; i < n; i++) {
        int m = unicode_decompose(lower[i], parts);
        for (int k = 0; k < m; k++) add_letter(e, parts[k]);
    }
}

static void add_code_point(encoder *e, uint32_t c)
{
    unicode_kind kind = unicode_kind_of(c);
    if (c == UNICODE_REPLACEMENT || kind == UNICODE_CONTROL) return;
    if (kind == UNICODE_SPACE) {
        end_word(e);
        return;
    }
    bool alone = is_cjk(c);
    if (alone) end_word(e);
    if (e->w->lower_case)
        add_folded(e, c);
    else
        add_letter(e, c);
    if (alone) end_word(e);
}

/* The special token that text[0..size) starts with, or -1. */
static int special_at(const wordpiece *w, const char *text, size_t size)
{
    for (int i = 0; i < SPECIALS; i++) {
        size_t length = strlen(special_text[i]);
        if (w->special[i] < 0 || length > size) continue;
        if (!memcmp(text, special_text[i], length)) return i;
    }
    return -1;
}

/* Write the first `room` ids of a text to ids (unless it is NULL); returns how many. */
static int encode(const wordpiece *w, const char *text, size_t size, int *ids, int room)
{
    encoder e = { .w = w, .ids = ids, .room = room };
    for (size_t at = 0; at < size && e.count < room;) {
        int special = text[at] == '[' ? special_at(w, text + at, size - at) : -1;
        if (special < 0) {
            add_code_point(&e, utf8_next(text, size, &at));
        } else {
            end_word(&e);
            add_id(&e, w->special[special]);
            at += strlen(special_text[special]);
        }
    }
    end_word(&e);
    return e.count;
}

int wordpiece_encode(const wordpiece *w, const char *text, size_t size, int *ids, int max_length)
{
    assert(max_length >= 2);
    int n = 0;
    ids[n++] = w->special[WORDPIECE_CLS];
    n += encode(w, text, size, ids + n, max_length - 2);
    ids[n++] = w->special[WORDPIECE_SEP];
    return n;
}

int wordpiece_encode_pair(const wordpiece *w, const char *first, size_t first_size,
                          const char *second, size_t second_size, int *ids, int *types,
                          int max_length)
{
    assert(max_length >= 3);
    int room = max_length - 3, a = encode(w, first, first_size, NULL, room);
    int b = encode(w, second, second_size, NULL, room);
    if (a + b > room) {
        int half = room / 2, larger = room - half; /* a text of up to half the room stays whole */
        if (b <= half)
            a = room - b;
        else if (a <= larger)
            b = room - a;
        else
            a = larger, b = half;
    }
    int n = 0;
    ids[n++] = w->special[WORDPIECE_CLS];
    n += encode(w, first, first_size, ids + n, a);
    ids[n++] = w->special[WORDPIECE_SEP];
    for (int i = 0; i < n; i++) types[i] = 0;
    int start = n;
    n += encode(w, second, second_size, ids + n, b);
    ids[n++] = w->special[WORDPIECE_SEP];
    for (int i = start; i < n; i++) types[i] = 1;
    return n;
}

/* ---- ids to text ---- */

/* Replace `from` by `to`, which is not longer, all over text[0..size); returns the new size. */
static size_t replace(char *text, size_t size, const char *from, const char *to)
{
    size_t from_size = strlen(from), to_size = strlen(to), n = 0;
    for (size_t at = 0; at < size;) {
        if (size - at >= from_size && !memcmp(text + at, from, from_size)) {
            memcpy(text + n, to, to_size);
            n += to_size, at += from_size;
        } else {
            text[n++] = text[at++];
        }
    }
    return n;
}

static bool is_special(const wordpiece *w, int id)
{
    for (int i = 0; i < SPECIALS; i++)
        if (id >= 0 && id == w->special[i]) return true;
    return false;
}

/* The text of an id, not terminated; [UNK]'s for one that isn't in the vocabulary. */
static const char *token_text(const wordpiece *w, int id, size_t *size)
{
    const vocabulary *v = &w->tokens;
    if (id < 0 || id >= v->count) id = w->special[WORDPIECE_UNK];
    *size = v->start[id + 1] - v->start[id];
    return v->text + v->start[id];
}

/* The tokens with a space between, those starting with ## joined on, no space at the ends. Returns
 * the size. */
static size_t join(const wordpiece *w, const int *ids, int count, bool skip_special, char *out)
{
    size_t n = 0, size, spaces = 0;
    for (int i = 0; i < count; i++) {
        if (skip_special && is_special(w, ids[i])) continue;
        const char *token = token_text(w, ids[i], &size);
        memcpy(out + n, token, size);
        n += size;
        out[n++] = ' ';
    }
    n = replace(out, n, " ##", "");
    while (n > 0 && out[n - 1] == ' ') n--;
    while (spaces < n && out[spaces] == ' ') spaces++;
    memmove(out, out + spaces, n - spaces);
    return n - spaces;
}

/* The rules of clean_up_tokenization, in its order. */
static size_t clean_up_spaces(char *text, size_t n)
{
    static const struct {
        const char *from, *to;
    } rules[] = {
        { " .", "." },     { " ?", "?" },   { " !", "!" },   { " ,", "," },     { " ' ", "'" },
        { " n't", "n't" }, { " 'm", "'m" }, { " 's", "'s" }, { " 've", "'ve" }, { " 're", "'re" },
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        n = replace(text, n, rules[i].from, rules[i].to);
    return n;
}

char *wordpiece_decode(const wordpiece *w, const int *ids, int count, bool skip_special,
                       bool clean_up)
{
    size_t room = 1, size;
    for (int i = 0; i < count; i++) {
        token_text(w, ids[i], &size);
        if (room > SIZE_MAX - size - 1) return NULL;
        room += size + 1;
    }
    char *text = malloc(room);
    if (!text) return NULL;
    size_t n = join(w, ids, count, skip_special, text);
    if (clean_up) n = clean_up_spaces(text, n);
    text[n] = '\0';
    return text;
}
