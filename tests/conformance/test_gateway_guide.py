"""The commands of docs/guide/gateway.md, run as they stand there; only the ports are others."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

from conformance.processes import ROOT, free_port

_GUIDE = ROOT / "docs/guide/gateway.md"
_SECONDS = 60


def _script() -> str:
    blocks = re.findall(r"^```sh\n(.*?)^```$", _GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    script = "\n".join(block.replace("curl --silent ", "echo; curl --silent ") for block in blocks)
    for port in ("50061", "8090"):
        script = script.replace(port, str(free_port()))
    return f"set -eu\ntrap 'kill $(jobs -p)' EXIT\n{script}"


async def test_the_steps_of_the_guide_lead_where_it_says(tmp_path: Path) -> None:
    shell = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        _script(),
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(_SECONDS):
        out, err = await shell.communicate()
    assert shell.returncode == 0, err.decode()
    text = out.decode()
    assert "/v1/{name=operations/**}:cancel" in text
    answers = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    listed, before, cancelled, after, missing, refused, by_default = answers[-7:]
    assert listed == {"operations": [{"name": "operations/a/1"}]}
    assert before == {"name": "operations/a/2"}
    assert cancelled == {}
    assert after == {"name": "operations/a/2", "done": True, "error": {"code": 1}}
    assert missing == {"code": 5, "message": "there is no operations/a/3"}
    assert (refused["code"], refused["message"]) == (3, "page_size: 'many' is no whole number")
    assert by_default == {"name": "operations/a/1"}
