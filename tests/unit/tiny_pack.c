#include "tiny_pack.h"

#include <assert.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/checksum.h"
#include "format/pack.h"
#include "nn/transformer.h"

float tiny_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (float)(int32_t)*seed / 2147483648.0f;
}

const char *const tiny_words[] = {
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "what",  "color", "is",   "the", "cat",   "dog",
    "how",   "many",  "are",   "there", "on",     "table", "red",   "blue", "##s", "##ing", "a",
    "it",    "in",    "?",     "where", "who",    "sun",   "ny",    "##ny", NULL,
};

static int word_count(void)
{
    int count = 0;
    while (tiny_words[count]) count++;
    return count;
}

/* ---- files ---- */

tiny_bytes tiny_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    assert(f);
    fseek(f, 0, SEEK_END);
    tiny_bytes b = { NULL, (size_t)ftell(f) };
    b.bytes = malloc(b.size ? b.size : 1);
    assert(b.bytes);
    rewind(f);
    size_t got = fread(b.bytes, 1, b.size, f);
    assert(got == b.size);
    fclose(f);
    return b;
}

int tiny_read_all(const char *folder, bool (*wanted)(const char *path),
                  void (*each)(const char *path, tiny_bytes file))
{
    DIR *entries = opendir(folder);
    assert(entries);
    int count = 0;
    for (const struct dirent *e; (e = readdir(entries));) {
        char path[1000];
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        DIR *inside = opendir(path);
        if (inside) {
            closedir(inside);
            count += tiny_read_all(path, wanted, each);
        } else if (wanted(path)) {
            tiny_bytes file = tiny_read(path);
            each(path, file);
            free(file.bytes);
            count++;
        }
    }
    closedir(entries);
    return count;
}

bool tiny_ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), size = strlen(end);
    return length >= size && strcmp(path + length - size, end) == 0;
}

/* ---- tensors ---- */

void tiny_add(tiny_list *list, int rank, const int64_t *shape, const char *name, ...)
{
    assert(list->count < TINY_MAX_TENSORS);
    tensor_info *t = &list->infos[list->count];
    va_list args;
    va_start(args, name);
    vsnprintf(list->names[list->count], sizeof *list->names, name, args);
    va_end(args);
    *t = (tensor_info){
        .name = list->names[list->count++], .type = DTYPE_F32, .rank = rank, .size = sizeof(float)
    };
    for (int d = 0; d < rank; d++) {
        t->shape[d] = shape[d];
        t->size *= (size_t)shape[d];
    }
}

static void add_linear(tiny_list *list, int out, int in, const char *name)
{
    tiny_add(list, SHAPE(out, in), "%s.weight", name);
    tiny_add(list, SHAPE(out), "%s.bias", name);
}

static void add_norm(tiny_list *list, int size, const char *name)
{
    tiny_add(list, SHAPE(size), "%s.weight", name);
    tiny_add(list, SHAPE(size), "%s.bias", name);
}

static void add_block(tiny_list *list, const char *prefix, int hidden, bool bert)
{
    static const char *const names[2][8] = {
        { "attention.attention.query", "attention.attention.key", "attention.attention.value",
          "attention.output.dense", "intermediate.dense", "output.dense", "layernorm_before",
          "layernorm_after" },
        { "attention.self.query", "attention.self.key", "attention.self.value",
          "attention.output.dense", "intermediate.dense", "output.dense",
          "attention.output.LayerNorm", "output.LayerNorm" },
    };
    for (int i = 0; i < 8; i++) {
        char name[96];
        snprintf(name, sizeof name, "%s.%s", prefix, names[bert][i]);
        if (i < 6)
            add_linear(list, i == 4 ? 2 * hidden : hidden, i == 5 ? 2 * hidden : hidden, name);
        else
            add_norm(list, hidden, name);
    }
}

static void add_head(tiny_list *list, const char *name, int in, int answers, int inner)
{
    char part[64];
    if (!inner) {
        add_linear(list, answers, in, name);
        return;
    }
    snprintf(part, sizeof part, "%s.dense", name);
    add_linear(list, inner, in, part);
    snprintf(part, sizeof part, "%s.output", name);
    add_linear(list, answers, inner, part);
}

