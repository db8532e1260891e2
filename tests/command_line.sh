#!/usr/bin/env bash
# The command line from end to end: tests/command_line.sh BINARY
# Exit codes, one sentence for everything that is wrong, and a good run on a small model.
set -u
vqa=$(realpath "$1")
fixtures=$(cd "$(dirname "$0")/fixtures" && pwd) || exit 1
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room" || exit 1
checks=0 wrong=0

check() { # check WHAT COMMAND...: the command succeeds
    local what=$1
    shift
    checks=$((checks + 1))
    "$@" && return
    echo "WRONG: ${what:0:200}" >&2
    wrong=$((wrong + 1))
}

# expect CODE TEXT ARGUMENTS...: run vqa; its exit code is CODE, and on failure standard error is one
# line that begins with 'vqa: ' and holds TEXT (behind it the hint, for wrong usage), and nothing else
# is printed. On success standard output holds TEXT and standard error is empty.
expect() {
    local code=$1 text=$2 got
    shift 2
    "$vqa" "$@" >out 2>err
    got=$?
    check "vqa $* exits with $got, expected $code: $(head -1 err)" [ $got = "$code" ]
    if [ "$code" = 0 ]; then
        check "vqa $* writes '$text'" grep -qF -- "$text" out
        check "vqa $* writes no error" [ ! -s err ]
        return
    fi
    check "vqa $* says '$text', not '$(head -1 err)'" grep -qF -- "$text" err
    check "vqa $* says one sentence" [ "$(grep -c '^vqa: ' err)" = 1 ]
    check "vqa $* has no output" [ ! -s out ]
    check "vqa $* says no more" [ "$(wc -l <err)" = "$code" ] # 2: with the hint
    [ "$code" = 1 ] || check "vqa $* gives the hint" grep -qxF "'vqa help' lists the commands." err
}

valid_json() { ! command -v python3 >/dev/null || python3 -m json.tool "$1" /dev/null; }

# ---- a model: a fixture, with words as many as its embeddings ----

cp -r "$fixtures/fusion/concat" model
size=$(grep -o '"vocab_size": *[0-9]*' model/config.json | grep -o '[0-9]*')
{
    printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' what color is the cat how many people '?'
    seq -f 'word%.0f' 15 "$size"
} >model/vocab.txt
check "the vocabulary has $size words" [ "$(wc -l <model/vocab.txt)" = "$size" ]
picture=$fixtures/fusion/image0_50x40.png
question='What color is the cat?'

# ---- the good run ----

expect 0 'vqa answers questions about pictures' help
expect 0 'Exit codes: 0 done, 1 could not, 2 wrong usage.' --help
expect 0 'Exit codes: 0 done, 1 could not, 2 wrong usage.' ask --help
expect 0 'parameters, q8' quantize model q8.pack --name Small --licence CC0-1.0
expect 0 'parameters, f32' quantize --precision f32 model f32.pack
expect 0 'parameters, q4' quantize --precision q4 model q4.pack
check 'q8 is smaller' [ "$(wc -c <q8.pack)" -lt "$(wc -c <f32.pack)" ]
check 'q4 is smaller still' [ "$(wc -c <q4.pack)" -lt "$(wc -c <q8.pack)" ]
for precision in q4 q8 f32; do
    expect 0 "parameters, $precision" quantize --precision f32 $precision.pack again.pack
    check 'the pack of a pack is the same' cmp -s $precision.pack again.pack
