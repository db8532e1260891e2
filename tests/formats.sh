#!/bin/bash
# Checks that what ends up in vqa.wasm formats text only in ways that src/wasm/format.h takes.
cd "$(dirname "$0")/../src" || exit 1

taken='%(%|(\.([0-9]+|\*))?s|0?[0-9]*(z|ll)?[du]|0?[0-9]*x|(\.[0-9]+)?[fg]|c)'
found=$(grep -rhoE --include='*.c' --exclude-dir={tools,wasm} '"([^"\\]|\\.)*"' . |        # string literals
    grep -v '^"%PDF-"$' |                       # how such a file begins
    grep -oE '%[-+ #0-9.*]*(hh|h|ll|l|z|j|t|L)?[a-zA-Z%]' | sort | uniq -c)
unknown=$(grep -vE "^ *[0-9]+ $taken\$" <<<"$found")

echo "$(wc -l <<<"$found") kinds of conversion checked"
[ -z "$unknown" ] || { echo "vqa.wasm cannot format these (src/wasm/format.h):"; echo "$unknown"; exit 1; }
