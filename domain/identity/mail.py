"""Mail to users, as a port."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.shared.errors import DomainError, ErrorKind


@dataclass(frozen=True, slots=True)
class Mail:
    """A message to one person. Who receives a message of the same `id` again can tell that it is the same."""

    id: UUID
    address: str
    name: str
    subject: str
    text: str
    html: str


class Mailer(Protocol):
    """Sends mail."""

    async def send(self, mail: Mail) -> None:
        """Hand the message over for delivery. Raises MailRefused, and Unavailable when it may be taken later."""


class MailRefused(DomainError):
    """The mail server will not take the message, now or later."""

    kind = ErrorKind.FAILED_PRECONDITION
    reason = "MAIL_REFUSED"

    def __init__(self, code: int) -> None:
        super().__init__(f"The mail server refused the message: {code}.", metadata={"code": str(code)})
