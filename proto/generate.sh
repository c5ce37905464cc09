#!/usr/bin/env bash
# Write generated/: the stubs, their types, and the descriptor image with comments.
set -eu
buf format --write --path proto/fluentpro
buf generate
buf build --path proto/fluentpro -o generated/fluentpro/descriptors.binpb
touch generated/fluentpro/py.typed
