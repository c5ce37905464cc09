#!/usr/bin/env bash
# Accept the contract as it is now. A change that breaks clients needs a page in docs/decisions/ with it.
set -eu
mkdir -p proto/baseline
buf build --path proto/fluentpro/contract --path proto/fluentpro/v2 -o proto/baseline/v2.binpb
fluentpro routes --json > proto/baseline/routes.json
