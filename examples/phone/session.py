"""Being signed in: tokens on disk, the access token replaced before it expires."""

import asyncio
import time
from pathlib import Path
from typing import Final

from grpc.aio import AioRpcError, Channel

from fluentpro.v2.auth_service_pb2 import LogInRequest, RefreshTokensRequest, SignUpRequest
from fluentpro.v2.auth_service_pb2_grpc import AuthServiceStub
from fluentpro.v2.tokens_pb2 import Tokens
from phone import disk
from phone.refusal import refusal_of
from phone.wire import CALL_SECONDS

Metadata = tuple[tuple[str, str], ...]

_SPARE: Final = 30.0
"""Seconds before its end at which an access token is replaced: it must last for the way to the server."""

_ENDED: Final = {"REFRESH_TOKEN_INVALID", "REFRESH_TOKEN_REUSED"}


class SignedOut(Exception):
    """The session has ended: only a new log-in helps."""


class Session:
    """One device's session. Its refresh token buys each next pair, and is written to disk before it is used."""

    def __init__(self, channel: Channel, path: Path) -> None:
        self._auth = AuthServiceStub(channel)
        self._path = path
        self._kept = disk.kept(path)
        self._one_at_a_time = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether somebody is signed in."""
        return bool(self._kept)

    async def sign_up(self, email: str, password: str, full_name: str) -> None:
        """Make an account. Asked again after a lost answer it finds its own account, and logs in."""
        request = SignUpRequest(email=email, password=password, full_name=full_name, accept_terms=True)
        try:
            answer = await self._auth.SignUp(request, timeout=CALL_SECONDS)
        except AioRpcError as error:
            if refusal_of(error).reason != "EMAIL_TAKEN":
                raise
            await self.log_in(email, password)
        else:
            self._keep(answer.tokens)

    async def log_in(self, email: str, password: str) -> None:
        """Open a session of an account there is."""
        answer = await self._auth.LogIn(LogInRequest(email=email, password=password), timeout=CALL_SECONDS)
        self._keep(answer.tokens)

    async def metadata(self) -> Metadata:
        """Return what goes with every call. Raises SignedOut, or AioRpcError when a needed refresh fails."""
        async with self._one_at_a_time:  # two refreshes with one token would look like a theft
            if self._kept.get("expires_at", 0.0) - time.time() < _SPARE:
                await self._refresh()
        return (("authorization", f"Bearer {self._kept['access_token']}"),)

    def expire(self) -> None:
        """Replace the access token before the next call: the server says that its time is over."""
        self._kept["expires_at"] = 0.0

    async def _refresh(self) -> None:
        request = RefreshTokensRequest(refresh_token=self._kept.get("refresh_token", ""))
        try:
            answer = await self._auth.RefreshTokens(request, timeout=CALL_SECONDS)
        except AioRpcError as error:
            if refusal_of(error).reason not in _ENDED:
                raise
            self._path.unlink(missing_ok=True)
            raise SignedOut from error
        self._keep(answer.tokens)

    def _keep(self, tokens: Tokens) -> None:
        self._kept = {
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "expires_at": time.time() + tokens.expires_in,
        }
        disk.keep(self._path, self._kept)
