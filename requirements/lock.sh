#!/usr/bin/env bash
# Writes the locks anew: hashes, and no address of any registry. `make lock` calls it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CUSTOM_COMPILE_COMMAND="make lock"

compile() {
  .venv/bin/pip-compile --quiet --allow-unsafe --generate-hashes --strip-extras \
    --no-emit-index-url --no-emit-trusted-host --no-emit-find-links "$@"
}

for layer in base local dev; do
  compile --output-file "requirements/$layer.txt" "requirements/$layer.in" "$@"
done

# Only the data wheel itself: its dependencies belong to code that nobody runs.
compile --output-file - requirements/data.in "$@" 2>/dev/null \
  | awk '/^#/ {print} /^[a-z]/ {ours = /^lifetimes/} ours' >requirements/data.txt
