import io
import json
from collections.abc import Iterable
from uuid import UUID, uuid4

import pytest
from google.rpc import code_pb2
from prometheus_client import CollectorRegistry

from adapters.telemetry.logs import AccessLog
from adapters.telemetry.metrics import GrpcServerMetrics, exposition
from domain.identity.errors import TokenExpired, TokenInvalid, TokenMissing
from domain.identity.model import Identity
from domain.shared.origin import UNKNOWN, Origin, current_origin
from server.interceptors.access_log import AccessLogs
from server.interceptors.authentication import AccessDenied, Authentication
from server.interceptors.metrics import Metrics
from server.interceptors.origin import Origins
from server.interceptors.request_id import RequestIds
from server.policies import Access, MethodPolicy

LEARNER = Identity(uuid4(), uuid4())
ADMIN = Identity(uuid4(), uuid4(), frozenset({"admin"}))
SERVICE = Identity(uuid4(), uuid4(), frozenset({"internal"}))
METHOD = "/fluentpro.v2.UserService/GetMe"


def policy_of(name: str, access: Iterable[Access], *, server_streams: bool = False) -> MethodPolicy:
    return MethodPolicy(
        name,
        frozenset(access),
        rate_limit="default",
        answer="a.Answer",
        idempotent=False,
        client_streams=False,
        server_streams=server_streams,
    )


def policy(*access: Access) -> dict[str, MethodPolicy]:
    return {METHOD: policy_of(METHOD, access)}


def authentication(*access: Access) -> Authentication:
    """Tokens are `learner`, `admin` and `service`; `fresh` is a learner's that was verified a moment ago."""

    async def identify(token: str) -> Identity:
        if token == "expired":
            raise TokenExpired
        try:
            return {"learner": LEARNER, "admin": ADMIN, "service": SERVICE}[token]
        except KeyError:
            raise TokenInvalid from None

    return Authentication(policy(*access), identify, {"fresh": LEARNER}.get)


class TestRequestIds:
    @pytest.mark.parametrize("given", ["r-1", "0c9f0c9f-0c9f-4c9f-8c9f-0c9f0c9f0c9f", "a" * 128, "A_b.c"])
    async def test_a_good_id_is_kept_and_echoed(self, make_call, given: str) -> None:
        call = make_call(METHOD, x_request_id=given)
        await RequestIds().begin(call)
        assert call.request_id == given
        assert call.trailers == [("x-request-id", given)]

    @pytest.mark.parametrize("given", ["", "a" * 129, "a b", "ä", 'x"y', "a\n", "{}"])
    async def test_a_bad_id_is_replaced(self, make_call, given: str) -> None:
        call = make_call(METHOD, x_request_id=given)
        await RequestIds().begin(call)
        assert str(UUID(call.request_id)) == call.request_id
        assert call.trailers == [("x-request-id", call.request_id)]


class TestOrigins:
    async def test_what_a_user_causes_has_the_request_and_the_user(self, make_call) -> None:
        call = make_call(METHOD, LEARNER)
        call.request_id = "r-1"
        origins = Origins()
        await origins.begin(call)
        assert current_origin.get() == Origin("r-1", f"user:{LEARNER.user_id}")
        origins.end(call)
        assert current_origin.get() is UNKNOWN

    async def test_what_nobody_causes_is_anonymous(self, make_call) -> None:
        call = make_call(METHOD)
        origins = Origins()
        await origins.begin(call)
        assert current_origin.get().actor == "anonymous"
        origins.end(call)

    async def test_a_call_that_ends_in_another_context_or_before_it_began_does_no_harm(self, make_call) -> None:
        import contextvars

        call = make_call(METHOD)
        origins = Origins()
        origins.end(call)
        await origins.begin(call)
        contextvars.Context().run(origins.end, call)
        assert current_origin.get().actor == "anonymous"
        origins.end(call)
        assert current_origin.get() is UNKNOWN


