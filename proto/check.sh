#!/usr/bin/env bash
# The contract: well formed, generated/ fresh, and nothing broken that others rely on.
set -eu
buf lint
buf format --diff --exit-code --path proto/fluentpro

# A fresh run beside the committed one: the check leaves the work tree as it is.
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
buf generate --output "$fresh"
buf build --path proto/fluentpro -o "$fresh/generated/fluentpro/descriptors.binpb"
touch "$fresh/generated/fluentpro/py.typed"
if ! diff -rq --exclude=__pycache__ "$fresh/generated" generated; then
  echo "generated/ is not what proto/ says: run 'make generate'." >&2
  exit 1
fi

# Refused from STABLE on; reported before.
python -m server.contract_guard generated/fluentpro/descriptors.binpb proto/baseline
