"""Opening a session by password."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from domain.identity.email import parse_email
from domain.identity.errors import InvalidCredentials, UserNotFound
from domain.identity.events import UserLoggedIn
from domain.identity.model import Session, Tokens, User
from domain.identity.password import parse_password
from domain.identity.ports import IdentityReads, IdentityWork, PasswordHasher
from domain.identity.sessions import SessionTokens
from domain.shared.checks import Checks, Refused


@dataclass(frozen=True, slots=True)
class LogIn:
    """What somebody who has an account sends. `device` is what their client calls itself."""

    email: str
    password: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class AuthenticateUser:
    """Open a session for who knows the password. Unknown addresses take the same time: each way hashes once."""

    uow: Callable[[], IdentityWork]
    reads: IdentityReads
    sessions: SessionTokens
    hasher: PasswordHasher

    async def __call__(self, command: LogIn) -> tuple[User, Tokens]:
        """Return the user and the tokens of the new session. Raises InvalidRequest, InvalidCredentials."""
        with Checks() as check:
            email_key = check("email", _email_key, command.email)
            password = check("password", parse_password, command.password)
        user = await self._authenticated(email_key, password)
        new_hash = await self.hasher.hash(password) if self.hasher.is_outdated(user.password_hash) else None
        async with self.uow() as work:
            if new_hash is not None:
                await work.users.replace_password_hash(user.id, user.password_hash, new_hash)
            session, tokens = await self._open(work, user.id, command.device)
            work.record(UserLoggedIn(user_id=user.id, session_id=session.id))
            await work.commit()
        return user, tokens

    async def _open(self, work: IdentityWork, user_id: UUID, device: str) -> tuple[Session, Tokens]:
        try:
            return await self.sessions.open(work, user_id, device)
        except UserNotFound:  # erased while the password was checked
            raise InvalidCredentials from None

    async def _authenticated(self, email_key: str, password: str) -> User:
        async with self.reads() as repositories:
            user = await repositories.users.get_by_email(email_key)
        if user is None:
            await self.hasher.hash(password)
            raise InvalidCredentials
        if not await self.hasher.verify(password, user.password_hash):
            raise InvalidCredentials
        return user


def _email_key(value: str) -> str:
    """Return the key of an address; of what is none, a key that no account has: it is as wrong as an unknown one."""
    try:
        return parse_email(value).key
    except Refused as refused:
        if refused.reason == "REQUIRED":
            raise
        return ""