void tiny_add_fusion(tiny_list *list, const char *fusion, const bool there[MODALITIES], int hidden,
                     int answers, int inner)
{
    static const char *const gates[] = { "fusion.wx", "fusion.wy", "fusion.wz" };
    int count = there[TEXT] + there[SPEECH] + there[PICTURE], in = count * hidden;
    bool decision = strncmp(fusion, "decision", 8) == 0, hybrid = strcmp(fusion, "hybrid") == 0;
    if (hybrid || strcmp(fusion, "multiplicative_gate") == 0) {
        for (int i = 0; i < count; i++) add_linear(list, hidden, in, gates[i]);
    }
    if (strncmp(fusion, "additive_gate", 13) == 0)
        add_linear(list, fusion[13] ? in : count, in, "fusion.wlambda");
    if (strcmp(fusion, "decision_weighted") == 0) tiny_add(list, SHAPE(count), "fusion.weights");
    if (hybrid) tiny_add(list, SHAPE(1), "fusion.alpha");
    if (strncmp(fusion, "token_attention", 15) == 0) {
        tiny_add(list, SHAPE(3 * hidden, hidden), "fusion.attn.in_proj_weight");
        tiny_add(list, SHAPE(3 * hidden), "fusion.attn.in_proj_bias");
        add_linear(list, hidden, hidden, "fusion.attn.out_proj");
    }
    if (strncmp(fusion, "token_transformer", 17) == 0)
        for (int i = 0; i < 2; i++)
            add_block(list, i ? "fusion.layers.1" : "fusion.layers.0", hidden, false);
    if (strncmp(fusion, "token_", 6) == 0) add_norm(list, hidden, "fusion.norm");
    if (decision || hybrid) {
        if (there[TEXT]) add_head(list, "head_text", hidden, answers, inner);
        if (there[SPEECH]) add_head(list, "head_speech", hidden, answers, inner);
        if (there[PICTURE]) add_head(list, "head_image", hidden, answers, inner);
    }
    if (!decision)
        add_head(list, "head", strcmp(fusion, "concat") == 0 ? in : hidden, answers, inner);
}

void tiny_add_vilt(tiny_list *list, int patch, int modalities, int answers)
{
    enum { H = TINY_HIDDEN };
    int side = TINY_SIDE / patch;
    tiny_add(list, SHAPE(word_count(), H),
             "vilt.embeddings.text_embeddings.word_embeddings.weight");
    tiny_add(list, SHAPE(TINY_TOKENS, H),
             "vilt.embeddings.text_embeddings.position_embeddings.weight");
    tiny_add(list, SHAPE(2, H), "vilt.embeddings.text_embeddings.token_type_embeddings.weight");
    add_norm(list, H, "vilt.embeddings.text_embeddings.LayerNorm");
    tiny_add(list, SHAPE(modalities, H), "vilt.embeddings.token_type_embeddings.weight");
    tiny_add(list, SHAPE(1, 1, H), "vilt.embeddings.cls_token");
    tiny_add(list, SHAPE(1, 1 + side * side, H), "vilt.embeddings.position_embeddings");
    tiny_add(list, SHAPE(H, 3, patch, patch), "vilt.embeddings.patch_embeddings.projection.weight");
    tiny_add(list, SHAPE(H), "vilt.embeddings.patch_embeddings.projection.bias");
    add_block(list, "vilt.encoder.layer.0", H, false);
    add_block(list, "vilt.encoder.layer.1", H, false);
    add_norm(list, H, "vilt.layernorm");
    add_linear(list, H, H, "vilt.pooler.dense");
    add_linear(list, 2 * H, H, "classifier.0");
    add_norm(list, 2 * H, "classifier.1");
    add_linear(list, answers, 2 * H, "classifier.3");
}

static void add_clip_encoder(tiny_list *list, const char *prefix, int hidden)
{
    const transformer_names *n = &transformer_clip_names;
    const char *const layers[6] = { n->query, n->key, n->value, n->output, n->up, n->down };
    const char *const norms[2] = { n->norm1, n->norm2 };
    char name[100];
    for (int l = 0; l < 2; l++) {
        for (int i = 0; i < 6; i++) {
            int in = i == 5 ? 2 * hidden : hidden, out = i == 4 ? 2 * hidden : hidden;
            tiny_add(list, SHAPE(out, in), "%s.encoder.layers.%d.%s.weight", prefix, l, layers[i]);
            tiny_add(list, SHAPE(out), "%s.encoder.layers.%d.%s.bias", prefix, l, layers[i]);
        }
        for (int i = 0; i < 2; i++) {
            snprintf(name, sizeof name, "%s.encoder.layers.%d.%s", prefix, l, norms[i]);
            add_norm(list, hidden, name);
        }
    }
}

