"""Making an account."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import UUID, uuid4

from domain.identity.email import EmailAddress, parse_email
from domain.identity.errors import EmailTaken
from domain.identity.events import UserRegistered
from domain.identity.model import Tokens, User
from domain.identity.password import parse_new_password
from domain.identity.ports import CommonPasswords, IdentityWork, PasswordHasher
from domain.identity.profile import parse_date_of_birth, parse_full_name
from domain.identity.sessions import SessionTokens
from domain.shared.checks import Checks, Refused
from domain.shared.clock import Clock


@dataclass(frozen=True, slots=True)
class SignUp:
    """What somebody who wants an account sends. `device` is what their client calls itself."""

    email: str
    password: str
    full_name: str
    accept_terms: bool
    date_of_birth: str | None = None
    device: str = ""


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who signs up, checked."""

    email: EmailAddress
    password: str
    full_name: str
    date_of_birth: date | None


@dataclass(frozen=True, slots=True)
class RegisterUser:
    """Make an account and open its first session."""

    uow: Callable[[], IdentityWork]
    sessions: SessionTokens
    hasher: PasswordHasher
    common_passwords: CommonPasswords
    clock: Clock
    new_id: Callable[[], UUID] = uuid4

    async def __call__(self, command: SignUp) -> tuple[User, Tokens]:
        """Return the new user and their tokens. Raises InvalidRequest, EmailTaken."""
        applicant = self.check(command)
        password_hash = await self.hasher.hash(applicant.password)
        user = _account(self.new_id(), applicant, password_hash, self.clock())
        async with self.uow() as work:
            if not await work.users.add(user):
                raise EmailTaken
            work.record(UserRegistered(user_id=user.id, email=user.email, full_name=user.full_name))
            _, tokens = await self.sessions.open(work, user.id, command.device)
            await work.commit()
        return user, tokens

    def check(self, command: SignUp) -> Applicant:
        """Return what is to be kept. Writes nothing. Raises InvalidRequest with all that is wrong."""
        today = self.clock().date()
        parse_password = partial(parse_new_password, common=self.common_passwords, personal=_personal(command))
        born = None
        with Checks() as check:
            email = check("email", parse_email, command.email)
            password = check("password", parse_password, command.password)
            full_name = check("full_name", parse_full_name, command.full_name)
            check("accept_terms", _accepted, command.accept_terms)
            if command.date_of_birth is not None:
                born = check("date_of_birth", partial(parse_date_of_birth, today=today), command.date_of_birth)
        return Applicant(email, password, full_name, born)


def _accepted(accept_terms: bool) -> bool:
    if not accept_terms:
        raise Refused("REQUIRED", "The terms must be accepted.")
    return True


def _personal(command: SignUp) -> frozenset[str]:
    """Return what a password must not be: the address, its local part, the name with and without its spaces."""
    email, name = command.email.strip(), command.full_name.strip()
    return frozenset({email, email.rpartition("@")[0], name, "".join(name.split())})


def _account(user_id: UUID, applicant: Applicant, password_hash: str, now: datetime) -> User:
    return User(
        id=user_id,
        email=applicant.email.typed,
        email_key=applicant.email.key,
        full_name=applicant.full_name,
        date_of_birth=applicant.date_of_birth,
        password_hash=password_hash,
        email_verified=False,
        terms_accepted_at=now,
        created_at=now,
        updated_at=now,
    )
