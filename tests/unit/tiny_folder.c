#include "tiny_folder.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/pack.h"

static char *printed(const cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    assert(text);
    return text;
}

/* ---- files ---- */

tiny_file *tiny_folder_file(tiny_folder *f, const char *name)
{
    for (int i = 0; i < f->count; i++)
        if (strcmp(f->files[i].name, name) == 0) return &f->files[i];
    return NULL;
}

/* Takes over the bytes. */
static void put(tiny_folder *f, const char *name, tiny_bytes content)
{
    tiny_file *old = tiny_folder_file(f, name), *file = old ? old : &f->files[f->count++];
    assert(f->count <= TINY_MAX_FILES);
    if (old) free(old->content.bytes);
    snprintf(file->name, sizeof file->name, "%s", name);
    file->content = content;
}

void tiny_folder_put(tiny_folder *f, const char *name, const char *text)
{
    tiny_file *old = tiny_folder_file(f, name);
    if (text) {
        tiny_bytes content = { malloc(strlen(text) + 1), strlen(text) };
        assert(content.bytes);
        memcpy(content.bytes, text, content.size);
        put(f, name, content);
    } else if (old) {
        free(old->content.bytes);
        *old = f->files[--f->count];
    }
}

void tiny_folder_free(tiny_folder *f)
{
    for (int i = 0; i < f->count; i++) free(f->files[i].content.bytes);
    f->count = 0;
}

int tiny_folder_load(vqa *v, const tiny_folder *f, size_t piece, char asked[500])
{
    int status = vqa_open_folder(v, "tiny", 4);
    size_t used = 0;
    while (status == VQA_OK && *vqa_wanted_file(v)) {
        tiny_folder all = *f;
        const tiny_file *file = tiny_folder_file(&all, vqa_wanted_file(v));
        if (asked) used += (size_t)snprintf(asked + used, 500 - used, "%s ", vqa_wanted_file(v));
        for (size_t at = 0; file && status == VQA_OK && at < file->content.size; at += piece) {
            size_t left = file->content.size - at;
            status = vqa_load(v, file->content.bytes + at, left < piece ? left : piece);
        }
        if (status == VQA_OK) status = vqa_end_file(v, file != NULL);
    }
    return status == VQA_OK ? vqa_load_end(v) : status;
}

/* ---- the folder of a pack ---- */

/* The tensors of a pack whose number is shard, shard + shards, ... as a file of their own; their
 * names are added to the map of the index. */
static tiny_bytes tensors_of(tiny_bytes pack, int shard, int shards, const char *file, cJSON *map)
{
    size_t old = 0, at = 0;
    for (int i = 8; i-- > 0;) old = old << 8 | pack.bytes[i];
    cJSON *from = cJSON_ParseWithLength((const char *)pack.bytes + 8, old),
          *header = cJSON_CreateObject();
    uint8_t *data = malloc(pack.size);
    assert(from && data);
    const cJSON *tensor;
    int number = 0;
    cJSON_ArrayForEach(tensor, from)
    {
        bool other = strcmp(tensor->string, "__metadata__") == 0 ||
                     strcmp(tensor->string, PACK_CHECKSUM) == 0;
        if (other || number++ % shards != shard) continue;
        const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(tensor, "data_offsets");
        size_t begin = (size_t)cJSON_GetArrayItem(offsets, 0)->valuedouble,
               end = (size_t)cJSON_GetArrayItem(offsets, 1)->valuedouble;
        memcpy(data + at, pack.bytes + 8 + old + begin, end - begin);
        cJSON *copy = cJSON_Duplicate(tensor, true);
        cJSON_ReplaceItemInObjectCaseSensitive(
            copy, "data_offsets",
            cJSON_CreateDoubleArray((const double[]){ (double)at, (double)(at + end - begin) }, 2));
        cJSON_AddItemToObject(header, tensor->string, copy);
        cJSON_AddStringToObject(map, tensor->string, file);
        at += end - begin;
    }
    char *text = printed(header);
    size_t size = strlen(text);
    tiny_bytes content = { malloc(8 + size + at), 8 + size + at };
    assert(content.bytes);
    for (int i = 0; i < 8; i++) content.bytes[i] = (uint8_t)((uint64_t)size >> 8 * i);
    memcpy(content.bytes + 8, text, size);
    memcpy(content.bytes + 8 + size, data, at);
    cJSON_free(text);
    free(data);
    cJSON_Delete(from);
    cJSON_Delete(header);
    return content;
}

static void put_weights(tiny_folder *f, tiny_bytes pack, int shards)
{
    cJSON *index = cJSON_CreateObject(), *map = cJSON_AddObjectToObject(index, "weight_map");
    for (int i = 0; i < shards; i++) {
        char name[64] = "model.safetensors";
        if (shards > 1)
            snprintf(name, sizeof name, "model-%05d-of-%05d.safetensors", i + 1, shards);
        put(f, name, tensors_of(pack, i, shards, name, map));
    }
    char *text = printed(index);
    if (shards > 1) tiny_folder_put(f, "model.safetensors.index.json", text);
    cJSON_free(text);
    cJSON_Delete(index);
}