void tiny_add_clip(tiny_list *list, int vocabulary, int positions)
{
    enum { WORDS = TINY_HIDDEN, PIXELS = 32, SPACE = 20 };
    list->count = 0;
    tiny_add(list, SHAPE(vocabulary, WORDS), "text_model.embeddings.token_embedding.weight");
    tiny_add(list, SHAPE(positions, WORDS), "text_model.embeddings.position_embedding.weight");
    tiny_add(list, SHAPE(PIXELS), "vision_model.embeddings.class_embedding");
    tiny_add(list, SHAPE(PIXELS, 3, 8, 8), "vision_model.embeddings.patch_embedding.weight");
    tiny_add(list, SHAPE(5, PIXELS), "vision_model.embeddings.position_embedding.weight");
    tiny_add(list, SHAPE(SPACE, WORDS), "text_projection.weight");
    tiny_add(list, SHAPE(SPACE, PIXELS), "visual_projection.weight");
    tiny_add(list, 0, NULL, "logit_scale");
    add_norm(list, WORDS, "text_model.final_layer_norm");
    add_norm(list, PIXELS, "vision_model.pre_layrnorm");
    add_norm(list, PIXELS, "vision_model.post_layernorm");
    add_clip_encoder(list, "text_model", WORDS);
    add_clip_encoder(list, "vision_model", PIXELS);
}

static void add_whisper_attention(tiny_list *list, const char *name)
{
    enum { H = TINY_HIDDEN };
    static const char *const square[] = { "q_proj", "v_proj", "out_proj" };
    for (int i = 0; i < 3; i++) {
        char part[80];
        snprintf(part, sizeof part, "%s.%s", name, square[i]);
        add_linear(list, H, H, part);
    }
    char part[80];
    tiny_add(list, SHAPE(H, H), "%s.k_proj.weight", name);
    snprintf(part, sizeof part, "%s_layer_norm", name);
    add_norm(list, H, part);
}

static void add_whisper_block(tiny_list *list, const char *layer, bool decoder)
{
    enum { H = TINY_HIDDEN };
    char part[3][80];
    snprintf(part[0], sizeof *part, "%s.self_attn", layer);
    snprintf(part[1], sizeof *part, "%s.encoder_attn", layer);
    for (int i = 0; i <= decoder; i++) add_whisper_attention(list, part[i]);
    static const char *const names[] = { "fc1", "fc2", "final_layer_norm" };
    for (int i = 0; i < 3; i++) snprintf(part[i], sizeof *part, "%s.%s", layer, names[i]);
    add_linear(list, 2 * H, H, part[0]);
    add_linear(list, H, 2 * H, part[1]);
    add_norm(list, H, part[2]);
}

/* Of one block, for windows of 2 * positions frames. */
static void add_whisper_encoder(tiny_list *list, const char *name, int positions)
{
    enum { H = TINY_HIDDEN };
    char part[64];
    tiny_add(list, SHAPE(H, TINY_MEL, 3), "%s.conv1.weight", name);
    tiny_add(list, SHAPE(H), "%s.conv1.bias", name);
    tiny_add(list, SHAPE(H, H, 3), "%s.conv2.weight", name);
    tiny_add(list, SHAPE(H), "%s.conv2.bias", name);
    tiny_add(list, SHAPE(positions, H), "%s.embed_positions.weight", name);
    snprintf(part, sizeof part, "%s.layers.0", name);
    add_whisper_block(list, part, false);
    snprintf(part, sizeof part, "%s.layer_norm", name);
    add_norm(list, H, part);
}

void tiny_add_whisper(tiny_list *list, int vocabulary, int source, int positions)
{
    list->count = 0;
    add_whisper_encoder(list, "model.encoder", source);
    tiny_add(list, SHAPE(vocabulary, TINY_HIDDEN), "model.decoder.embed_tokens.weight");
    tiny_add(list, SHAPE(positions, TINY_HIDDEN), "model.decoder.embed_positions.weight");
    add_whisper_block(list, "model.decoder.layers.0", true);
    add_whisper_block(list, "model.decoder.layers.1", true);
    add_norm(list, TINY_HIDDEN, "model.decoder.layer_norm");
}

