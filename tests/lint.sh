#!/bin/bash
# clang-tidy (what .clang-tidy names) and cppcheck over src/, quiet where nothing is wrong:
#
#   tests/lint.sh BUILD       the folder that has compile_commands.json
set -eu
cd "$(dirname "$0")/.."
build=$1
sources() { sed -n 's|^ *"file": "\(.*/src/[^"]*\)",*$|\1|p' "$build/compile_commands.json" | sort -u; }

echo "== clang-tidy: $(sources | wc -l) files"
sources | xargs -n 4 -P "$(nproc)" clang-tidy-19 -p "$build" --quiet 2>/dev/null
echo "== cppcheck"
sources | cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --enable=warning,portability -j "$(nproc)" \
    -I src --include=/usr/include/cjson/cJSON.h --file-list=- --suppress=missingIncludeSystem
