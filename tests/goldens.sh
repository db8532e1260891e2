#!/usr/bin/env bash
# Run the command line's goldens on the small fixtures of the project, and then on those of VQA_FIXTURES, or else of
# ../shared/fixtures if it lies beside the checkout. Arguments: the command, e.g.  build/native/vqa goldens
set -eu
folders=(tests/fixtures)
if [ "${VQA_FIXTURES:-}" ]; then
    folders+=("$VQA_FIXTURES")
elif [ -d ../shared/fixtures ]; then
    folders+=(../shared/fixtures)
else
    echo "full-size fixtures: skipped, VQA_FIXTURES names none"
fi
failed=0
for folder in "${folders[@]}"; do
    echo "fixtures: $folder"
    "$@" "$folder" || failed=1
done
exit $failed
