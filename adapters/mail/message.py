"""A mail as the message that is sent (RFC 5322)."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

from domain.identity.mail import Mail


def message_of(mail: Mail, sender: str, now: datetime) -> EmailMessage:
    """Return the message: plain text, and the same as HTML.

    `sender` is an address as in `FluentPro <hello@example.com>`; its domain ends the Message-ID, which is the mail's
    own: sent twice, it is the same message.
    """
    name, address = parseaddr(sender)
    # Names are encoded for any server; an address beyond ASCII is only for those that know it (RFC 6531).
    message = EmailMessage(policy=SMTP if mail.address.isascii() else SMTPUTF8)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(mail.name, *_parts(mail.address))
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{mail.id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notes in return
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _parts(address: str) -> tuple[str, str]:
    # In two parts it need not be ASCII.
    local, _, domain = address.rpartition("@")
    return local, domain
