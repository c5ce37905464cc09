"""Mail by SMTP (RFC 5321), over TLS.

The standard library's client in a thread: a message takes a fraction of a second, and no more of them are sent at once
than a worker has jobs.
"""

import asyncio
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address
from typing import Self
from urllib.parse import unquote, urlsplit

from adapters.mail.message import message_of
from domain.identity.mail import Mail, MailRefused
from domain.shared.clock import Clock
from domain.shared.errors import Unavailable

SECONDS = 20.0
"""How long to wait for any answer of the server."""

_PORTS = {"smtp": 587, "smtps": 465}  # RFC 6409 and RFC 8314: submission
_FIRST_PERMANENT = 500
_NOT_SUPPORTED = 553  # RFC 6531, 3.5: an address that the server has no SMTPUTF8 for


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over. `smtps` is TLS from the start; `smtp` turns to it, save on this machine."""

    scheme: str
    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """Read `smtp://user:password@host:port`. ValueError for what is no such URL."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("expected smtp://user:password@host or smtps://user:password@host")
        user, password = (None if text is None else unquote(text) for text in (parts.username, parts.password))
        return cls(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], user, password)

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine, so that nothing goes over a network."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class SmtpMailer:
    """Implements `domain.identity.mail.Mailer`: a connection a message."""

    def __init__(self, server: SmtpServer, sender: str, clock: Clock, seconds: float = SECONDS) -> None:
        self._server = server
        self._sender = sender
        self._clock = clock
        self._seconds = seconds

    async def send(self, mail: Mail) -> None:
        """Hand the message over. Raises MailRefused, Unavailable."""
        message = message_of(mail, self._sender, self._clock())
        await asyncio.to_thread(self._send, message)

    def _send(self, message: EmailMessage) -> None:
        with _judged(), self._connected() as connection:
            connection.send_message(message)
            # It has been taken: whatever the server says to our leaving, it is not sent again.
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server, tls = self._server, ssl.create_default_context()
        if server.scheme == "smtps":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=self._seconds, context=tls)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=self._seconds)
        with closing(connection):
            if server.scheme == "smtp" and not server.is_here:
                connection.starttls(context=tls)  # raises where the server has none: never in the clear
            if server.user is not None:
                connection.login(server.user, server.password or "")
            yield connection


@contextmanager
def _judged() -> Iterator[None]:
    """Tell what can never be sent from what may be taken later. Our own log-in being refused is no mail's fault."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        raise Unavailable(f"The mail server refuses our name and password: {error.smtp_code}.") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise _of_code(max(code for code, _ in error.recipients.values())) from None
    except smtplib.SMTPNotSupportedError as error:
        raise (MailRefused(_NOT_SUPPORTED) if "SMTPUTF8" in str(error) else _away(error)) from None
    except smtplib.SMTPConnectError as error:
        raise _away(error) from None  # a server that greets with 554 may be wrong or busy; no mail has been seen yet
    except smtplib.SMTPResponseException as error:
        raise _of_code(error.smtp_code) from None
    except (smtplib.SMTPException, OSError) as error:
        raise _away(error) from None


def _of_code(code: int) -> MailRefused | Unavailable:
    if code >= _FIRST_PERMANENT:
        return MailRefused(code)
    return Unavailable(f"The mail server asks for patience: {code}.")


def _away(error: Exception) -> Unavailable:
    return Unavailable(f"The mail server does not answer: {type(error).__name__}.")
