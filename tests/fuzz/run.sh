#!/bin/bash
# Runs libFuzzer targets that have been built, two at a time, each for some seconds:
#
#   tests/fuzz/run.sh PROGRAMS SECONDS [NAME...]     all targets without a NAME, fuzz_NAME.c each
#
# Seeds come from the fixtures and from fuzz_seeds; what is found grows in PROGRAMS/corpus/NAME. An input that
# fails is left in PROGRAMS/corpus as NAME-crash-..., and what the target printed is shown.
set -eu
programs=$1 seconds=$2
shift 2
cd "$(dirname "$0")/../.."
[ $# != 0 ] || set -- safetensors pack folder text picture sound ask
corpus=$programs/corpus
fixtures=tests/fixtures
mkdir -p "$corpus"/{safetensors,pack,folder,text,picture,sound,ask}
"$programs/fuzz_seeds" "$corpus"
cp "$fixtures"/safetensors_format/*/*.safetensors "$corpus/safetensors"
cp "$fixtures"/preprocess/images/* "$corpus/picture"
head -c 4000 "$fixtures"/spoken/where-is-the-cross.wav >"$corpus/sound/spoken.wav"
# A fixture's file in the place of the tiny folder's that has its name: the two bytes before that say which it is.
for file in "$fixtures"/{*,*/*}/{config,preprocessor_config,tokenizer_config,vocab}.json; do
    case $file in *clip*) model=3 ;; *whisper*) model=4 ;; *vilt*) model=1 ;; *) model=0 ;; esac
    tiny=$corpus/folder/tiny-$model-${file##*/} name=${file#"$fixtures"/}
    [ ! -e "$file" ] || [ ! -e "$tiny" ] || cat <(head -c 2 "$tiny") "$file" >"$corpus/folder/${name//\//-}"
done

fuzz() {
    local log=$programs/corpus/$1.log dictionary=tests/fuzz/$1.dict
    [ -e "$dictionary" ] || dictionary=tests/fuzz/json.dict
    if "$programs/fuzz_$1" -dict="$dictionary" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3072 \
        -malloc_limit_mb=1000000000 -artifact_prefix="$programs/corpus/$1-" -print_final_stats=1 \
        "$programs/corpus/$1" >"$log" 2>&1; then
        echo "fuzz_$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s, none fails"
    else
        tail -n 60 "$log"
        echo "fuzz_$1: an input fails, see $log"
        return 1
    fi
}
export -f fuzz
export programs seconds
printf '%s\n' "$@" | xargs -n 1 -P "${JOBS:-2}" bash -c 'fuzz "$0"'