void tiny_folder_add_tensors(tiny_folder *f, const char *name, tiny_bytes pack)
{
    tiny_file *file = tiny_folder_file(f, "model.safetensors.index.json");
    assert(file);
    cJSON *index = cJSON_ParseWithLength((const char *)file->content.bytes, file->content.size);
    put(f, name, tensors_of(pack, 0, 1, name, cJSON_GetObjectItem(index, "weight_map")));
    char *text = printed(index);
    tiny_folder_put(f, "model.safetensors.index.json", text);
    cJSON_free(text);
    cJSON_Delete(index);
}

static void put_config(tiny_folder *f, const char *text, const char *label_list)
{
    cJSON *config = cJSON_Parse(text), *labels = cJSON_Parse(label_list);
    assert(config && labels);
    cJSON_DeleteItemFromObject(config, "id2label");
    cJSON *names = cJSON_AddObjectToObject(config, "id2label"); /* not in order */
    for (int n = cJSON_GetArraySize(labels), i = n; i-- > 0;) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        cJSON_AddStringToObject(names, key, cJSON_GetArrayItem(labels, i)->valuestring);
    }
    char *made = printed(config);
    tiny_folder_put(f, "config.json", made);
    cJSON_free(made);
    cJSON_Delete(config);
    cJSON_Delete(labels);
}

tiny_folder tiny_folder_of(tiny_bytes pack, int shards)
{
    tiny_folder f = { .count = 0 };
    size_t size = 0;
    for (int i = 8; i-- > 0;) size = size << 8 | pack.bytes[i];
    cJSON *header = cJSON_ParseWithLength((const char *)pack.bytes + 8, size),
          *metadata = cJSON_GetObjectItem(header, "__metadata__"),
          *tokenizer = cJSON_Parse(cJSON_GetObjectItem(metadata, "tokenizer")->valuestring);
    put_config(&f, cJSON_GetObjectItem(metadata, "config")->valuestring,
               cJSON_GetObjectItem(metadata, "labels")->valuestring);
    tiny_folder_put(&f, "preprocessor_config.json",
                    cJSON_GetObjectItem(metadata, "preprocessor")->valuestring);
    tiny_folder_put(&f, "vocab.txt", cJSON_GetObjectItem(tokenizer, "vocab")->valuestring);
    put_weights(&f, pack, shards);
    cJSON_Delete(tokenizer);
    cJSON_Delete(header);
    return f;
}

/* The tensors of the list with random values, as model.safetensors. */
static void put_list(tiny_folder *f, const tiny_list *list)
{
    char none[] = "";
    weights w = tiny_weights(list, KEEP_AS_STORED, 5);
    cJSON *settings = cJSON_CreateObject();
    tiny_bytes pack =
        tiny_written(&w, &(pack_settings){ settings, settings, settings, settings, none, none });
    put_weights(f, pack, 1);
    cJSON_Delete(settings);
    weights_free(&w);
    free(pack.bytes);
}

/* ---- a CLIP ---- */

/* Each alone and at a word's end; two merges make "cat" one token. */
const char tiny_clip_letters[] = "questionawrcdgp:?";

enum { LETTERS = sizeof tiny_clip_letters - 1, POSITIONS = 48 };

static int put_vocabulary(tiny_folder *f)
{
    cJSON *ids = cJSON_CreateObject();
    char token[16];
    for (int i = 0; i < 2 * LETTERS; i++) {
        snprintf(token, sizeof token, i < LETTERS ? "%c" : "%c</w>",
                 tiny_clip_letters[i % LETTERS]);
        cJSON_AddNumberToObject(ids, token, i);
    }
    static const char *const others[] = { "ca", "cat</w>", "<|startoftext|>", "<|endoftext|>" };
    for (int i = 0; i < 4; i++) cJSON_AddNumberToObject(ids, others[i], 2 * LETTERS + i);
    char *text = printed(ids);
    tiny_folder_put(f, "vocab.json", text);
    cJSON_free(text);
    cJSON_Delete(ids);
    return 2 * LETTERS + 4;
}

