"""What workers do for accounts."""

from datetime import timedelta
from uuid import UUID

from adapters.choices import mailer
from domain.identity.welcome import SEND_WELCOME_MAIL, SendWelcomeMail
from workers.tasks.attempt import Attempt
from workers.tasks.task import Policy, Task


async def send_welcome_mail(context: Attempt, *, user_id: UUID) -> None:
    """Welcome who has signed up."""
    services = context.services
    await SendWelcomeMail(services.reads, mailer(services.settings, services.clock))(context, user_id)


# A mail server may be away for most of a day (RFC 5321, 4.5.4.1, gives up after four or five).
_MAIL = Policy(seconds=90, transient_tries=40, longest_wait=timedelta(hours=1))

TASKS = (Task(SEND_WELCOME_MAIL, send_welcome_mail, _MAIL),)
