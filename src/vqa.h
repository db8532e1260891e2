/* wasm-vqa: answers questions about pictures, written or spoken.
 *
 *     vqa *v = vqa_new(1);
 *     while (more bytes of the pack arrive) vqa_load(v, bytes, n);
 *     vqa_load_end(v);
 *     int picture = vqa_encode(v, jpeg, jpeg_size);            // once per picture
 *     int n = vqa_ask(v, picture, 0, "what color is it?", 17, 5); // many questions
 *     for (int i = 0; i < n; i++) print(vqa_answer_text(v, i), vqa_answer_score(v, i));
 *     vqa_free(v);
 *
 * Calls that can fail return a negative vqa_status and leave one sentence in vqa_error(v), naming
 * the thing and the value; the next good call works. A handle is used by one thread at a time. */
#ifndef VQA_H
#define VQA_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef struct vqa vqa;

typedef enum {
    VQA_OK = 0,
    VQA_BAD_MODEL = -1,    /* the model's bytes can't be used */
    VQA_BAD_PICTURE = -2,  /* the picture's bytes can't be used */
    VQA_BAD_QUESTION = -3, /* the question can't be answered */
    VQA_BAD_CALL = -4,     /* wrong order or argument: no model yet, closed picture, top_k 0 */
    VQA_NO_MEMORY = -5,    /* the memory does not suffice */
    VQA_STOPPED = -6,      /* the caller did not want it any more: vqa_stop() */
    VQA_BAD_SOUND = -7,    /* the sound's bytes can't be used */
    VQA_OTHER_BUILD = -8,  /* the model takes a full build of the runtime */
} vqa_status;

/* How weights are kept that come as floats; those of a pack that are quantized stay as they are. */
typedef enum {
    VQA_FLOAT = 0, /* as floats */
    VQA_Q8 = 1,    /* 8 bits a weight, see quant/q8.h */
    VQA_Q4 = 2,    /* 4 to 8 bits a weight, see quant/precision.h */
} vqa_precision;

enum {
    VQA_MAX_ANSWERS = 100,     /* largest top_k */
    VQA_MAX_QUESTION = 10000,  /* bytes of a question, and of one choice */
    VQA_MAX_CHOICES = 10000,   /* choices of one question */
    VQA_MAX_PIXELS = 50000000, /* width x height of a picture */
    VQA_MAX_SIDE = 32768,      /* width or height of a picture */
    VQA_MAX_SECONDS = 600,     /* of a sound */
};

/* An empty handle, or NULL without memory. Threads: 1..64 that share the work, the calling one among
 * them; builds without threads take 1. In WebAssembly others have to run them: core/thread_wasm.c. */
vqa *vqa_new(int threads);

/* Give back the handle, its model, its pictures. NULL is fine. */
void vqa_free(vqa *v);

/* Keep the weights that follow as `keep` says; VQA_FLOAT without this call. Before the first
 * byte and vqa_open_folder(), else VQA_BAD_CALL. */
int vqa_set_precision(vqa *v, vqa_precision keep);

/* A pack may have `size` bytes at most, because that is what is there: one whose header promises more is refused
 * before memory is taken for it. Before the first byte and vqa_open_folder(), else VQA_BAD_CALL. */
int vqa_set_size_limit(vqa *v, size_t size);

/* Load a folder as Hugging Face publishes models, instead of a pack. The engine says which file it
 * wants next; the caller hands it over, or says that there is none:
 *
 *     vqa_open_folder(v, "vilt-b32", 8);
 *     for (const char *name; *(name = vqa_wanted_file(v));) {
 *         while (more bytes of that file arrive) vqa_load(v, bytes, n);
 *         vqa_end_file(v, whether there was such a file);
 *     }
 *     vqa_load_end(v);
 *
 * `name` (UTF-8, `size` bytes) is what people call the model. */
int vqa_open_folder(vqa *v, const char *name, size_t size);

/* What vqa_info() and packs say about the model's licence, instead of what its files say (of a
 * folder: the line "license:" of README.md). Before vqa_load_end(). UTF-8, `size` bytes. */
int vqa_set_licence(vqa *v, const char *text, size_t size);

/* The name of the next file of the folder, such as "config.json"; "" when there is no other to
 * come, after a failure, and for a pack. Lives until the next vqa_end_file(). */
const char *vqa_wanted_file(const vqa *v);

/* The wanted file has ended (there != 0), or the folder has no such file (there == 0; fine for
 * some files, VQA_BAD_MODEL for others). */
int vqa_end_file(vqa *v, int there);

