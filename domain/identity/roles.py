"""Who may do more than a learner: giving roles to accounts and taking them away."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.identity.email import parse_email
from domain.identity.errors import AddressUnknown
from domain.identity.events import Revocation, SessionRevoked, UserRoleGranted, UserRoleRevoked
from domain.identity.model import User
from domain.identity.ports import IdentityWork
from domain.shared.checks import Checks, Refused
from domain.shared.clock import Clock

ROLES = ("admin", "internal")
"""The roles there are: administrators, and services of our own."""


@dataclass(frozen=True, slots=True)
class GrantRole:
    """Give an account a role. Tokens carry it from the next log-in or refresh on."""

    uow: Callable[[], IdentityWork]

    async def __call__(self, email: str, role: str) -> bool:
        """Return whether that was a change. Raises InvalidRequest, AddressUnknown."""
        email_key, role = _checked(email, role)
        async with self.uow() as work:
            user = await _held(work, email_key)
            if role in user.roles:
                return False
            await work.users.save_roles(replace(user, roles=(*user.roles, role)))
            work.record(UserRoleGranted(user_id=user.id, role=role))
            await work.commit()
        return True


@dataclass(frozen=True, slots=True)
class RevokeRole:
    """Take a role from an account and end its sessions.

    A token that carries a role is looked up at every call, so it stops working at once in every process.
    """

    uow: Callable[[], IdentityWork]
    clock: Clock

    async def __call__(self, email: str, role: str) -> bool:
        """Return whether that was a change. Raises InvalidRequest, AddressUnknown."""
        email_key, role = _checked(email, role)
        async with self.uow() as work:
            user = await _held(work, email_key)
            if role not in user.roles:
                return False
            await work.users.save_roles(replace(user, roles=tuple(each for each in user.roles if each != role)))
            work.record(UserRoleRevoked(user_id=user.id, role=role))
            await _end_sessions(work, user, self.clock())
            await work.commit()
        return True


async def _held(work: IdentityWork, email_key: str) -> User:
    found = await work.users.get_by_email(email_key)
    # Exclusively: a session that is being opened at this moment would carry the roles of before.
    user = await work.users.get_exclusively(found.id) if found is not None else None
    if user is None:
        raise AddressUnknown
    return user


async def _end_sessions(work: IdentityWork, user: User, now: datetime) -> None:
    for session in await work.sessions.unrevoked_for_update(user.id):
        if session.is_open(now):
            await work.sessions.revoke(session.revoked(now))
            work.record(SessionRevoked(session_id=session.id, user_id=user.id, cause=Revocation.ROLE_REVOKED))


def _checked(email: str, role: str) -> tuple[str, str]:
    with Checks() as check:
        address = check("email", parse_email, email)
        role = check("role", _parse_role, role)
    return address.key, role


def _parse_role(value: str) -> str:
    if value not in ROLES:
        raise Refused("UNKNOWN_VALUE", f"The roles are {' and '.join(ROLES)}.")
    return value