done
rm again.pack
check 'no half-written pack is left' [ -z "$(ls ./*.part 2>/dev/null)" ]
expect 0 'architecture   multimodal' inspect model
expect 0 'name           model' inspect model/
expect 0 'text_encoder.embeddings.word_embeddings.weight' inspect model
expect 0 'fusion concat' inspect q8.pack
expect 0 '"precision":"q8"' inspect --json q8.pack
expect 0 '"name":"Small"' inspect --json q8.pack
check 'inspect --json is JSON' valid_json out
expect 0 '"precision":"f32"' inspect --json f32.pack
expect 0 '"precision":"q4"' inspect --json model --precision q4
for pack in q4.pack q8.pack f32.pack model; do
    expect 0 '' ask $pack "$picture" "$question"
    check "ask $pack gives 5 answers" [ "$(wc -l <out)" = 5 ]
    expect 0 '' ask $pack "$picture" "$question" --logits
    check "ask $pack --logits gives all 42" [ "$(grep -cxE -- '-?[0-9.]+(e-[0-9]+)?' out)" = 42 ]
    mv out logits
    expect 0 '' ask $pack "$picture" "$question" --logits -t 3
    check "ask $pack gives the same bits with 3 threads" cmp -s out logits
    expect 0 '' ask -k 100 $pack "$picture" "$question"
    check "ask $pack gives all 42 answers" [ "$(wc -l <out)" = 42 ]
    expect 0 '{"answers":[{"answer":' ask $pack "$picture" "$question" --json -k 3
    check "ask --json is JSON" valid_json out
    expect 0 '{"logits":[' ask $pack "$picture" "$question" --logits --json
    check "ask --logits --json is JSON" valid_json out
    check "and has the same bits" [ "$(sed 's/.*\[//; s/\].*//' out | tr , '\n')" = "$(cat logits)" ]
done
for precision in f32 q8 q4; do
    expect 0 '' ask model "$picture" "$question" --precision $precision --logits
    mv out logits
    expect 0 '' ask $precision.pack "$picture" "$question" --logits
    check "a folder as $precision answers as its pack" cmp -s out logits
done
expect 0 'load' bench f32.pack "$picture" "$question" -n 2
expect 0 'product f32' bench f32.pack "$picture" "$question" -n 1 -t 2
expect 0 'passed, 0 failed' goldens "$fixtures" --only vit

# ---- heat maps ----

expect 0 '' ask f32.pack "$picture" "$question" --logits
mv out logits
expect 0 '' ask f32.pack "$picture" "$question" --logits --explain map.png
check 'a heat map leaves the bits as they are' cmp -s out logits
expect 0 '"heatmap":{"width":' ask f32.pack "$picture" "$question" --json --explain map.png
check 'ask --json --explain is JSON' valid_json out
check 'without --explain there is none' [ "$("$vqa" ask f32.pack "$picture" "$question" --json | grep -c heatmap)" = 0 ]
expect 0 '' ask f32.pack map.png "$question" # it is a picture that we read
size_of() { od -A n -t u1 -j 16 -N 8 "$1" | tr -s ' \n' ' '; }
check 'it is as large as the picture' [ "$(size_of map.png)" = "$(size_of "$picture")" ]
expect 0 '' ask f32.pack "$fixtures/preprocess/images/exif6_120x90.jpg" "$question" --explain map.png
check 'it is upright, 90 x 120' [ "$(size_of map.png)" = ' 0 0 0 90 0 0 0 120 ' ]
expect 0 'load' bench f32.pack "$picture" "$question" -n 2 --explain
expect 1 'no/map.png' ask f32.pack "$picture" "$question" --explain no/map.png

# ---- choices: labels of the model, with the scores they have among all ----

expect 0 '' ask model "$picture" "$question" -k 42
mv out answers
expect 0 '' ask model "$picture" "$question" --choices 'yes,RED,blue,no' -k 3
check 'three of four choices are given' [ "$(wc -l <out)" = 3 ]
check 'and have the scores they have' [ "$(grep -cxFf out answers)" = 3 ]
expect 0 '{"answers":[{"answer":"' ask model "$picture" "$question" --choices yes --json
expect 1 "the choice 'maybe' is none of the model's 42 answers" ask model "$picture" "$question" --choices yes,maybe
expect 1 "the choice 'Yes' stands twice" ask model "$picture" "$question" --choices yes,Yes
expect 1 'choice 2 is empty' ask model "$picture" "$question" --choices yes,,no

# ---- a pack in parts ----

