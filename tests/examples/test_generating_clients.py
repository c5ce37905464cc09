"""What docs/guide/clients.md tells the makers of clients to do, done without a network."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from e2e.command import ROOT

PAGE = (ROOT / "docs/guide/clients.md").read_text()
RECIPES = re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
BUF = Path(sys.executable).with_name("buf")

pytestmark = pytest.mark.skipif(not BUF.exists(), reason="buf is not beside this Python")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A client's repository, with the protos that the page's command exports."""
    client = tmp_path_factory.mktemp("client")
    (command,) = re.findall(r"^    \.venv/bin/buf (export .+?)\n\n", PAGE, re.DOTALL | re.MULTILINE)
    words = command.replace("\\\n", " ").replace("../fluentpro-protos", str(client / "protos")).split()
    subprocess.run([BUF, *words], cwd=ROOT, check=True)
    return client


def test_the_exported_folder_builds_by_itself(client: Path):
    subprocess.run([BUF, "build", "protos"], cwd=client, check=True)


@pytest.mark.parametrize("recipe", RECIPES, ids=["swift", "kotlin"])
def test_the_generated_code_needs_no_option_of_the_server(client: Path, recipe: str):
    plugin = (
        f"  - protoc_builtin: python\n    protoc_path: [{sys.executable}, -m, grpc_tools.protoc]\n"
        "    out: stubs\n    include_imports: true\n"
    )
    template = client / "buf.gen.yaml"
    template.write_text(re.sub(r"(?<=^plugins:\n).+?(?=^inputs:)", plugin, recipe, flags=re.DOTALL | re.MULTILINE))
    subprocess.run([BUF, "generate"], cwd=client, check=True)
    stubs = {f"{path.relative_to(client / 'stubs')}": path.read_text() for path in client.glob("stubs/**/*.py")}
    protos = {f"{path.relative_to(ROOT / 'proto')}" for path in ROOT.glob("proto/fluentpro/v2/*.proto")}
    assert {proto.replace(".proto", "_pb2.py") for proto in protos} <= stubs.keys()
    assert {name for name in stubs if name.startswith("google/api/")} == {"google/api/httpbody_pb2.py"}
    for name, code in stubs.items():
        assert not re.search(r"^(?:from|import) .*(?:options|annotations|field_behavior)_pb2", code, re.MULTILINE), name
