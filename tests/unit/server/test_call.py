import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from domain.identity.errors import TokenMissing
from domain.identity.model import Identity
from server.call import identity_of

ROOT = Path(__file__).parents[3]

SERVICER = """
from collections.abc import AsyncIterator

from fluentpro.v2 import user_service_pb2 as pb
from fluentpro.v2.user_service_pb2_grpc import UserServiceServicer
from server.call import Context, identity_of


class Users(UserServiceServicer):
    async def ExportMe(self, request: pb.ExportMeRequest, context: Context) -> AsyncIterator[pb.ExportMeResponse]:
        yield pb.ExportMeResponse()

    async def GetMe(self, request: pb.GetMeRequest, context: Context) -> pb.GetMeResponse:
        answer = pb.GetMeResponse()
        answer.user.id = str(identity_of(context).user_id)
        return answer

    async def UpdateMe(self, request: pb.UpdateMeRequest, context: Context) -> pb.UpdateMeResponse:
        return pb.UpdateMeResponse(user=request.user)

    async def DeleteMe(self, request: pb.DeleteMeRequest, context: Context) -> pb.DeleteMeResponse:
        return pb.DeleteMeResponse()


Users()
"""


def test_time_remaining_counts_down_to_the_deadline_and_stops_at_zero(make_call) -> None:
    call = make_call()
    assert 4 < call.time_remaining() <= 5
    call.deadline = call.started - 1
    assert call.time_remaining() == 0


def test_trailing_metadata_adds_up(make_call) -> None:
    call = make_call()
    call.set_trailing_metadata([("a", "1")])
    call.set_trailing_metadata((("b", "2"),))
    assert call.trailers == [("a", "1"), ("b", "2")]


def test_a_servicer_learns_who_calls(make_call) -> None:
    identity = Identity(uuid4(), uuid4())
    assert identity_of(make_call(identity=identity)) is identity


def test_a_servicer_that_needs_somebody_refuses_nobody(make_call) -> None:
    with pytest.raises(TokenMissing):
        identity_of(make_call())


def test_strict_types_accept_a_servicer_and_refuse_a_wrong_one(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text(SERVICER)
    bad.write_text(SERVICER.replace(".user_id", ".nothing"))
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), str(good)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (0, "Success: no issues found in 1 source file\n")
    told = subprocess.run([*command[:-1], str(bad)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert '"Identity" has no attribute "nothing"' in told.stdout
