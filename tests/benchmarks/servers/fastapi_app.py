"""The same API by FastAPI: `python -m tests.benchmarks.servers.fastapi_app FOLDER HTTP_PORT [settled]`.

It has what our chain gives a call, in FastAPI's own way: request id, access log, metrics, bearer tokens (by the same
verifier), errors of the same form. It is served by the same ASGI server; `settled` gives it our settings of Python's
garbage collector too, which nobody has by default.
"""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import uvloop
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Counter, Histogram
from pydantic import BaseModel, ConfigDict, Field

from adapters.settings import Listen
from adapters.telemetry.logs import AccessLog
from adapters.wiring import Application
from domain.identity.errors import TokenMissing
from domain.identity.model import Identity
from domain.shared.errors import DomainError, ErrorKind
from server.asgi import AsgiApp, Receive, Scope, Send
from server.collector import settle
from server.http_app import HttpApp
from server.http_port import HttpPort
from server.signals import StopSignals

from .environment import application_of
from .memory import Memory

_STATUS = {ErrorKind.NOT_FOUND: 404, ErrorKind.UNAUTHENTICATED: 401}


class Meta(BaseModel):
    """What every answer says about itself."""

    request_id: str
    timestamp: str
    version: Literal["v2"] = "v2"


class UserOut(BaseModel):
    """An account."""

    id: str
    email: str
    full_name: str
    date_of_birth: str | None = None
    email_verified: bool
    created_at: str
    updated_at: str
    etag: str


class RoleIn(BaseModel):
    """A role to be made."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=3, max_length=100)
    description: str = Field(min_length=10, max_length=2000)
    level: Literal["ROLE_LEVEL_ASSOCIATE", "ROLE_LEVEL_SUPERVISOR", "ROLE_LEVEL_MANAGER", "ROLE_LEVEL_DIRECTOR"]


class RoleOut(BaseModel):
    """A role."""

    id: str
    industry_id: str
    title: str
    duties: str
    aliases: list[str]
    level: str
    custom: bool
    etag: str


class UserAnswer(BaseModel):
    """An account in its envelope."""

    data: UserOut
    meta: Meta


class RoleAnswer(BaseModel):
    """A role in its envelope."""

    data: RoleOut
    meta: Meta


class Telemetry:
    """Request id, access log and metrics, as plain ASGI: the quickest middleware there is."""

    def __init__(self, app: AsgiApp, log: AccessLog, registry: CollectorRegistry) -> None:
        self._app = app
        self._log = log
        self._started = Counter("http_started", "Requests started.", registry=registry)
        self._handled = Counter("http_handled", "Requests answered.", ["code"], registry=registry)
        self._seconds = Histogram("http_handling_seconds", "Time from start to end.", registry=registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        request_id = str(uuid4())
        scope["state"] = {"request_id": request_id}
        status = 500
        self._started.inc()

        async def counting(event: dict[str, Any]) -> None:
            nonlocal status
            if event["type"] == "http.response.start":
                status = event["status"]
                event["headers"] = [*event["headers"], (b"x-request-id", request_id.encode())]
            await send(event)

        await self._app(scope, receive, counting)
        seconds = time.monotonic() - started
        self._handled.labels(status).inc()
        self._seconds.observe(seconds)
        self._log.write(
            time=round(time.time(), 3),
            method=scope["path"],
            code=status,
            ms=round(seconds * 1000, 3),
            request_id=request_id,
            user=str(getattr(scope["state"].get("identity"), "user_id", "")),
            peer=str(scope.get("client")),
        )


def build_app(application: Application) -> FastAPI:
    """Return the API."""
    memory = Memory(application.identity)
    app = FastAPI()

    async def caller(request: Request) -> Identity:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise TokenMissing
        identity = application.tokens.known(token) or await application.tokens.identify(token)
        request.state.identity = identity
        return identity

    Caller = Annotated[Identity, Depends(caller)]  # noqa: N806 - a type

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/api/v2/users/me")
    async def get_me(identity: Caller, request: Request) -> UserAnswer:
        user = await memory.get_user(identity.user_id)
        data = UserOut(
            id=str(user.id),
            email=user.email,
            full_name=user.full_name,
            date_of_birth=user.date_of_birth.isoformat() if user.date_of_birth else None,
            email_verified=user.email_verified,
            created_at=_instant(user.created_at),
            updated_at=_instant(user.updated_at),
            etag=user.etag,
        )
        return UserAnswer(data=data, meta=_meta(request))

    @app.post("/api/v2/onboarding/roles", status_code=201)
    async def create_role(identity: Caller, role: RoleIn, request: Request) -> RoleAnswer:
        level = role.level.removeprefix("ROLE_LEVEL_").lower()
        made = await memory.create_custom_role(identity.user_id, role.title, role.description, level)
        data = RoleOut(
            id=made.id,
            industry_id=made.industry_id,
            title=made.title,
            duties=made.duties,
            aliases=list(made.aliases),
            level=f"ROLE_LEVEL_{made.level.name}",
            custom=made.custom,
            etag=str(made.version),
        )
        return RoleAnswer(data=data, meta=_meta(request))

    @app.get("/api/v2/conversations/{conversation_id}")
    async def get_conversation(identity: Caller, conversation_id: UUID) -> None:
        await memory.get_conversation(identity.user_id, str(conversation_id))

    @app.exception_handler(DomainError)
    async def refuse(request: Request, error: DomainError) -> JSONResponse:
        shown = {"code": error.reason, "status": error.kind.name, "message": error.message, "details": []}
        return _error(request, _STATUS.get(error.kind, 400), shown)

    @app.exception_handler(RequestValidationError)
    async def refuse_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        details = [{"field": ".".join(map(str, each["loc"])), "message": each["msg"]} for each in error.errors()]
        shown = {"code": "INVALID_REQUEST", "status": "INVALID_ARGUMENT", "message": "Refused.", "details": details}
        return _error(request, 400, shown)

    return app


def _error(request: Request, http_status: int, error: dict[str, Any]) -> JSONResponse:
    return JSONResponse({"error": error, "meta": _meta(request).model_dump()}, http_status)


def _meta(request: Request) -> Meta:
    return Meta(request_id=request.state.request_id, timestamp=_instant(datetime.now(UTC), "milliseconds"))


def _instant(moment: datetime, precision: str = "microseconds") -> str:
    return f"{moment.astimezone(UTC).isoformat(timespec=precision)[:-6]}Z"


async def _serve(folder: Path, http_port: int, *, is_settled: bool) -> None:
    async with application_of(folder) as (application, _):
        log = AccessLog()
        app = Telemetry(build_app(application), log, CollectorRegistry())
        signals = StopSignals()
        port = HttpPort(HttpApp({}, app), is_shared=False)
        with signals.installed():
            await port.start(Listen("127.0.0.1", http_port))
            if is_settled:
                settle()
            await signals.first.wait()
            await port.stop(grace=1.0)
        log.flush()


if __name__ == "__main__":
    uvloop.run(_serve(Path(sys.argv[1]), int(sys.argv[2]), is_settled="settled" in sys.argv[3:]))
