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

# v2 is reported while its lifecycle is BETA, and enforced from STABLE on.
image=generated/fluentpro/descriptors.binpb
for baseline in proto/baseline/*.binpb; do
  buf breaking "$image" --against "$baseline" --exclude-imports || [ "$baseline" = proto/baseline/v2.binpb ]
done
fluentpro routes --json | diff -u proto/baseline/routes.json - \
  || echo "The routes differ from the baseline (reported while v2 is BETA): 'make baseline' accepts them."
