#!/usr/bin/env bash
# Run the command line's goldens on a fixtures folder: $VQA_FIXTURES, or else ../shared/fixtures beside the
# checkout if that is there, or else the small set in tests/fixtures. Arguments: the command, e.g.
# build/native/vqa goldens
set -eu
folder=${VQA_FIXTURES:-}
[ "$folder" ] || folder=../shared/fixtures
[ "${VQA_FIXTURES:-}" ] || [ -d "$folder" ] || folder=tests/fixtures
echo "fixtures: $folder"
exec "$@" "$folder"
