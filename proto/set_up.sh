#!/usr/bin/env bash
# Put the google protos that the contract imports where buf finds them. They come with googleapis-common-protos.
set -eu
google=$(python -c 'import google.api; print(next(iter(google.api.__path__)) + "/..")')
for package in api rpc; do
  mkdir -p "proto/third_party/googleapis/google/$package"
  cp "$google/$package"/*.proto "proto/third_party/googleapis/google/$package/"
done
