#!/bin/bash
# Checks that includes in src/ go down only:
#   core <- kernels, quant <- nn, text, image, audio, format <- encoders, fusion, heads <- models <- vqa.c <- wasm, tools
# A folder may include itself and every level below; of its own level nothing but what `also` allows.
# The public header vqa.h is vqa.c's: only vqa.c, wasm and tools may include it.
cd "$(dirname "$0")/../src" || exit 1

level() {       # of a folder of src/, or of a file that lies in src/ itself
    case $1 in
        core) echo 0 ;;
        kernels|quant) echo 1 ;;
        nn|text|image|audio|format) echo 2 ;;
        encoders|fusion|heads) echo 3 ;;
        models) echo 4 ;;
        .) echo 5 ;;
        wasm|tools) echo 6 ;;
        *) echo unknown ;;
    esac
}

also() { [ "$1 $2" = "quant kernels" ]; }       # same level, and still allowed: WHO WHOM

files=0 wrong=0
while IFS=: read -r file line include; do
    name=$(sed 's/[^"]*"\([^"]*\)".*/\1/' <<<"$include")
    from=$(dirname "$file")
    if   [ -e "$from/$name" ]; then to=$(realpath --relative-to=. "$from/$name")
    elif [ -e "$name" ]; then to=$(realpath --relative-to=. "$name")
    else continue; fi                           # a library's header, such as "cJSON.h"
    from=${from%%/*}
    to=$(dirname "$to")
    to=${to%%/*}
    files=$((files + 1))
    for folder in "$from" "$to"; do
        [ "$(level "$folder")" != unknown ] || { echo "tests/includes.sh does not know src/$folder: give it a level"; exit 1; }
    done
    [ "$from" = "$to" ] || [ "$(level "$from")" -gt "$(level "$to")" ] || also "$from" "$to" || {
        echo "src/$file:$line includes \"$name\", but $from may not include $to"
        wrong=$((wrong + 1))
    }
done < <(grep -rn --include='*.[ch]' '^ *# *include *"' . | sed 's|^\./||')

echo "$files includes checked, $wrong wrong"
[ $wrong = 0 ] && [ $files -gt 0 ]