/* Take in the next `size` bytes of the pack or of the wanted file, as they arrive; the bytes stay
 * the caller's and may be reused at once. Weights go to their final place row by row: a file is
 * never held as a whole. Returns VQA_OK, VQA_BAD_MODEL, VQA_NO_MEMORY or VQA_OTHER_BUILD; after a failure load again
 * from vqa_new(). */
int vqa_load(vqa *v, const uint8_t *bytes, size_t size);

/* All bytes are there: check that nothing is missing or damaged and make the model ready. */
int vqa_load_end(vqa *v);

/* The model that is loaded, as a pack: its size in bytes (negative: a vqa_status), and its next
 * bytes, at most `size` into `bytes`; returns how many, 0 at the end (a further call starts anew).
 */
double vqa_pack_size(vqa *v);
int vqa_pack_read(vqa *v, uint8_t *bytes, size_t size);

/* Decode a JPEG or PNG file (natively also a GIF, its first frame, or a BMP), turn it upright (EXIF),
 * lay transparent pictures on white, and run the picture encoder. Returns the picture's id (> 0; ids are not used
 * again) or a negative status. The bytes stay the caller's. Give the features back with
 * vqa_close_picture(). */
int vqa_encode(vqa *v, const uint8_t *bytes, size_t size);

/* The same for pixels that are decoded already: rgba is [height, width, 4], alpha not
 * premultiplied. */
int vqa_encode_pixels(vqa *v, const uint8_t *rgba, int width, int height);

/* Give back the features of a picture. Unknown and closed ids: VQA_BAD_CALL. */
int vqa_close_picture(vqa *v, int picture);

/* Decode a WAV file and run the speech encoder (a model that transcribes keeps the spectrogram). Returns
 * the sound's id (> 0; ids are not used again) or a negative status: VQA_BAD_CALL for a model that
 * does not hear (info "hears"). The bytes stay the caller's. Give the features back with
 * vqa_close_sound(). */
int vqa_hear(vqa *v, const uint8_t *wav, size_t size);

/* The same for samples that are decoded already: one channel, -1..1, `rate` of them a second. */
int vqa_hear_samples(vqa *v, const float *samples, size_t count, int rate);

/* Give back the features of a sound. Unknown and closed ids: VQA_BAD_CALL. */
int vqa_close_sound(vqa *v, int sound);

/* Write down what is said in a sound (a model that transcribes: info "transcribes").
 *   options  "" or a JSON object, UTF-8, `size` bytes, of any of
 *     "language"           code such as "en"; without: the model's own, or what it hears
 *     "task"               "transcribe", or "translate" into English; without: the model's own
 *     "beams"              1..16 texts that are followed at once; without: 1
 *     "timestamps"         whether the times of segments are told; without: false
 *     "maxTokens"          of each 30 seconds; without: as many as the model's limit
 *     "noSpeechThreshold"  0..1, without 0.6: 30 seconds are left out if the probability of no speech is
 *                          above it and the mean log probability of their tokens is not above ...
 *     "logprobThreshold"   ... this, -100..0, without -1
 * Sounds of more than 30 seconds are written down window by window, by the model's timestamps. Returns VQA_OK,
 * VQA_BAD_CALL for a model that does something else, a closed sound and options that are not known, or
 * another status. VQA_TIME_ANSWER tells the time. */
int vqa_transcribe(vqa *v, int sound, const char *options, size_t size);

/* What the last vqa_transcribe() wrote: {"text", "language" ("en"; "" where the model knows but one),
 * "segments": [{"start", "end" (seconds), "text", "noSpeech" (probability that nobody speaks),
 * "averageLogprob", "tokens": [ids]}]}. "" before the first; lives until the next. */
const char *vqa_transcript(const vqa *v);

/* Answer a question about an encoded picture.
 *   picture   its id; 0 for none, which models take whose config says so ("absent", see README.md)
 *   sound     the id of a spoken question; 0 for none
 *   question  UTF-8, `size` bytes (at most VQA_MAX_QUESTION; 0: none in words); words beyond the model's token limit (maxTokens
 *             of vqa_info()) are not read; a question without any word the model knows is refused
 *   top_k     1..VQA_MAX_ANSWERS
 * Returns how many answers were kept, best first: at most top_k and the model's number of answers, or a
 * negative status. They live until the next vqa_ask(), vqa_choose() or vqa_free(). */
int vqa_ask(vqa *v, int picture, int sound, const char *question, size_t size, int top_k);

