"""Welcoming who has signed up."""

from dataclasses import dataclass
from html import escape
from uuid import UUID

from domain.identity.errors import UserNotFound
from domain.identity.mail import Mail, Mailer
from domain.identity.model import User
from domain.identity.ports import IdentityReads
from domain.shared.job_context import JobContext

SEND_WELCOME_MAIL = "identity.send_welcome_mail"
"""The task that sends it. Its argument is a `user_id`."""

SUBJECT = "Welcome to FluentPro"
_PARAGRAPHS = (
    (
        "Welcome to FluentPro. This is the place to practise the English of your working day: you speak with a partner "
        "who plays a guest, a client or your manager, and who never loses patience."
    ),
    (
        "Tell us in a few steps what your work is and whom you speak with. Then we recommend scenarios that fit, and "
        "make new ones for you."
    ),
    "Did you not sign up? Then somebody mistyped their address; you need not do anything.",
)


@dataclass(frozen=True, slots=True)
class SendWelcomeMail:
    """Send the mail: the job after a sign-up. The mail has the job's id, so that one sent twice is known to be one."""

    reads: IdentityReads
    mailer: Mailer

    async def __call__(self, context: JobContext, user_id: UUID) -> None:
        """Send it to the account's present address. Raises UserNotFound, MailRefused, Unavailable."""
        async with self.reads() as repositories:
            user = await repositories.users.get(user_id)
        if user is None:
            raise UserNotFound(user_id)
        await self.mailer.send(welcome(user, context.job.id))


def welcome(user: User, mail_id: UUID) -> Mail:
    """Return the mail that welcomes a user."""
    lines = (f"Hello {user.full_name},", *_PARAGRAPHS, "FluentPro")
    html = "\n".join(f"<p>{escape(line)}</p>" for line in lines)
    return Mail(
        id=mail_id,
        address=user.email,
        name=user.full_name,
        subject=SUBJECT,
        text="\n\n".join(lines) + "\n",
        html=f'<!doctype html>\n<html lang="en">\n<title>{SUBJECT}</title>\n{html}\n</html>\n',
    )