/* Norms and variances are about 1, all else is small. */
static void fill(const tensor_info *t, float *values, uint32_t *seed)
{
    bool norm = t->rank == 1 && ((strstr(t->name, "orm") && strstr(t->name, ".weight")) ||
                                 strstr(t->name, "running_var"));
    for (size_t i = 0; i < t->size / sizeof(float); i++)
        values[i] = norm ? 1 + 0.2f * tiny_random(seed) : 0.4f * tiny_random(seed);
}

weights tiny_weights(const tiny_list *list, precision keep, uint32_t seed)
{
    weights w = { 0 };
    error err;
    bool ok = weights_plan(&w, list->infos, list->count, keep, &err);
    for (int i = 0; i < list->count && ok; i++) {
        float *values = malloc(list->infos[i].size);
        assert(values);
        fill(&list->infos[i], values, &seed);
        ok = weights_take(&w, i, (const uint8_t *)values, list->infos[i].size, &err);
        free(values);
    }
    ok = ok && weights_finish(&w, &err);
    assert(ok);
    return w;
}

/* ---- packs ---- */

static cJSON *parse(const char *text)
{
    cJSON *json = cJSON_Parse(text);
    assert(json);
    return json;
}

static cJSON *make_config(const tiny_model *m)
{
    char text[2000];
    snprintf(text, sizeof text,
             "{\"model_type\":\"multimodal\",\"fusion\":\"%s\",\"num_labels\":%d,"
             "\"fusion_num_attention_heads\":%d,\"fusion_num_hidden_layers\":2,"
             "\"fusion_intermediate_size\":%d,\"fusion_layer_norm_eps\":1e-6,"
             "\"head_hidden_size\":0,\"head_hidden_act\":\"relu\",\"fusion_hidden_act\":\"gelu\","
             "\"text_config\":{\"vocab_size\":%d,\"max_position_embeddings\":%d,"
             "\"type_vocab_size\":2,\"hidden_size\":%d,\"num_hidden_layers\":2,"
             "\"num_attention_heads\":%d,\"intermediate_size\":%d,\"hidden_act\":\"gelu\","
             "\"layer_norm_eps\":1e-12,\"position_embedding_type\":\"absolute\"},"
             "\"vision_config\":{\"image_size\":%d,\"patch_size\":%d,\"num_channels\":3,"
             "\"hidden_size\":%d,\"num_hidden_layers\":1,\"num_attention_heads\":%d,"
             "\"intermediate_size\":%d,\"hidden_act\":\"gelu\",\"layer_norm_eps\":1e-12,"
             "\"qkv_bias\":true}}",
             m->fusion, m->answers, TINY_HEADS, 2 * TINY_HIDDEN, word_count(), TINY_TOKENS,
             TINY_HIDDEN, TINY_HEADS, 2 * TINY_HIDDEN, TINY_SIDE, m->patch, TINY_HIDDEN, TINY_HEADS,
             2 * TINY_HIDDEN);
    cJSON *config = m->vilt ? tiny_vilt_config(m->patch, 2, m->answers) : parse(text);
    if (m->problem_type) cJSON_AddStringToObject(config, "problem_type", m->problem_type);
    if (m->recurrent) {
        snprintf(
            text, sizeof text,
            "{\"model_type\":\"%s\",\"vocab_size\":%d,\"embedding_size\":%d,\"hidden_size\":%d,"
            "\"num_layers\":2,\"max_position_embeddings\":%d}",
            m->recurrent, word_count(), TINY_HIDDEN, TINY_HIDDEN, TINY_TOKENS);
        cJSON_ReplaceItemInObjectCaseSensitive(config, "text_config", parse(text));
        snprintf(text, sizeof text,
                 "{\"model_type\":\"resnet\",\"depths\":[1,1],\"embedding_size\":8,"
                 "\"hidden_sizes\":[8,%d]}",
                 TINY_HIDDEN);
        cJSON_ReplaceItemInObjectCaseSensitive(config, "vision_config", parse(text));
    }
    if (!m->absent) return config;
    snprintf(text, sizeof text,
             "{\"model_type\":\"whisper\",\"d_model\":%d,\"encoder_layers\":1,"
             "\"encoder_attention_heads\":%d,\"encoder_ffn_dim\":%d,\"num_mel_bins\":%d,"
             "\"max_source_positions\":50,\"activation_function\":\"gelu\"}",
             TINY_HIDDEN, TINY_HEADS, 2 * TINY_HIDDEN, TINY_MEL);
    cJSON_AddItemToObject(config, "speech_config", parse(text));
    cJSON *absent = cJSON_AddObjectToObject(config, "absent");
    for (modality i = 0; i < MODALITIES; i++)
        cJSON_AddStringToObject(absent, modality_names[i], m->absent);
    return config;
}

