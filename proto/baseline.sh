#!/usr/bin/env bash
# Accept the contract as it is now. A change that breaks clients needs a page in docs/decisions/ with it.
set -eu
mkdir -p proto/baseline
rm -f proto/baseline/*.binpb
for folder in proto/fluentpro/v*/; do
  version=$(basename "$folder")
  buf build --path proto/fluentpro/contract --path "proto/fluentpro/$version" -o "proto/baseline/$version.binpb"
done
fluentpro routes --json > proto/baseline/routes.json
