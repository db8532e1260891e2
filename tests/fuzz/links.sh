#!/bin/sh
# Whether a compiler links libFuzzer targets: tests/fuzz/links.sh clang-19
echo 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' |
    "$1" -x c - -fsanitize=fuzzer,address,undefined -o /dev/null 2>/dev/null