mkdir parts
expect 0 'parameters, q8' quantize model parts/model.json --name Small --licence CC0-1.0
check 'the part is the pack' cmp -s parts/model.000 q8.pack
check 'the manifest is JSON' valid_json parts/model.json
expect 0 '"name":"Small"' inspect --json parts/model.json
manifest() { # manifest FILE...: of these files in parts/
    printf '{"format": "vqa-manifest 1", "size": %d, "parts": [' "$(cd parts && cat "$@" | wc -c)"
    local comma='' file
    for file; do
        printf '%s{"file": "%s", "size": %d, "sha256": "%s"}' "$comma" "$file" "$(wc -c <"parts/$file")" \
            "$(sha256sum "parts/$file" | cut -d ' ' -f 1)"
        comma=', '
    done
    printf ']}\n'
}
split -b 30000 -d -a 3 q8.pack parts/q8.
manifest q8.000 q8.001 q8.002 >parts/q8.json
expect 0 '' ask q8.pack "$picture" "$question"
mv out answers
sed 's/"size": [0-9]*/"size": 7/' parts/q8.json >parts/short.json
expect 1 "the manifest's \"size\" is not that of its parts (" inspect parts/short.json
expect 0 '' ask parts/q8.json "$picture" "$question"
check 'a pack in parts answers as a whole one' cmp -s out answers
manifest q8.001 q8.000 q8.002 >parts/order.json
expect 1 'parts/order.json: not a safetensors file' inspect parts/order.json
manifest q8.000 q8.001 >parts/few.json
expect 1 'parts/few.json: the model file ends inside' inspect parts/few.json
cp parts/q8.001 whole
printf x >>parts/q8.001
expect 1 "the part 'q8.001' has 30001 bytes, expected 30000" inspect parts/q8.json
{ head -c 29999 whole; printf '\377'; } >parts/q8.001
expect 1 "the part 'q8.001' is damaged: SHA-256 " inspect parts/q8.json
rm parts/q8.001
expect 1 'parts/q8.001: can' inspect parts/q8.json
for text in '{"format": "vqa-manifest 1"}' '{"format": "vqa-manifest 1", "parts": []}'; do
    echo "$text" >parts/empty.json
    expect 1 'the manifest has no "parts"' inspect parts/empty.json
done
echo '{"format": "vqa-manifest 1", "size": 1, "parts": [{"file": "../q8.pack", "size": 1, "sha256": ""}]}' >parts/empty.json
expect 1 "the part '../q8.pack' is not a file's name" inspect parts/empty.json
expect 1 "not a manifest: its \"format\" is ''" inspect model/config.json
echo nonsense >parts/empty.json
expect 1 'the manifest is not valid JSON' inspect parts/empty.json
expect 1 'nowhere/x.000: can' quantize model nowhere/x.json

# ---- a model by a recipe ----

mkdir recipe
cat >recipe/config.json <<'END'
{"model_type": "multimodal", "fusion": "sum", "num_labels": 2, "vocab_size": 100,
 "id2label": {"1": "no", "0": "yes"},
 "text_config": {"vocab_size": 100, "max_position_embeddings": 10, "hidden_size": 8,
  "num_hidden_layers": 0, "num_attention_heads": 2, "intermediate_size": 8},
 "vision_config": {"image_size": 16, "patch_size": 8, "hidden_size": 8, "num_hidden_layers": 0,
  "num_attention_heads": 2, "intermediate_size": 8}}
END
echo '{"image_processor_type": "ViTImageProcessor", "size": {"height": 16, "width": 16}}' \
    >recipe/preprocessor_config.json
cat >recipe/manifest.json <<'END'
{"seed": 7, "tensors": [
  {"name": "text_encoder.embeddings.word_embeddings.weight",
   "shape": [100, 8], "center": 0.0, "scale": 0.5, "crc32": 2416511921},
  {"name": "text_encoder.embeddings.position_embeddings.weight",
   "shape": [10, 8], "center": 0.0, "scale": 0.5, "crc32": 3300801759},
  {"name": "text_encoder.embeddings.token_type_embeddings.weight",
   "shape": [2, 8], "center": 0.0, "scale": 0.5, "crc32": 3707828097},
  {"name": "text_encoder.embeddings.LayerNorm.weight",
   "shape": [8], "center": 1.0, "scale": 0.5, "crc32": 1545607513},
  {"name": "text_encoder.embeddings.LayerNorm.bias",
   "shape": [8], "center": 0.0, "scale": 0.5, "crc32": 952408920},
  {"name": "image_encoder.embeddings.cls_token",
   "shape": [1, 1, 8], "center": 0.0, "scale": 0.5, "crc32": 4181648262},
  {"name": "image_encoder.embeddings.position_embeddings",
   "shape": [1, 5, 8], "center": 0.0, "scale": 0.5, "crc32": 2844921934},
  {"name": "image_encoder.embeddings.patch_embeddings.projection.weight",
   "shape": [8, 3, 8, 8], "center": 0.0, "scale": 0.5, "crc32": 1088901644},
  {"name": "image_encoder.embeddings.patch_embeddings.projection.bias",
   "shape": [8], "center": 0.0, "scale": 0.5, "crc32": 3815282893},
  {"name": "image_encoder.layernorm.weight",
   "shape": [8], "center": 1.0, "scale": 0.5, "crc32": 3213720221},
  {"name": "image_encoder.layernorm.bias",
   "shape": [8], "center": 0.0, "scale": 0.5, "crc32": 4055334039},
  {"name": "head.weight",
   "shape": [2, 8], "center": 0.0, "scale": 0.5, "crc32": 3095068612},
  {"name": "head.bias",
   "shape": [2], "center": 0.0, "scale": 0.5, "crc32": 770830488}]}
