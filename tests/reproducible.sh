#!/bin/bash
# Builds runtimes once more, in another folder and from a copy of the sources, and compares them with those of build/wasm:
#
#   tests/reproducible.sh [NAME...]     all without a NAME, such as vqa-relaxed-threads
set -eu
cd "$(dirname "$0")/.."
[ $# != 0 ] || set -- vqa{,-full}{,-relaxed,-threads,-relaxed-threads}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z -- CMakeLists.txt CMakePresets.json emscripten.cmake src tests | xargs -0 cp --parents -t "$copy"
(cd "$copy" && cmake --preset wasm --log-level=NOTICE && cmake --build --preset wasm --target "${@/%/-wasm}") >"$copy/log" 2>&1 || {
    tail -n 20 "$copy/log"
    exit 1
}
for name; do
    cmp "build/wasm/$name.wasm" "$copy/build/wasm/$name.wasm" || exit 1
    echo "$name.wasm: the same bytes from another folder, SHA-256 $(sha256sum <"build/wasm/$name.wasm" | cut -c 1-64)"
done