/* Rank the answers that the caller gives.
 *   choices  UTF-8, `choices_size` bytes: 1..VQA_MAX_CHOICES texts, each ended by a zero byte
 * A model with answers of its own ranks those of them that are given: each choice must be one, in any
 * letter case, and keeps the score that vqa_ask() gives it. A model without (info "choices":
 * "required") scores the text "question: <question> answer: <choice>", or, where the question holds
 * "{}", the question with the choice in its place ("a photo of a {}"), or, where the question is empty,
 * the choice alone; scores are probabilities over the choices.
 * None of these texts may be longer than the model reads, and each takes a run of its text encoder.
 * Otherwise as vqa_ask(). */
int vqa_choose(vqa *v, int picture, int sound, const char *question, size_t size,
               const char *choices, size_t choices_size, int top_k);

/* Answer `i` of the last vqa_ask() or vqa_choose(): its text (UTF-8; "" out of range) and its
 * score: a probability 0..1, or the predicted value of a regression head. */
const char *vqa_answer_text(vqa *v, int i);
float vqa_answer_score(const vqa *v, int i);

/* The raw outputs of the head for the last vqa_ask() or vqa_choose(): [*count], before softmax or
 * sigmoid; one for each answer of the model in the order of its labels, or where it has none of its
 * own, for each choice. Every build gives the same bits. NULL and 0 without an answer; they live as
 * long as the answers. */
const float *vqa_logits(const vqa *v, int *count);

/* Whether answers come with a heat map: off unless called. It costs time and memory only while it is
 * on, and changes no bit of the answers. Models that look at a picture once, without the question
 * (CLIP, and fusions of two [CLS] rows), make the map in vqa_encode(): turn it on before that. */
void vqa_set_explain(vqa *v, int on);

/* Where the last answer comes from: how much each patch of the picture counts for it, [*height,
 * *width] row by row, 0..1, the largest 1. It is the attention rollout (Abnar & Zuidema 2020, see
 * nn/rollout.h) from the row that the head reads to the patches, through the blocks in which words and
 * patches meet: all of ViLT's, or a fusion's of all rows. A patch's row stands for its place there,
 * whatever the picture encoder before has moved between rows; weights/recipe/README.md says what was
 * compared. Where words and patches don't meet it goes through the picture encoder's blocks, and is the
 * same for every question.
 * NULL, 0 and 0 without an answer, if explain was off, and for a picture of the latter models that was
 * encoded while it was off. Lives until the next vqa_ask(), vqa_choose() or vqa_close_picture(). */
const float *vqa_heatmap(const vqa *v, int *height, int *width);

/* Which part of the picture, upright, the heat map covers: x, y, width, height in fractions of the
 * picture, 0..1. Models crop pictures, or leave pixels over at the right and at the bottom. Zeros where
 * there is no heat map. */
void vqa_heatmap_box(const vqa *v, float box[4]);

/* A number that another thread sets to 1 to end the vqa_encode(), vqa_hear(), vqa_ask(), vqa_choose() or
 * vqa_transcribe() that is under way: between two layers it gives up and returns VQA_STOPPED. Whoever calls sets it back to 0, before. */
atomic_int *vqa_stop(vqa *v);

/* What took the last picture (the first three) or question its time. */
typedef enum {
    VQA_TIME_DECODE, /* from the bytes of a file, or from pixels, to an upright picture */
    VQA_TIME_RESIZE, /* to the pixels that the model sees */
    VQA_TIME_ENCODE, /* the picture encoder */
    VQA_TIME_ANSWER, /* from the question to answers */
    VQA_TIME_HEAR,   /* from the last sound's bytes or samples to its features */
    VQA_TIMES,
} vqa_time;

/* Milliseconds that it took; 0 before it was done, and for what is none of these. */
double vqa_milliseconds(const vqa *v, vqa_time what);

/* What was loaded, as one JSON object: "name", "licence", "architecture", "summary" (layers, sizes
 * and fusion, for people), "precision" ("f32", "q8" or "q4"), "parameters", "answers", "choices"
 * ("required" where the answers come from the caller, else "optional"), "hears" (whether it takes
 * sounds), "transcribes" (whether it writes them down), "maxTokens", "build"
 * (the instructions it is made for: "simd", "relaxed-simd" or "native"), "kernels", "threads",
 * "weightBytes", "scratchBytes" (working memory), "sureFrom" (the score from which on an answer can be
 * relied on: the config's "sure_from", 0.5 without, 0 for predicted values), "unusedTensors" (names of the tensors of the file
 * that the architecture has no place for). Lives as long as `v`; "{}" before vqa_load_end(). */
const char *vqa_info(const vqa *v);

/* One sentence about the last call that failed; "" while none has. Never NULL. */
const char *vqa_error(const vqa *v);

#endif