cJSON *tiny_vilt_config(int patch, int modalities, int answers)
{
    char text[600];
    snprintf(text, sizeof text,
             "{\"model_type\":\"vilt\",\"vocab_size\":%d,\"max_position_embeddings\":%d,"
             "\"modality_type_vocab_size\":%d,\"hidden_size\":%d,\"num_hidden_layers\":2,"
             "\"num_attention_heads\":%d,\"intermediate_size\":%d,\"image_size\":%d,"
             "\"patch_size\":%d,\"id2label\":{}}",
             word_count(), TINY_TOKENS, modalities, TINY_HIDDEN, TINY_HEADS, 2 * TINY_HIDDEN,
             TINY_SIDE, patch);
    cJSON *config = parse(text), *labels = cJSON_GetObjectItemCaseSensitive(config, "id2label");
    for (int i = 0; i < answers; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        cJSON_AddStringToObject(labels, key, "answer");
    }
    return config;
}

static const char processor[] =
    "{\"image_processor_type\":\"ViTImageProcessor\",\"do_resize\":true,"
    "\"size\":{\"height\":16,\"width\":16},\"resample\":2,\"do_rescale\":true,"
    "\"rescale_factor\":0.00392156862745098,\"do_normalize\":true,"
    "\"image_mean\":[0.5,0.5,0.5],\"image_std\":[0.5,0.5,0.5]}";

/* Of pictures, and of sounds if it hears. */
static cJSON *make_processor(const tiny_model *m)
{
    cJSON *settings = parse(processor);
    if (m->absent)
        cJSON_AddItemToObject(
            settings, "speech",
            parse("{\"feature_extractor_type\":\"WhisperFeatureExtractor\",\"feature_size\":8,"
                  "\"hop_length\":320,\"n_fft\":512,\"sampling_rate\":16000}"));
    return settings;
}

static cJSON *make_tokenizer(void)
{
    char vocabulary[1000] = "";
    for (int i = 0; tiny_words[i]; i++) {
        strcat(vocabulary, tiny_words[i]);
        strcat(vocabulary, "\n");
    }
    cJSON *tokenizer = parse("{\"tokenizer_class\":\"BertTokenizer\",\"do_lower_case\":true}");
    cJSON_AddStringToObject(tokenizer, "vocab", vocabulary);
    return tokenizer;
}

static cJSON *make_labels(int count)
{
    cJSON *labels = cJSON_CreateArray();
    for (int i = 0; i < count; i++) {
        char label[24];
        snprintf(label, sizeof label, "answer %d", i);
        cJSON_AddItemToArray(labels, cJSON_CreateString(label));
    }
    return labels;
}

static void add_encoders(tiny_list *list, const tiny_model *m)
{
    enum { H = TINY_HIDDEN };
    int side = TINY_SIDE / m->patch;
    tiny_add(list, SHAPE(word_count(), H), "text_encoder.embeddings.word_embeddings.weight");
    tiny_add(list, SHAPE(TINY_TOKENS, H), "text_encoder.embeddings.position_embeddings.weight");
    tiny_add(list, SHAPE(2, H), "text_encoder.embeddings.token_type_embeddings.weight");
    add_norm(list, H, "text_encoder.embeddings.LayerNorm");
    add_block(list, "text_encoder.encoder.layer.0", H, true);
    add_block(list, "text_encoder.encoder.layer.1", H, true);
    tiny_add(list, SHAPE(1, 1, H), "image_encoder.embeddings.cls_token");
    tiny_add(list, SHAPE(1, 1 + side * side, H), "image_encoder.embeddings.position_embeddings");
    tiny_add(list, SHAPE(H, 3, m->patch, m->patch),
             "image_encoder.embeddings.patch_embeddings.projection.weight");
    tiny_add(list, SHAPE(H), "image_encoder.embeddings.patch_embeddings.projection.bias");
    add_block(list, "image_encoder.encoder.layer.0", H, false);
    add_norm(list, H, "image_encoder.layernorm");
}

