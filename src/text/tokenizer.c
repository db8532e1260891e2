#include "text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "core/build.h"
#include "text/bpe.h"
#include "text/wordpiece.h"

struct tokenizer {
    wordpiece *wordpiece; /* one of the two */
    bpe *bpe;
};

/* "BertTokenizer" and "BertTokenizerFast" are the same. */
static bool is_kind(const char *kind, const char *name)
{
    size_t length = strlen(name);
    return strncmp(kind, name, length) == 0 &&
           (kind[length] == 0 || strcmp(kind + length, "Fast") == 0);
}

static bool open_bpe(tokenizer *t, const char *kind, const char *vocab, const char *merges,
                     error *err)
{
    if (!merges || merges[strspn(merges, " \r\n")] == 0)
        return fail(err, "the tokenizer '%s' has no \"merges\"", kind);
    bpe_rules rules = is_kind(kind, "CLIPTokenizer") ? BPE_CLIP : BPE_GPT2;
    return bpe_new(&t->bpe, vocab, strlen(vocab), merges, strlen(merges), rules, err);
}

bool tokenizer_new(tokenizer **out, const char *kind, const char *vocab, const char *merges,
                   bool lower_case, error *err)
{
    *out = NULL;
    tokenizer *t = calloc(1, sizeof *t);
    bool ok;
    if (!t)
        ok = fail_memory(err, "not enough memory for the tokenizer");
    else if (is_kind(kind, "BertTokenizer"))
        ok = wordpiece_new(&t->wordpiece, vocab, strlen(vocab), lower_case, err);
    else if (is_kind(kind, "CLIPTokenizer") || is_kind(kind, "GPT2Tokenizer") ||
             is_kind(kind, "WhisperTokenizer"))
        ok = VQA_FULL ? open_bpe(t, kind, vocab, merges, err) : fail_build(err, "the tokenizer");
    else
        ok = fail(err,
                  "the tokenizer '%s' is not supported (supported: BertTokenizer, CLIPTokenizer, "
                  "GPT2Tokenizer, WhisperTokenizer)",
                  kind);
    if (ok)
        *out = t;
    else
        tokenizer_free(t);
    return ok;
}

void tokenizer_free(tokenizer *t)
{
    if (!t) return;
    wordpiece_free(t->wordpiece);
    if (VQA_FULL) bpe_free(t->bpe);
    free(t);
}

int tokenizer_size(const tokenizer *t)
{
    return VQA_FULL && t->bpe ? bpe_size(t->bpe) : wordpiece_size(t->wordpiece);
}

int tokenizer_encode(const tokenizer *t, const char *text, size_t size, int *ids, int max_length)
{
    return VQA_FULL && t->bpe ? bpe_encode(t->bpe, text, size, ids, max_length)
                              : wordpiece_encode(t->wordpiece, text, size, ids, max_length);
}

text_state tokenizer_state(const tokenizer *t, const int *ids, int count)
{
    int around = VQA_FULL && t->bpe && bpe_id(t->bpe, BPE_START) < 0 ? 0 : 1,
        unknown = VQA_FULL && t->bpe ? bpe_id(t->bpe, BPE_END)
                                     : wordpiece_id(t->wordpiece, WORDPIECE_UNK);
    if (count <= 2 * around) return TEXT_EMPTY;
    for (int i = around; i < count - around; i++)
        if (ids[i] != unknown) return TEXT_KNOWN;
    return TEXT_UNKNOWN;
}

char *tokenizer_decode(const tokenizer *t, const int *ids, int count, size_t *size)
{
    return VQA_FULL && t->bpe ? bpe_decode(t->bpe, ids, count, true, size) : NULL;
}
