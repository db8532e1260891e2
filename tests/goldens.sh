#!/usr/bin/env bash
# Run the command line's goldens on a fixtures folder: $VQA_FIXTURES, else ../shared/fixtures beside the
# checkout, else the small set in tests/fixtures. Arguments: the command, e.g. build/native/vqa goldens
set -eu
for folder in "${VQA_FIXTURES:-}" ../shared/fixtures tests/fixtures; do
    [ -n "$folder" ] && [ -d "$folder" ] || continue
    echo "fixtures: $folder"
    exec "$@" "$folder"
done