static void add_convolution(tiny_list *list, const char *conv, const char *norm, int out, int in,
                            int side)
{
    static const char *const parts[] = { "weight", "bias", "running_mean", "running_var" };
    tiny_add(list, SHAPE(out, in, side, side), "image_encoder.%s.weight", conv);
    for (int i = 0; i < 4; i++) tiny_add(list, SHAPE(out), "image_encoder.%s.%s", norm, parts[i]);
}

/* A ResNet of two blocks, and a recurrent encoder of two layers, its `gates` in one matrix. */
static void add_classical_encoders(tiny_list *list, int gates)
{
    enum { H = TINY_HIDDEN, STEM = 8 };
    add_convolution(list, "conv1", "bn1", STEM, 3, 7);
    add_convolution(list, "layer1.0.conv1", "layer1.0.bn1", STEM, STEM, 3);
    add_convolution(list, "layer1.0.conv2", "layer1.0.bn2", STEM, STEM, 3);
    add_convolution(list, "layer2.0.conv1", "layer2.0.bn1", H, STEM, 3);
    add_convolution(list, "layer2.0.conv2", "layer2.0.bn2", H, H, 3);
    add_convolution(list, "layer2.0.downsample.0", "layer2.0.downsample.1", H, STEM, 1);
    tiny_add(list, SHAPE(word_count(), H), "text_encoder.embedding.weight");
    for (int l = 0; l < 2; l++) {
        tiny_add(list, SHAPE(gates * H, H), "text_encoder.rnn.weight_ih_l%d", l);
        tiny_add(list, SHAPE(gates * H, H), "text_encoder.rnn.weight_hh_l%d", l);
        tiny_add(list, SHAPE(gates * H), "text_encoder.rnn.bias_ih_l%d", l);
        tiny_add(list, SHAPE(gates * H), "text_encoder.rnn.bias_hh_l%d", l);
    }
}

/* A speech encoder with one block, and what stands in for modalities that are not there. */
static void add_ears(tiny_list *list)
{
    add_whisper_encoder(list, "speech_encoder", 50);
    for (modality i = 0; i < MODALITIES; i++)
        tiny_add(list, SHAPE(TINY_HIDDEN), "absent.%s", modality_names[i]);
}

tiny_bytes tiny_written(const weights *w, const pack_settings *s)
{
    error err;
    pack_writer *p = pack_writer_new(w, s, true, &err);
    assert(p);
    tiny_bytes pack = { malloc(pack_writer_size(p)), pack_writer_size(p) };
    size_t size = pack_writer_read(p, pack.bytes, pack.size);
    assert(size == pack.size && pack_writer_read(p, pack.bytes, 1) == 0);
    pack_writer_free(p);
    return pack;
}

tiny_bytes tiny_pack(tiny_model m)
{
    if (!m.fusion) m.fusion = "concat";
    if (!m.answers) m.answers = 5;
    if (!m.patch) m.patch = 8;
    static tiny_list list;
    list.count = 0;
    if (m.vilt) {
        tiny_add_vilt(&list, m.patch, 2, m.answers);
    } else {
        if (m.recurrent)
            add_classical_encoders(&list, strcmp(m.recurrent, "lstm") == 0 ? 4 : 3);
        else
            add_encoders(&list, &m);
        bool there[MODALITIES] = { true, m.absent != NULL, true };
        if (m.absent) add_ears(&list);
        tiny_add_fusion(&list, m.fusion, there, TINY_HIDDEN, m.answers, 0);
    }
    weights w = tiny_weights(&list, m.q8 ? QUANTIZE_Q8 : KEEP_AS_STORED, m.seed);
    char name[] = "tiny", licence[] = "CC0-1.0";
    pack_settings s = {
        make_config(&m), make_processor(&m), make_tokenizer(), make_labels(m.answers), name, licence
    };
    tiny_bytes pack = tiny_written(&w, &s);
    cJSON_Delete(s.config);
    cJSON_Delete(s.preprocessor);
    cJSON_Delete(s.tokenizer);
    cJSON_Delete(s.labels);
    weights_free(&w);
    return pack;
}

/* ---- edited packs ---- */

static size_t header_size(tiny_bytes pack)
{
    size_t size = 0;
    for (int i = 8; i-- > 0;) size = size << 8 | pack.bytes[i];
    return size;
}

