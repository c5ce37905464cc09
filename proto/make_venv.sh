#!/usr/bin/env bash
# Make .venv with the newest Python on this machine that FluentPro runs on.
set -eu
for python in python3.13 python3.12 python3.11 python3 python; do
  if "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
    echo "Making .venv with $("$python" --version)"
    exec "$python" -m venv .venv
  fi
done
echo "FluentPro needs Python 3.11, 3.12 or 3.13 with the venv module; none was found." >&2
exit 78