class TestAuthentication:
    async def test_a_method_for_the_signed_in_takes_any_good_token(self, make_call) -> None:
        for token, identity in [("learner", LEARNER), ("fresh", LEARNER), ("admin", ADMIN)]:
            call = make_call(METHOD, authorization=f"Bearer {token}")
            await authentication(Access.AUTHENTICATED).begin(call)
            assert call.identity == identity

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
    async def test_the_scheme_may_be_spelt_in_any_case(self, make_call, scheme: str) -> None:
        call = make_call(METHOD, authorization=f"{scheme} learner")
        await authentication(Access.AUTHENTICATED).begin(call)
        assert call.identity == LEARNER

    @pytest.mark.parametrize(
        ("headers", "error"),
        [
            ({}, TokenMissing),
            ({"authorization": ""}, TokenMissing),
            ({"authorization": "Bearer"}, TokenInvalid),
            ({"authorization": "Bearer "}, TokenInvalid),
            ({"authorization": "Basic learner"}, TokenInvalid),
            ({"authorization": "learner"}, TokenInvalid),
            ({"authorization": "Bearer forged"}, TokenInvalid),
            ({"authorization": "Bearer expired"}, TokenExpired),
        ],
    )
    async def test_without_a_good_token_the_call_is_refused(self, make_call, headers, error) -> None:
        with pytest.raises(error):
            await authentication(Access.AUTHENTICATED).begin(make_call(METHOD, **headers))

    @pytest.mark.parametrize(
        ("access", "welcome"),
        [
            ((Access.AUTHENTICATED,), {"learner", "admin", "service"}),
            ((Access.ADMIN,), {"admin"}),
            ((Access.INTERNAL,), {"service"}),
            ((Access.ADMIN, Access.INTERNAL), {"admin", "service"}),
        ],
    )
    async def test_only_those_whom_the_policy_names_may_call(self, make_call, access, welcome) -> None:
        for token in ("learner", "admin", "service"):
            call = make_call(METHOD, authorization=f"Bearer {token}")
            if token in welcome:
                await authentication(*access).begin(call)
                continue
            with pytest.raises(AccessDenied) as refusal:
                await authentication(*access).begin(call)
            assert refusal.value.metadata == {"method": METHOD}

    @pytest.mark.parametrize("header", [None, "Bearer forged", "Bearer expired", "Basic x", ""])
    async def test_a_public_method_passes_over_a_missing_or_bad_token(self, make_call, header) -> None:
        call = make_call(METHOD) if header is None else make_call(METHOD, authorization=header)
        await authentication(Access.PUBLIC).begin(call)
        assert call.identity is None

    async def test_a_public_method_knows_who_sends_a_good_token(self, make_call) -> None:
        call = make_call(METHOD, authorization="Bearer learner")
        await authentication(Access.PUBLIC).begin(call)
        assert call.identity == LEARNER


class TestAccessLogs:
    def test_a_line_says_how_the_call_went(self, make_call) -> None:
        stream = io.StringIO()
        log = AccessLog(stream)
        call = make_call(METHOD, LEARNER)
        call.request_id, call.code, call.reason, call.received = "r-1", code_pb2.NOT_FOUND, "USER_NOT_FOUND", 1
        AccessLogs(log).end(call)
        line = json.loads(stream.getvalue())
        assert 0 <= line.pop("ms") < 5000
        assert line.pop("time") > 1_700_000_000
        assert line == {
            "event": "rpc",
            "method": METHOD,
            "code": "NOT_FOUND",
            "reason": "USER_NOT_FOUND",
            "request_id": "r-1",
            "user": str(LEARNER.user_id),
            "peer": "ipv4:127.0.0.1:1",
            "received": 1,
            "sent": 0,
        }

    def test_a_call_by_nobody_has_no_user(self, make_call) -> None:
        stream = io.StringIO()
        AccessLogs(AccessLog(stream)).end(make_call(METHOD))
        assert json.loads(stream.getvalue())["user"] == ""


class TestMetrics:
    async def test_calls_and_messages_are_counted_by_method_and_code(self, make_call) -> None:
        registry = CollectorRegistry()
        watch = policy_of("/a.B/Watch", (), server_streams=True)
        metrics = Metrics(GrpcServerMetrics(registry), [watch])
        for code in (code_pb2.OK, code_pb2.OK, code_pb2.DEADLINE_EXCEEDED, code_pb2.CANCELLED):
            call = make_call("/a.B/Watch")
            await metrics.begin(call)
            call.code, call.received, call.sent = code, 1, 3
            metrics.end(call)
        labels = {"grpc_type": "server_stream", "grpc_service": "a.B", "grpc_method": "Watch"}
        values = {
            (sample.name, sample.labels.get("grpc_code")): sample.value
            for family in registry.collect()
            for sample in family.samples
            if sample.labels.items() >= labels.items()
        }
        assert values["grpc_server_started_total", None] == 4
        assert values["grpc_server_handled_total", "OK"] == 2
        assert values["grpc_server_handled_total", "DeadlineExceeded"] == 1
        assert values["grpc_server_handled_total", "Canceled"] == 1
        assert values["grpc_server_handling_seconds_count", None] == 4
        assert values["grpc_server_msg_received_total", None] == 4
        assert values["grpc_server_msg_sent_total", None] == 12

    def test_a_method_shows_up_before_its_first_call(self) -> None:
        registry = CollectorRegistry()
        Metrics(GrpcServerMetrics(registry), policy(Access.PUBLIC).values())
        assert b'grpc_method="GetMe"' in exposition(registry)
