#!/bin/bash
# Checks that includes in src/ go down only:
#   core <- kernels, quant <- nn, text, image, audio, format <- encoders, fusion, heads <- models <- vqa.c <- wasm, tools
# A folder may include itself and every level below; of its own level nothing but what `also` allows.
# The public header vqa.h is vqa.c's: only vqa.c, wasm and tools may include it.
cd "$(dirname "$0")/../src" || exit 1

declare -A level=(      # of a folder of src/, or (.) of a file that lies in src/ itself
    [core]=0 [kernels]=1 [quant]=1 [nn]=2 [text]=2 [image]=2 [audio]=2 [format]=2
    [encoders]=3 [fusion]=3 [heads]=3 [models]=4 [.]=5 [wasm]=6 [tools]=6
)
also() { case "$1 $2" in "quant kernels" | "audio format") ;; *) false ;; esac; }     # same level, and still allowed: WHO WHOM

files=0 wrong=0
while IFS=: read -r file line include; do
    name=${include#*\"} name=${name%%\"*}       # between the quotes
    from=. to=.
    case $file in */*) from=${file%%/*} ;; esac
    if   [ -e "${file%/*}/$name" ]; then to=$from       # beside the file
    elif [ -e "$name" ]; then case $name in */*) to=${name%%/*} ;; esac
    else continue; fi                           # a library's header
    files=$((files + 1))
    for folder in "$from" "$to"; do
        [ "${level[$folder]:-}" ] || { echo "tests/includes.sh does not know src/$folder: give it a level"; exit 1; }
    done
    [ "$from" = "$to" ] || [ "${level[$from]}" -gt "${level[$to]}" ] || also "$from" "$to" || {
        echo "src/$file:$line includes \"$name\", but $from may not include $to"
        wrong=$((wrong + 1))
    }
done < <(grep -rn --include='*.[ch]' '^ *# *include *"' . | sed 's|^\./||')

echo "$files includes checked, $wrong wrong"
[ $wrong = 0 ] && [ $files -gt 0 ]