END
"$vqa" recipe recipe made >out 2>err
check 'recipe makes a model and says nothing' [ $? = 0 ] && check 'nothing' [ ! -s out ] && check 'no error' [ ! -s err ]
expect 0 '' ask made "$picture" 'Is it 5?' -k 2
check 'both answers are there' [ "$(grep -cE ' (yes|no)$' out)" = 2 ]
expect 0 'BERT 0 x 8 + ViT 0 x 8, fusion sum' inspect made
printf -- '---\ntags: [a]\nlicense: apache-2.0\n---\nlicense: none\n' >made/README.md
expect 0 '"licence":"apache-2.0"' inspect --json made
mkdir wrong
cp recipe/*.json wrong
sed -i 's/"scale": 0.5/"scale": 0.25/' wrong/manifest.json
expect 1 "of the recipe has the CRC-32" recipe wrong wrong_made
expect 1 'manifest.json: can' recipe model nothing_made
expect 1 'nowhere/made: can' recipe recipe nowhere/made

# ---- accuracy: the first answers of one picture are right, a wrong one is not ----

mkdir pictures
cp "$fixtures"/fusion/image*.png pictures
answer() { "$vqa" ask f32.pack "pictures/$1" "$2" -k 1 | sed 's/^ *[0-9.]* *//'; }
for file in image0_50x40.png image1_33x70.png image2_32x32.png; do
    printf '{"file": "%s", "question": "%s", "answer": "%s"}\n' \
        $file "$question" "$(answer $file "$question")" \
        $file 'How many people?' "$(answer $file 'How many people?' | tr a-z A-Z)"
done >data.jsonl
printf '\n{"file": "image0_50x40.png", "question": "is the cat?", "answer": "none of these"}\n' >>data.jsonl
tar cf pictures.tar pictures
expect 0 'accuracy 85.71 % (6 of 7 questions)' eval f32.pack data.jsonl pictures
check 'eval tells question types' grep -q 'how many .* 100.00 %  (3 of 3)' out
check 'eval tells how honest scores are' grep -qE 'questions\); sure of [0-9.]+ %, [0-9.]+ % of those right; calibration error [0-9.]+ %' out
mv out answers
expect 0 'accuracy ' eval f32.pack data.jsonl pictures --blank
check 'a grey picture is another one' bash -c '! cmp -s out answers'
expect 0 'accuracy 85.71 %' eval f32.pack data.jsonl pictures.tar
check 'folder and .tar give the same' cmp -s out answers
mkdir -p twins/a twins/b # two pictures of one name
cp pictures/image0_50x40.png twins/a/same.png
cp pictures/image1_33x70.png twins/b/same.png
tar cf twins.tar -C twins .
printf '{"file": "%s/same.png", "question": "%s", "answer": "%s"}\n' \
    a "$question" "$(answer image0_50x40.png "$question")" \
    b "$question" "$(answer image1_33x70.png "$question")" >twins.jsonl
expect 0 'accuracy 100.00 % (2 of 2 questions)' eval f32.pack twins.jsonl twins
expect 0 'accuracy 100.00 % (2 of 2 questions)' eval f32.pack twins.jsonl twins.tar
sed 's|[ab]/||' twins.jsonl >unclear.jsonl
expect 1 "'same.png' is the name of several pictures in the tar file" eval f32.pack unclear.jsonl twins.tar
expect 0 'accuracy 85.71 %' eval model data.jsonl pictures --precision f32 -t 2