void tiny_seal(tiny_bytes pack)
{
    size_t size = pack.size - PACK_CHECKSUM_SIZE;
    checksum sum = { 0 };
    checksum_add(&sum, pack.bytes, size);
    for (int i = 0; i < PACK_CHECKSUM_SIZE; i++)
        pack.bytes[size + (size_t)i] = checksum_value(&sum) >> 8 * i & 255;
}

static const char *const parts[4] = { "config", "preprocessor", "tokenizer", "labels" };

tiny_bytes tiny_edit(tiny_bytes pack, void (*edit)(tiny_settings *s, const void *context),
                     const void *context)
{
    size_t old = header_size(pack);
    tiny_settings s = { .header = cJSON_ParseWithLength((const char *)pack.bytes + 8, old) };
    s.metadata = cJSON_GetObjectItem(s.header, "__metadata__");
    for (int i = 0; i < 4; i++)
        s.part[i] =
            parse(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(s.metadata, parts[i])));
    edit(&s, context);
    for (int i = 0; i < 4; i++) {
        char *text = cJSON_PrintUnformatted(s.part[i]);
        if (cJSON_IsString(cJSON_GetObjectItemCaseSensitive(s.metadata, parts[i])))
            cJSON_ReplaceItemInObjectCaseSensitive(s.metadata, parts[i], cJSON_CreateString(text));
        cJSON_free(text);
        cJSON_Delete(s.part[i]);
    }
    char *text = cJSON_PrintUnformatted(s.header);
    assert(text);
    cJSON_Delete(s.header);
    size_t size = strlen(text);
    tiny_bytes edited = { malloc(8 + size + pack.size - 8 - old), 8 + size + pack.size - 8 - old };
    assert(edited.bytes);
    for (int i = 0; i < 8; i++) edited.bytes[i] = (uint8_t)((uint64_t)size >> 8 * i);
    memcpy(edited.bytes + 8, text, size);
    memcpy(edited.bytes + 8 + size, pack.bytes + 8 + old, pack.size - 8 - old);
    cJSON_free(text);
    tiny_seal(edited);
    return edited;
}

uint8_t *tiny_data(tiny_bytes pack, const char *name)
{
    size_t size = header_size(pack);
    cJSON *header = cJSON_ParseWithLength((const char *)pack.bytes + 8, size);
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(header, name), "data_offsets");
    assert(offsets);
    size_t begin = (size_t)cJSON_GetArrayItem(offsets, 0)->valuedouble;
    cJSON_Delete(header);
    return pack.bytes + 8 + size + begin;
}

/* ---- pictures ---- */

tiny_bytes tiny_pixels(int width, int height, bool alpha, uint32_t seed)
{
    tiny_bytes p = { NULL, (size_t)width * (size_t)height * 4 };
    p.bytes = malloc(p.size);
    assert(p.bytes);
    for (size_t i = 0; i < p.size; i++) {
        float value = tiny_random(&seed);
        p.bytes[i] = i % 4 == 3 && !alpha ? 255 : (uint8_t)(128 + 127 * value);
    }
    return p;
}

tiny_bytes tiny_bmp(int width, int height, uint32_t seed)
{
    enum { HEADER = 54 };
    tiny_bytes pixels = tiny_pixels(width, height, false, seed);
    size_t row = ((size_t)width * 3 + 3) / 4 * 4, size = HEADER + row * (size_t)height;
    uint8_t *b = calloc(size, 1);
    assert(b);
    const struct {
        int at;
        size_t value;
    } fields[] = { { 2, size },
                   { 10, HEADER },
                   { 14, 40 },
                   { 18, (size_t)width },
                   { 22, (size_t)height },
                   { 26, 1 },
                   { 28, 24 },
                   { 34, size - HEADER } };
    memcpy(b, "BM", 2);
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
        for (int i = 0; i < (fields[f].at == 26 || fields[f].at == 28 ? 2 : 4); i++)
            b[fields[f].at + i] = fields[f].value >> 8 * i & 255;
    for (int y = 0; y < height; y++) /* from the bottom up, blue first */
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                b[HEADER + row * (size_t)(height - 1 - y) + (size_t)(3 * x + c)] =
                    pixels.bytes[4 * ((size_t)y * (size_t)width + (size_t)x) + (size_t)(2 - c)];
    free(pixels.bytes);
    return (tiny_bytes){ b, size };
}
