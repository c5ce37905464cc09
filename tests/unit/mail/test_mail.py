"""Mail: what is written into a message, where it goes, and what a mail server's answers mean."""

import email
import email.policy
from datetime import UTC, datetime
from uuid import UUID

import pytest
from fakes.identity import a_user
from fakes.mail_server import MailServer

from adapters.mail.folder import FolderMailer
from adapters.mail.message import message_of
from adapters.mail.smtp import SmtpMailer, SmtpServer
from domain.identity.mail import Mail, MailRefused
from domain.identity.welcome import welcome
from domain.shared.errors import Unavailable

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SENDER = "FluentPro <hello@fluentpro.example>"
MAIL_ID = UUID("0c9f0000-0000-4000-8000-000000000000")


def a_mail(**changes: object) -> Mail:
    return welcome(a_user(**{"email": "ann@example.com", "full_name": "Ann Lee"} | changes), MAIL_ID)


def mailer(server: MailServer, seconds: float = 5) -> SmtpMailer:
    return SmtpMailer(SmtpServer.of(f"smtp://127.0.0.1:{server.port}"), SENDER, lambda: NOON, seconds)


def test_a_message_says_who_it_is_from_whom_it_is_for_and_which_it_is() -> None:
    message = message_of(a_mail(), SENDER, NOON)
    assert (message["From"], message["To"]) == (SENDER, "Ann Lee <ann@example.com>")
    assert message["Message-ID"] == f"<{MAIL_ID}@fluentpro.example>"
    assert message["Subject"] == "Welcome to FluentPro"
    assert message["Date"] == "Sun, 01 Mar 2026 12:00:00 +0000"


def test_its_text_and_its_html_say_the_same() -> None:
    message = message_of(a_mail(full_name="Tom <b> & Co"), SENDER, NOON)
    plain, html = (part.get_content() for part in message.iter_parts())
    assert "Hello Tom <b> & Co," in plain
    assert "<p>Hello Tom &lt;b&gt; &amp; Co,</p>" in html


@pytest.mark.parametrize("name", ["陳大文", "Anne-Marie O'Brien", 'Tom "T" Ray, Jr.', "ע ב"])
def test_names_of_any_script_survive(name) -> None:
    sent = message_of(a_mail(full_name=name), SENDER, NOON).as_bytes()
    read = email.message_from_bytes(sent, policy=email.policy.SMTPUTF8)
    assert read["To"].addresses[0].display_name == name


def test_the_same_mail_is_the_same_message() -> None:
    first, again = (message_of(a_mail(), SENDER, NOON)["Message-ID"] for _ in range(2))
    assert first == again


async def test_a_folder_has_each_message_once(tmp_path) -> None:
    folder = FolderMailer(tmp_path / "mail", SENDER, lambda: NOON)
    await folder.send(a_mail())
    await folder.send(a_mail())
    [path] = (tmp_path / "mail").iterdir()
    assert path.name == f"{MAIL_ID}.eml"
    assert b"Hello Ann Lee," in path.read_bytes()


async def test_a_server_gets_the_message() -> None:
    async with MailServer() as server:
        await mailer(server).send(a_mail())
    assert f"Message-ID: <{MAIL_ID}@fluentpro.example>".encode() in server.messages[0]


@pytest.mark.parametrize("answer", ["500 what", "250 fine", "hang up"])
async def test_what_was_taken_is_taken_whatever_comes_after(answer) -> None:
    async with MailServer({"QUIT": answer}) as server:
        await mailer(server).send(a_mail())
    assert len(server.messages) == 1


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("RCPT", "550 no such user"),
        ("MAIL", "553 not from you"),
        ("DATA", "554 no"),
        ("message", "552 too large"),
        ("message", "550 looks like spam"),
    ],
)
async def test_what_a_server_will_never_take_is_refused(command, answer) -> None:
    async with MailServer({command: answer}) as server:
        with pytest.raises(MailRefused) as refused:
            await mailer(server).send(a_mail())
    assert refused.value.metadata == {"code": answer[:3]}


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("RCPT", "450 greylisted"),
        ("MAIL", "451 later"),
        ("message", "452 no room"),
        ("greeting", "421 busy"),
        ("greeting", "554 not now"),
        ("DATA", "hang up"),
        ("MAIL", "hang up"),
    ],
)
async def test_what_a_server_may_take_later_waits(command, answer) -> None:
    async with MailServer({command: answer}) as server:
        with pytest.raises(Unavailable):
            await mailer(server).send(a_mail())


async def test_a_server_that_is_not_there_or_says_nothing_waits() -> None:
    async with MailServer() as server:
        pass
    with pytest.raises(Unavailable):
        await mailer(server).send(a_mail())


async def test_a_name_that_the_server_does_not_know_is_no_fault_of_the_mail() -> None:
    url = "smtp://us:wrong@127.0.0.1"
    async with MailServer({"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "535 no"}) as server:
        known = SmtpServer.of(f"{url}:{server.port}")
        with pytest.raises(Unavailable, match="535"):
            await SmtpMailer(known, SENDER, lambda: NOON).send(a_mail())


async def test_an_address_that_the_server_cannot_write_is_refused() -> None:
    async with MailServer() as server:
        with pytest.raises(MailRefused):
            await mailer(server).send(a_mail(email="用户@example.com"))
    assert not server.messages


def test_nothing_is_sent_in_the_clear_but_on_this_machine() -> None:
    assert not SmtpServer.of("smtp://mail.example.com").is_here
    assert SmtpServer.of("smtp://localhost").is_here
    assert SmtpServer.of("smtp://[::1]").is_here


def test_a_server_is_read_from_its_url() -> None:
    server = SmtpServer.of("smtps://a%40b:p%2Fw@mail.example.com")
    assert (server.host, server.port, server.user, server.password) == ("mail.example.com", 465, "a@b", "p/w")
    assert SmtpServer.of("smtp://h").port == 587
    assert "p/w" not in repr(server)
    with pytest.raises(ValueError, match="smtp://"):
        SmtpServer.of("http://mail.example.com")