# ---- VQA v2, from its official files: ten people gave the model's answer 10, 3, 1 and 0 times ----

mkdir coco
cp pictures/image0_50x40.png coco/COCO_val2014_000000000042.jpg # what they are is told by their bytes
cp pictures/image1_33x70.png coco/COCO_val2014_000000262148.jpg
tar cf coco.tar coco
official() { # official ID PICTURE FILE TYPE TIMES: a question, and its annotation of which so many have the model's answer
    local own=$(answer "$3" "$question") i
    printf '%s{"image_id": %d, "question": "%s", "question_id": %d}' "$comma" "$2" "$question" "$1" >>v2_questions.json
    printf '%s{"question_type": "what color", "answer_type": "%s", "image_id": %d, "question_id": %d, "answers": [' \
        "$comma" "$4" "$2" "$1" >>v2_annotations.json
    for i in 1 2 3 4 5 6 7 8 9 10; do
        printf '%s{"answer": "%s", "answer_confidence": "yes", "answer_id": %d}' "$([ $i = 1 ] || echo ,)" \
            "$([ $i -le "$5" ] && echo "$own" || echo "none of $i")" $i >>v2_annotations.json
    done
    printf '], "multiple_choice_answer": "%s"}' "$own" >>v2_annotations.json
    comma=,
}
printf '{"info": {"year": 2017}, "task_type": "Open-Ended", "questions": [' >v2_questions.json
printf '{"license": {"name": "none"}, "annotations": [' >v2_annotations.json
comma=
official 42000 42 image0_50x40.png yes/no 10
official 42001 42 image0_50x40.png other 3
official 262148000 262148 image1_33x70.png other 1
official 262148001 262148 image1_33x70.png number 0
printf '], "data_subtype": "val2014"}\n' >>v2_questions.json
printf '], "data_type": "mscoco"}\n' >>v2_annotations.json
expect 0 'accuracy 55.00 % (2.2 of 4 questions)' eval f32.pack v2_questions.json coco --annotations v2_annotations.json
check 'yes/no' grep -q 'yes/no .* 100.00 %  (1 of 1)' out
check 'other' grep -q 'other .* 60.00 %  (1.2 of 2)' out
check 'number' grep -q 'number .* 0.00 %  (0 of 1)' out
check 'question types' grep -q 'what color .* 55.00 %  (2.2 of 4)' out
expect 0 '"accuracy":	0.55' eval f32.pack v2_questions.json coco.tar --annotations v2_annotations.json --json
sed 's/"data_subtype"/"subtype"/' v2_questions.json >v2_wrong.json
expect 1 'v2_wrong.json: there is no text "data_subtype"' eval f32.pack v2_wrong.json coco --annotations v2_annotations.json
sed 's/"question_id": 42001,/"question_id": 42002,/' v2_annotations.json >v2_wrong.json
expect 1 'v2_questions.json: question 42001: there is no annotation of it' eval f32.pack v2_questions.json coco --annotations v2_wrong.json
sed 's/"answers": \[/"answers": 3, "others": [/' v2_annotations.json >v2_wrong.json
expect 1 'question 42000: "answers" is not a list of 1 to 100 answers' eval f32.pack v2_questions.json coco --annotations v2_wrong.json
head -c 300 v2_annotations.json >v2_wrong.json
expect 1 'v2_wrong.json: not valid JSON at byte 46' eval f32.pack v2_questions.json coco --annotations v2_wrong.json
expect 1 'v2_annotations.json: there is no list "questions" of objects' eval f32.pack v2_annotations.json coco --annotations v2_annotations.json
sed 's/"question_id": 42000/"question_id": 4.5/' v2_questions.json >v2_wrong.json
expect 1 'v2_wrong.json: entry 1 of "questions" lacks a whole number "question_id"' eval f32.pack v2_wrong.json coco --annotations v2_annotations.json
expect 1 'data.jsonl: not valid JSON at byte ' eval f32.pack data.jsonl coco --annotations v2_annotations.json
expect 1 'nowhere.json: ' eval f32.pack v2_questions.json coco --annotations nowhere.json
rm coco/COCO_val2014_000000262148.jpg
expect 1 'COCO_val2014_000000262148.jpg: ' eval f32.pack v2_questions.json coco --annotations v2_annotations.json

