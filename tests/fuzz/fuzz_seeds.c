/* Writes the seeds that are made, not found among the fixtures: fuzz_seeds FOLDER writes FOLDER/TARGET/... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_folders.h"
#include "tiny_wav.h"

static const char *folder;

/* `prefix` [prefix_size] and the bytes as one seed of a target. */
static void put(const char *target, const char *name, int number, const void *prefix,
                size_t prefix_size, tiny_bytes b)
{
    char path[1000];
    snprintf(path, sizeof path, "%s/%s/tiny-%d-%s", folder, target, number, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(prefix, 1, prefix_size, f) != prefix_size ||
        fwrite(b.bytes, 1, b.size, f) != b.size || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static void put_packs(void)
{
    static const tiny_model models[] = {
        { .vilt = true, .q8 = true },
        { .fusion = "concat", .q8 = true },
        { .fusion = "token_transformer_cls", .absent = "learned", .q8 = true },
    };
    for (int i = 0; i < (int)(sizeof models / sizeof *models); i++) {
        tiny_bytes pack = tiny_pack(models[i]);
        put("pack", "pack", i, "", 0, pack);
        put("safetensors", "pack", i, "", 0, pack);
        free(pack.bytes);
    }
}

static void put_folders(void)
{
    for (int model = 0; model < FUZZ_FOLDERS; model++) {
        tiny_folder f = fuzz_folder(model);
        for (int i = 0; i < f.count; i++)
            put("folder", f.files[i].name, model, (uint8_t[]){ (uint8_t)model, (uint8_t)i }, 2,
                f.files[i].content);
        tiny_folder_free(&f);
    }
}

static void put_texts(void)
{
    static const char texts[][80] = {
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n##b\0\0ab [MASK] A\xcc\x81 \xe4\xb8\x80!",
        "a\nb</w>\nab</w>\n<|startoftext|>\n<|endoftext|>\n\0a b</w>\n\0ab it's 12 <|endoftext|>",
        "a\nb\nab\n\xc4\xa0\n<|endoftext|>\n\0#version: 0.2\na b\n\0 ab  ab\t1\xf0\x9f\x98\x80",
    };
    for (int i = 0; i < 3; i++)
        put("text", "text", i, (uint8_t[]){ (uint8_t)i }, 1,
            (tiny_bytes){ (uint8_t *)texts[i], sizeof texts[i] });
}

static void put_sounds(void)
{
    static const tiny_wave kinds[] = {
        { 1, 8, 3, 8000, false },  { 1, 16, 2, 44100, true },  { 1, 24, 1, 1000, false },
        { 1, 32, 1, 16000, true }, { 3, 32, 2, 768000, true }, { 3, 64, 1, 22050, false },
    };
    static const double samples[24] = { 0, 0.5, -0.5, 1, -1 };
    for (int i = 0; i < (int)(sizeof kinds / sizeof *kinds); i++) {
        tiny_bytes wav = tiny_wav(kinds[i], samples, 24);
        put("sound", "wav", i, "", 0, wav);
        free(wav.bytes);
    }
}

/* Every model with a question, its damage none or one byte. */
static void put_asked(void)
{
    static const char question[] = "\0\x0bwhat is it?", damaged[] = "\1\x20\3\x40\x0bwhat is it?";
    tiny_bytes picture = tiny_bmp(12, 9, 1);
    put("picture", "bmp", 0, "", 0, picture);
    for (int i = 0; i < 12; i++) {
        char head[32] = { (char)(i % 2 ? i : i | 192) };
        size_t size = i < 6 ? sizeof question - 1 : sizeof damaged - 1;
        memcpy(head + 1, i < 6 ? question : damaged, size);
        put("ask", "bmp", i, head, 1 + size, picture);
    }
    free(picture.bytes);
}

int main(int count, char **arguments)
{
    if (count != 2) {
        fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
        return 2;
    }
    folder = arguments[1];
    put_packs();
    put_folders();
    put_texts();
    put_sounds();
    put_asked();
    return 0;
}
