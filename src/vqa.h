/* wasm-vqa: answers questions about pictures.
 *
 *     vqa *v = vqa_new(1);
 *     while (more bytes of the pack arrive) vqa_load(v, bytes, n);
 *     vqa_load_end(v);
 *     int picture = vqa_encode(v, jpeg, jpeg_size);            // once per picture
 *     int n = vqa_ask(v, picture, "what color is it?", 17, 5); // many questions
 *     for (int i = 0; i < n; i++) print(vqa_answer_text(v, i), vqa_answer_score(v, i));
 *     vqa_free(v);
 *
 * Calls that can fail return a negative vqa_status and leave one sentence in vqa_error(v), naming
 * the thing and the value; the next good call works. A handle is used by one thread at a time. */
#ifndef VQA_H
#define VQA_H

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
} vqa_status;

enum {
    VQA_MAX_ANSWERS = 100,     /* largest top_k */
    VQA_MAX_QUESTION = 10000,  /* bytes of a question */
    VQA_MAX_PIXELS = 50000000, /* width x height of a picture */
    VQA_MAX_SIDE = 32768,      /* width or height of a picture */
};

/* An empty handle, or NULL without memory. Threads: 1..64 native threads that share the work (the
 * calling one among them); WebAssembly builds without threads take 1. */
vqa *vqa_new(int threads);

/* Give back the handle, its model, its pictures. NULL is fine. */
void vqa_free(vqa *v);

/* Take in the next `size` bytes of a pack, as they arrive; the bytes stay the caller's and may be
 * reused at once. Weights go to their final place row by row: the file is never held as a whole.
 * Returns VQA_OK, VQA_BAD_MODEL or VQA_NO_MEMORY; after a failure load again from vqa_new(). */
int vqa_load(vqa *v, const uint8_t *bytes, size_t size);

/* All bytes are there: check that nothing is missing or damaged and make the model ready. */
int vqa_load_end(vqa *v);

/* Decode a JPEG, PNG, GIF (first frame) or BMP file, turn it upright (EXIF), lay transparent
 * pictures on white, and run the picture encoder. Returns the picture's id (> 0; ids are not used
 * again) or a negative status. The bytes stay the caller's. Give the features back with
 * vqa_close_picture(). */
int vqa_encode(vqa *v, const uint8_t *bytes, size_t size);

/* The same for pixels that are decoded already: rgba is [height, width, 4], alpha not
 * premultiplied. */
int vqa_encode_pixels(vqa *v, const uint8_t *rgba, int width, int height);

/* Give back the features of a picture. Unknown and closed ids: VQA_BAD_CALL. */
int vqa_close_picture(vqa *v, int picture);

/* Answer a question about an encoded picture.
 *   question  UTF-8, `size` bytes (1..VQA_MAX_QUESTION); words beyond the model's token limit (maxTokens
 *             of vqa_info()) are not read; a question without any word the model knows is refused
 *   top_k     1..VQA_MAX_ANSWERS
 * Returns how many answers were kept, best first: at most top_k and the model's number of answers, or a
 * negative status. They live until the next vqa_ask() or vqa_free(). */
int vqa_ask(vqa *v, int picture, const char *question, size_t size, int top_k);

/* Answer `i` of the last vqa_ask(): its text (UTF-8; "" out of range) and its score: a probability
 * 0..1, or the predicted value of a regression head. */
const char *vqa_answer_text(vqa *v, int i);
float vqa_answer_score(const vqa *v, int i);

/* The raw outputs of the head for the last vqa_ask(): [*count], before softmax or sigmoid. */
const float *vqa_logits(const vqa *v, int *count);

/* What was loaded, as one JSON object: "name", "licence", "architecture", "summary" (layers, sizes
 * and fusion, for people), "precision" ("q8" or "f32"), "parameters", "answers", "maxTokens",
 * "kernels", "threads", "weightBytes", "scratchBytes" (working memory). Lives as long as `v`; "{}"
 * before vqa_load_end(). */
const char *vqa_info(const vqa *v);

/* One sentence about the last call that failed; "" while none has. Never NULL. */
const char *vqa_error(const vqa *v);

#endif