# ---- two models ----

expect 0 '7 questions: cosine of the logits 1.000000 on average, 1.000000 at least' compare model f32.pack data.jsonl pictures
expect 0 'best answer the same 100.00 %' compare model f32.pack data.jsonl pictures.tar -n 3
check 'of three questions' grep -q '^3 questions' out
expect 0 '2 questions: cosine of the logits 0.99' compare f32.pack model data.jsonl pictures -n 2 --precision q8
expect 1 'the models have 42 and 2 answers' compare model made data.jsonl pictures
expect 0 '"questions":	7' eval f32.pack data.jsonl pictures.tar --json
check 'eval --json is JSON' valid_json out

# ---- wrong usage ----

expect 2 "there is no command 'answer'" answer
expect 2 "there is no command ''" ''
for command in ask eval quantize inspect bench goldens compare recipe; do expect 2 "$command takes" $command; done
expect 2 'ask takes a model, a picture and a question' ask q8.pack "$picture"
expect 2 'ask takes' ask q8.pack "$picture" what is it
expect 2 'inspect takes' inspect q8.pack f32.pack
expect 2 'quantize takes' quantize model
for k in 0 101 -1 x '' 1.5 99999999999999999999; do
    expect 2 "-k is '$k', expected a whole number from 1 to 100" ask q8.pack "$picture" what -k "$k"
done
for t in 0 65 x; do expect 2 "-t is '$t'" ask q8.pack "$picture" what -t $t; done
expect 2 "-t is '0'" eval -t 0 q8.pack data.jsonl pictures
expect 2 "-n is '0'" bench -n 0 q8.pack "$picture" what
expect 2 "-n is '0'" compare -n 0 model q8.pack data.jsonl pictures
expect 2 "--precision is 'q5', expected f32, q8 or q4" quantize model x.pack --precision q5
for command in ask eval compare bench inspect; do
    expect 2 "--precision is '', expected f32, q8 or q4" $command --precision '' model
done
for option in --foo --precision --choices; do expect 2 "the option '$option' is" ask q8.pack "$picture" what $option; done
for option in -x -k -t; do expect 2 "the option '$option' is" ask q8.pack "$picture" what $option; done
expect 2 "the option '--only' is" goldens "$fixtures" --only
"$vqa" >out 2>err
check 'no command: help and exit code 2' [ $? = 2 ]
check 'no command: help on standard error' grep -q 'vqa ask MODEL' err

# ---- what can't be done ----