tiny_folder tiny_folder_clip(void)
{
    tiny_folder f = { .count = 0 };
    int vocabulary = put_vocabulary(&f);
    tiny_folder_put(&f, "merges.txt", "#version: 0.2\nc a\nca t</w>\n");
    char config[1000];
    snprintf(config, sizeof config,
             "{\"model_type\":\"clip\",\"projection_dim\":20,\"text_config\":{\"vocab_size\":%d,"
             "\"eos_token_id\":%d,\"hidden_size\":24,\"intermediate_size\":48,"
             "\"num_hidden_layers\":2,\"num_attention_heads\":4,\"max_position_embeddings\":%d},"
             "\"vision_config\":{\"hidden_size\":32,\"intermediate_size\":64,"
             "\"num_hidden_layers\":2,\"num_attention_heads\":4,\"image_size\":16,"
             "\"patch_size\":8}}",
             vocabulary, vocabulary - 1, POSITIONS);
    tiny_folder_put(&f, "config.json", config);
    tiny_folder_put(&f, "preprocessor_config.json",
                    "{\"image_processor_type\":\"CLIPImageProcessor\",\"size\":"
                    "{\"shortest_edge\":16},\"crop_size\":{\"height\":16,\"width\":16}}");
    static tiny_list list;
    tiny_add_clip(&list, vocabulary, POSITIONS);
    put_list(&f, &list);
    return f;
}

/* ---- a Whisper ---- */

/* Two merges make " th" one token, whose space is spelled as a byte alphabet does. */
const char tiny_whisper_letters[] = "abcdefghijklmnopqrstuvwxyz";

tiny_folder tiny_folder_whisper(void)
{
    enum { ALPHABET = sizeof tiny_whisper_letters - 1, WORDS = ALPHABET + 4, STAMPS = 51 };
    static const char *const others[] = { "\xc4\xa0", "th", "\xc4\xa0th", "" }, *const added[] = {
        "<|endoftext|>", "<|startoftranscript|>", "<|en|>",       "<|de|>",
        "<|translate|>", "<|transcribe|>",        "<|nospeech|>", "<|notimestamps|>"
    };
    tiny_folder f = { .count = 0 };
    cJSON *ids = cJSON_CreateObject(), *more = cJSON_CreateObject();
    for (int i = 0; i < ALPHABET; i++)
        cJSON_AddNumberToObject(ids, (char[]){ tiny_whisper_letters[i], 0 }, i);
    for (int i = 0; i < 4; i++) cJSON_AddNumberToObject(ids, others[i], ALPHABET + i);
    for (int i = 0; i < 8; i++) cJSON_AddNumberToObject(more, added[i], WORDS + i);
    char *text = printed(ids);
    tiny_folder_put(&f, "vocab.json", text);
    cJSON_free(text);
    text = printed(more);
    tiny_folder_put(&f, "added_tokens.json", text);
    cJSON_free(text);
    cJSON_Delete(ids);
    cJSON_Delete(more);
    tiny_folder_put(&f, "merges.txt", "#version: 0.2\nt h\n\xc4\xa0 th\n");
    char config[1000];
    snprintf(config, sizeof config,
             "{\"model_type\":\"whisper\",\"d_model\":%d,\"encoder_layers\":1,\"decoder_layers\":2,"
             "\"encoder_attention_heads\":%d,\"decoder_attention_heads\":%d,\"encoder_ffn_dim\":%d,"
             "\"decoder_ffn_dim\":%d,\"num_mel_bins\":%d,\"max_source_positions\":50,"
             "\"max_target_positions\":40,\"vocab_size\":%d}",
             TINY_HIDDEN, TINY_HEADS, TINY_HEADS, 2 * TINY_HIDDEN, 2 * TINY_HIDDEN, TINY_MEL,
             WORDS + 8 + STAMPS);
    tiny_folder_put(&f, "config.json", config);
    snprintf(config, sizeof config,
             "{\"decoder_start_token_id\":%d,\"eos_token_id\":%d,\"no_timestamps_token_id\":%d,"
             "\"suppress_tokens\":[25],\"begin_suppress_tokens\":[%d],\"max_length\":448,"
             "\"forced_decoder_ids\":[[1,null],[2,%d]],\"max_initial_timestamp_index\":10,"
             "\"lang_to_id\":{\"<|en|>\":%d,\"<|de|>\":%d},"
             "\"task_to_id\":{\"translate\":%d,\"transcribe\":%d}}",
             WORDS + 1, WORDS, WORDS + 7, WORDS, WORDS + 5, WORDS + 2, WORDS + 3, WORDS + 4,
             WORDS + 5);
    tiny_folder_put(&f, "generation_config.json", config);
    snprintf(config, sizeof config,
             "{\"feature_extractor_type\":\"WhisperFeatureExtractor\",\"feature_size\":%d,"
             "\"chunk_length\":1,\"mel_filters\":[[0.5]]}",
             TINY_MEL);
    tiny_folder_put(&f, "preprocessor_config.json", config);
    tiny_folder_put(&f, "tokenizer_config.json", "{\"tokenizer_class\":\"WhisperTokenizer\"}");
    static tiny_list list;
    tiny_add_whisper(&list, WORDS + 8 + STAMPS, 50, 40);
    put_list(&f, &list);
    return f;
}
