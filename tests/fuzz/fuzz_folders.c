#include "fuzz_folders.h"

#include <stdlib.h>

static tiny_folder of_pack(tiny_model m, int shards)
{
    tiny_bytes pack = tiny_pack(m);
    tiny_folder f = tiny_folder_of(pack, shards);
    free(pack.bytes);
    return f;
}

tiny_folder fuzz_folder(int model)
{
    tiny_folder f = model == 0   ? of_pack((tiny_model){ .fusion = "hybrid" }, 2)
                    : model == 1 ? of_pack((tiny_model){ .vilt = true }, 1)
                    : model == 2 ? of_pack((tiny_model){ .absent = "learned" }, 1)
                    : model == 3 ? tiny_folder_clip()
                                 : tiny_folder_whisper();
    if (model < 3)
        tiny_folder_put(&f, "tokenizer_config.json",
                        "{\"do_lower_case\":true,\"tokenizer_class\":\"BertTokenizer\"}");
    if (model == 1) {
        tiny_folder_put(&f, "vocab.txt", NULL);
        tiny_folder_put(&f, "tokenizer.json",
                        "{\"normalizer\":{\"lowercase\":true},\"model\":{\"vocab\":{\"[PAD]\":0,"
                        "\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"what\":4,\"is\":5,\"it\":6}}}");
    }
    tiny_folder_put(&f, "README.md", "---\nlicense: mit\n---\n# a model\n");
    return f;
}