head -c 1000 q8.pack >header.pack
head -c -1 q8.pack >short.pack
{ head -c -9 q8.pack; printf x; tail -c 8 q8.pack; } >damaged.pack
: >empty
echo 'this is not a picture' >text.png
mkdir 'a folder' without_model without_words
cp model/*.json model/vocab.txt without_model
cp model/*.json model/model.safetensors without_words
expect 1 'missing.pack: ' ask missing.pack "$picture" what
expect 1 "a folder: the folder has no config.json" ask 'a folder' "$picture" what
expect 1 'header.pack: the model file ends inside its header' ask header.pack "$picture" what
expect 1 "short.pack: the model file ends inside tensor 'checksum'" inspect short.pack
expect 1 'damaged.pack: the pack is damaged' inspect damaged.pack
expect 1 'empty: the model file is empty (0 bytes)' ask empty "$picture" what
expect 1 'text.png: not a safetensors file' ask text.png "$picture" what
expect 1 "the pack's format is 'pt'" ask model/model.safetensors "$picture" what
expect 1 'missing.png: ' ask q8.pack missing.png what
expect 1 'a folder: is a folder, expected a file' ask q8.pack 'a folder' what
expect 1 'text.png: ' ask q8.pack text.png what
expect 1 'empty: ' ask q8.pack empty what
expect 1 'the question is empty' ask q8.pack "$picture" ''
expect 1 'the question is empty' ask q8.pack "$picture" '   '
expect 1 'the question is not UTF-8 text (byte 3)' ask q8.pack "$picture" $'cat\xff'
expect 1 'at most 10000 are taken' ask q8.pack "$picture" "$(printf 'cat %.0s' {1..2501})"
expect 1 'nowhere: can' quantize nowhere x.pack
expect 1 'without_model: the folder has neither model.safetensors nor' quantize without_model x.pack
expect 1 'pytorch_model.bin' inspect without_model
expect 1 'without_words: the folder has neither vocab.txt nor tokenizer.json' quantize without_words x.pack
expect 1 'the folder has neither vocab.json nor tokenizer.json' quantize "$fixtures/clip" x.pack
expect 1 'a folder: the folder has no config.json' quantize 'a folder' x.pack
mkdir without_processor strange broken
cp model/config.json without_processor
expect 1 'the folder has no preprocessor_config.json' inspect without_processor
echo '{"model_type": "blip"}' >strange/config.json
expect 1 "the architecture 'blip' is not supported (supported: multimodal, " inspect strange
cp without_model/* broken
head -c 5000 model/model.safetensors >broken/model.safetensors
expect 1 'broken: model.safetensors: the model file ends inside' inspect broken
expect 1 'nowhere/x.pack' quantize model nowhere/x.pack
check 'a failed quantize leaves nothing' [ ! -e x.pack ] && check 'no part' [ ! -e x.pack.part ]
expect 1 'the folder has no config.json' inspect 'a folder'
expect 1 'missing.jsonl: ' eval q8.pack missing.jsonl pictures
expect 1 'there are no questions' eval q8.pack empty pictures
expect 1 'nowhere.tar: ' eval q8.pack data.jsonl nowhere.tar
expect 1 'text.png: ' eval q8.pack data.jsonl text.png
expect 1 "line 1: " eval q8.pack data.jsonl 'a folder'
echo '{"file": 3}' >bad.jsonl
expect 1 'bad.jsonl: line 1: the record lacks a text "file" or "question"' eval q8.pack bad.jsonl pictures
expect 1 'the record lacks a text "file" or "question"' compare q8.pack model bad.jsonl pictures
echo '{"file": "image0_50x40.png", "question": "what?"}' >bad.jsonl
expect 1 'the record lacks a text "answer"' eval q8.pack bad.jsonl pictures
echo 'nonsense' >bad.jsonl
expect 1 'bad.jsonl: line 1: the record is not valid JSON' eval q8.pack bad.jsonl pictures
expect 1 'not a JPEG, PNG, GIF or BMP picture' bench q8.pack text.png what
expect 1 'missing.png' bench q8.pack missing.png what
expect 1 'nowhere: there is no such folder' goldens nowhere
expect 1 'there are no fixtures' goldens 'a folder'

# ---- a sound is written down ----

cp -r "$fixtures/whisper" whisper
sound=$fixtures/whisper_logmel/audio_16k_mono.wav
{
    printf '{'
    seq -s ' ' 0 113 | sed 's/\([0-9]*\) */"w\1":\1,/g'
    printf '"<|endoftext|>":114}'
} >whisper/vocab.json
echo '#version: 0.2' >whisper/merges.txt
expect 0 '"segments":[{"start":0,"end":2,' transcribe whisper "$sound" --json --precision q8
expect 0 'whisper.pack' quantize whisper whisper.pack --precision q4
expect 0 '"language":""' transcribe whisper.pack "$sound" --json --beams 3
expect 1 "can't be chosen" transcribe whisper.pack "$sound" --language en
expect 1 'the model has no timestamps' transcribe whisper.pack "$sound" --timestamps
expect 1 'the model takes no pictures' ask whisper.pack "$picture" 'what?'
expect 1 'missing.wav' transcribe whisper.pack missing.wav
expect 1 'the model takes no sound' transcribe q8.pack "$sound"
expect 2 'transcribe takes a model and a WAV file' transcribe whisper.pack
expect 2 "--beams is '0'" transcribe whisper.pack "$sound" --beams 0
expect 0 'hear' bench whisper --speech "$sound" -n 1
expect 1 'the model takes no sound' bench q8.pack "$picture" --speech "$sound" -n 1
expect 1 'missing.wav' bench whisper --speech missing.wav
expect 2 'bench takes' bench whisper

[ $wrong = 0 ] && echo "$checks checks passed" && exit
echo "$wrong of $checks checks failed"
exit 1
