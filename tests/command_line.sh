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
expect 0 'parameters, as stored' quantize --precision f32 model f32.pack
check 'q8 is smaller' [ "$(wc -c <q8.pack)" -lt "$(wc -c <f32.pack)" ]
check 'no half-written pack is left' [ -z "$(ls ./*.part 2>/dev/null)" ]
expect 0 'bert_vit_fusion' inspect model
expect 0 'text_encoder.embeddings.word_embeddings.weight' inspect model
expect 0 'fusion concat' inspect q8.pack
expect 0 '"precision":"q8"' inspect --json q8.pack
expect 0 '"name":"Small"' inspect --json q8.pack
check 'inspect --json is JSON' valid_json out
expect 0 '"precision":"f32"' inspect --json f32.pack
for pack in q8.pack f32.pack; do
    expect 0 '' ask $pack "$picture" "$question"
    check "ask $pack gives 5 answers" [ "$(wc -l <out)" = 5 ]
    mv out answers
    expect 0 '' ask $pack "$picture" "$question" -t 3
    check "ask $pack gives the same with 3 threads" cmp -s out answers
    expect 0 '' ask -k 100 $pack "$picture" "$question"
    check "ask $pack gives all 42 answers" [ "$(wc -l <out)" = 42 ]
    expect 0 '{"answers":[{"answer":' ask $pack "$picture" "$question" --json -k 3
    check "ask --json is JSON" valid_json out
done
expect 0 'load' bench f32.pack "$picture" "$question" -n 2
expect 0 'answer' bench f32.pack "$picture" "$question" -n 1 -t 2
expect 0 'passed, 0 failed' goldens "$fixtures" --only vit

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
mv out answers
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
expect 0 '"questions":	7' eval f32.pack data.jsonl pictures.tar --json
check 'eval --json is JSON' valid_json out

# ---- wrong usage ----

expect 2 "there is no command 'answer'" answer
expect 2 "there is no command ''" ''
for command in ask eval quantize inspect bench goldens; do expect 2 "$command takes" $command; done
expect 2 'ask takes a pack, a picture and a question' ask q8.pack "$picture"
expect 2 'ask takes' ask q8.pack "$picture" what is it
expect 2 'inspect takes' inspect q8.pack f32.pack
expect 2 'quantize takes' quantize model
for k in 0 101 -1 x '' 1.5 99999999999999999999; do
    expect 2 "-k is '$k', expected a whole number from 1 to 100" ask q8.pack "$picture" what -k "$k"
done
for t in 0 65 x; do expect 2 "-t is '$t'" ask q8.pack "$picture" what -t $t; done
expect 2 "-t is '0'" eval -t 0 q8.pack data.jsonl pictures
expect 2 "-n is '0'" bench -n 0 q8.pack "$picture" what
expect 2 "--precision is 'q4', expected q8 or f32" quantize model x.pack --precision q4
for option in --foo --precision; do expect 2 "the option '$option' is" ask q8.pack "$picture" what $option; done
for option in -x -k -t; do expect 2 "the option '$option' is" ask q8.pack "$picture" what $option; done
expect 2 "the option '-o' is" goldens "$fixtures" --only
"$vqa" >out 2>err
check 'no command: help and exit code 2' [ $? = 2 ]
check 'no command: help on standard error' grep -q 'vqa ask PACK' err

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
expect 1 "a folder: is a folder, expected a file" ask 'a folder' "$picture" what
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
expect 1 'nowhere: there is no such folder' quantize nowhere x.pack
expect 1 'model.safetensors: ' quantize without_model x.pack
expect 1 'vocab.txt: ' quantize without_words x.pack
expect 1 'config.json: ' quantize 'a folder' x.pack
expect 1 'nowhere/x.pack' quantize model nowhere/x.pack
check 'a failed quantize leaves nothing' [ ! -e x.pack ] && check 'no part' [ ! -e x.pack.part ]
expect 1 'config.json: ' inspect 'a folder'
expect 1 'missing.jsonl: ' eval q8.pack missing.jsonl pictures
expect 1 'there are no questions' eval q8.pack empty pictures
expect 1 'nowhere.tar: ' eval q8.pack data.jsonl nowhere.tar
expect 1 'text.png: ' eval q8.pack data.jsonl text.png
expect 1 "line 1: " eval q8.pack data.jsonl 'a folder'
echo '{"file": 3}' >bad.jsonl
expect 1 'bad.jsonl: line 1: the record lacks a text "file", "question" or "answer"' \
    eval q8.pack bad.jsonl pictures
echo 'nonsense' >bad.jsonl
expect 1 'bad.jsonl: line 1: the record is not valid JSON' eval q8.pack bad.jsonl pictures
expect 1 'not a JPEG, PNG, GIF or BMP picture' bench q8.pack text.png what
expect 1 'missing.png' bench q8.pack missing.png what
expect 1 'nowhere: there is no such folder' goldens nowhere
expect 1 'there are no fixtures' goldens 'a folder'

[ $wrong = 0 ] && echo "$checks checks passed" && exit
echo "$wrong of $checks checks failed"
exit 1
