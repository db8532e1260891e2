/* The metric of VQA v2. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "format/json.h"
#include "tools/vqav2.h"

enum { MOST_PEOPLE = 100 };

static const char punctuation[] = ";/[]\"{}()=+\\_-><@`,?!";
static const char *const articles[] = { "a", "an", "the", NULL };
static const char *const numbers[][2] = {
    { "none", "0" },  { "zero", "0" },  { "one", "1" },  { "two", "2" },
    { "three", "3" }, { "four", "4" },  { "five", "5" }, { "six", "6" },
    { "seven", "7" }, { "eight", "8" }, { "nine", "9" }, { "ten", "10" },
};

/* Of these one apostrophe may be missing. */
static const char *const contractions[] = {
    "ain't",          "aren't",       "can't",        "could've",   "couldn't",      "couldn't've",
    "didn't",         "doesn't",      "don't",        "hadn't",     "hadn't've",     "hasn't",
    "haven't",        "he'd",         "he'd've",      "he's",       "how'd",         "how'll",
    "how's",          "isn't",        "it'd",         "it'd've",    "it'll",         "ma'am",
    "mightn't",       "mightn't've",  "might've",     "mustn't",    "must've",       "needn't",
    "not've",         "o'clock",      "oughtn't",     "'ow's'at",   "shan't",        "she'd've",
    "should've",      "shouldn't",    "shouldn't've", "somebody'd", "somebody'd've", "somebody'll",
    "somebody's",     "someone'd",    "someone'd've", "someone'll", "someone's",     "something'd",
    "something'd've", "something'll", "that's",       "there'd",    "there'd've",    "there're",
    "there's",        "they'd",       "they'd've",    "they'll",    "they're",       "they've",
    "'twas",          "wasn't",       "we'd've",      "we've",      "weren't",       "what'll",
    "what're",        "what's",       "what've",      "when's",     "where'd",       "where's",
    "where've",       "who'd",        "who'd've",     "who'll",     "who's",         "who've",
    "why'll",         "why're",       "why's",        "won't",      "would've",      "wouldn't",
    "wouldn't've",    "y'all",        "y'all'd've",   "y'all'll",   "you'd",         "you'd've",
    "you'll",         "you're",       "you've",       NULL,
};

static bool digit(char c) { return isdigit((unsigned char)c); }

/* Whether there is a comma between two digits. */
static bool has_digit_comma(const char *text)
{
    for (const char *c = strchr(text, ','); c; c = strchr(c + 1, ','))
        if (c > text && digit(c[-1]) && digit(c[1])) return true;
    return false;
}

/* Whether the character stands beside a space anywhere. */
static bool beside_space(const char *text, char mark)
{
    return strstr(text, (char[]){ mark, ' ', 0 }) || strstr(text, (char[]){ ' ', mark, 0 });
}

/* From `text`, whose white space is spaces, to `out`, which is no shorter. */
static void strip_punctuation(const char *text, char *out)
{
    bool joined = has_digit_comma(text);
    for (const char *c = text; *c; c++) {
        if (strchr(punctuation, *c)) {
            if (!joined && !beside_space(text, *c)) *out++ = ' ';
        } else if (*c != '.' || digit(c[1]))
            *out++ = *c;
    }
    *out = 0;
}

static bool is_article(const char *word)
{
    for (const char *const *a = articles; *a; a++)
        if (strcmp(word, *a) == 0) return true;
    return false;
}

/* The word as it is counted. */
static const char *standard(const char *word)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(word, numbers[i][0]) == 0) return numbers[i][1];
    for (const char *const *c = contractions; *c; c++) {
        size_t same = 0;
        while ((*c)[same] && (*c)[same] == word[same]) same++;
        if ((*c)[same] == '\'' && strcmp(*c + same + 1, word + same) == 0) return *c;
    }
    return word;
}

/* The text without white space around it, and that within as spaces. */
static void trim(const char *text, char out[VQAV2_ANSWER_SIZE])
{
    text += strspn(text, " \t\r\n");
    snprintf(out, VQAV2_ANSWER_SIZE, "%s", text);
    size_t size = strlen(out);
    while (size && isspace((unsigned char)out[size - 1])) out[--size] = 0;
    for (char *c = out; *c; c++)
        if (isspace((unsigned char)*c)) *c = ' ';
}

void vqav2_normalize(const char *answer, char normal[VQAV2_ANSWER_SIZE])
{
    char trimmed[VQAV2_ANSWER_SIZE], words[VQAV2_ANSWER_SIZE];
    size_t used = 0;
    trim(answer, trimmed);
    strip_punctuation(trimmed, words);
    for (char *c = words; *c; c++) *c = (char)tolower((unsigned char)*c);
    *normal = 0;
    for (char *rest, *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (is_article(word)) continue;
        used += (size_t)snprintf(normal + used, VQAV2_ANSWER_SIZE - used, "%s%s", used ? " " : "",
                                 standard(word));
        if (used >= VQAV2_ANSWER_SIZE) return;
    }
}

bool vqav2_score(const char *answer, const cJSON *annotation, double *score, error *err)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(annotation, "answers"), *item;
    int people = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0, same = 0, thirds = 0;
    bool agree = true, gave[MOST_PEOPLE] = { false };
    const char *first = json_text(cJSON_GetArrayItem(list, 0), "answer", NULL);
    char own[VQAV2_ANSWER_SIZE], theirs[VQAV2_ANSWER_SIZE];
    if (people < 1 || people > MOST_PEOPLE)
        return fail(err, "\"answers\" is not a list of 1 to %d answers", MOST_PEOPLE);
    cJSON_ArrayForEach(item, list)
    {
        const char *text = json_text(item, "answer", NULL);
        if (!text) return fail(err, "one of the \"answers\" lacks a text \"answer\"");
        agree = agree && strcmp(text, first) == 0;
    }
    vqav2_normalize(answer, own);
    int i = 0;
    cJSON_ArrayForEach(item, list)
    {
        (agree ? trim : vqav2_normalize)(json_text(item, "answer", ""), theirs);
        same += gave[i++] = strcmp(own, theirs) == 0;
    }
    for (i = 0; i < people; i++) {
        int others = same - gave[i];
        thirds += others < 3 ? others : 3;
    }
    *score = thirds / (3.0 * people);
    return true;
}
