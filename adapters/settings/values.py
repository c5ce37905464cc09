"""What settings consist of: how each is read from its text. A reader raises ValueError, without the value in it."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

from adapters.failpoints import Failpoints
from domain.practice.budget import RESERVED_TOKENS

_ORIGIN = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?")
_OWN_PORT = {"http": ":80", "https": ":443"}  # no browser writes the port that belongs to the scheme
_ADDRESS = r"[^<>@\s]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
_SENDER = re.compile(rf"{_ADDRESS}|[^<>@]+ <{_ADDRESS}>")


class Profile(StrEnum):
    """What this installation is for. Production refuses what is only fit for a developer's machine."""

    DEVELOPMENT = "development"
    TESTING = "testing"
    STAGING = "staging"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Listen:
    """An address to listen on. Port 0 asks the system for a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: "str | Self") -> "Listen | Self":
        """Read `host:port`, an IPv6 host in brackets (`[::1]:50051`); ValueError for anything else."""
        if isinstance(text, cls):
            return text
        found = re.fullmatch(r"(?:\[([^\s\[\]]+)\]|([^\s:/\[\]]+)):([0-9]{1,5})", str(text))
        if not found or int(found[3]) > 65535 or (found[1] and not _is_ipv6(found[1])):
            raise ValueError("expected host:port, as in 127.0.0.1:8080 or [::1]:8080")
        return cls(found[1] or found[2], int(found[3]))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it. A name other than `localhost` may lead anywhere."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class OpenAIServer:
    """A server that speaks OpenAI's protocol, and the model to ask for. Without a URL it is OpenAI's own."""

    base_url: str | None
    api_key: SecretStr | None
    model: str | None


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _split(url: str, schemes: tuple[str, ...]) -> SplitResult:
    """Take a URL apart; ValueError, without the URL in it, unless it has one of `schemes` and no port but a number."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("expected a URL, with a number for its port") from None
    if parts.scheme not in schemes:
        raise ValueError(f"expected a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    return parts


def _database_url(secret: SecretStr) -> SecretStr:
    """Accept Postgres URLs as platforms hand them out, and name the driver that we use."""
    url = secret.get_secret_value()
    parts = _split(url, ("postgresql+asyncpg", "postgresql", "postgres"))
    if len(parts.path) < 2:
        raise ValueError("the URL names no database")
    rest = re.sub(r"([?&])sslmode=", r"\1ssl=", url[len(parts.scheme) :])  # libpq's name for it; our driver's is `ssl`
    return SecretStr("postgresql+asyncpg" + rest)


def _redis_url(secret: SecretStr) -> SecretStr:
    _split(secret.get_secret_value(), ("redis", "rediss", "unix"))
    return secret


def _smtp_url(secret: SecretStr) -> SecretStr:
    if not _split(secret.get_secret_value(), ("smtp", "smtps")).hostname:
        raise ValueError("the URL names no host")
    return secret


def _sender(address: str) -> str:
    """Accept one address, with a name or without, as in `FluentPro <hello@example.com>`."""
    if not _SENDER.fullmatch(address) or not address.isprintable():
        raise ValueError("expected an address, as in FluentPro <hello@example.com>")
    return address


def _web_url(url: str) -> str:
    if not _split(url, ("http", "https")).hostname:
        raise ValueError("the URL names no host")
    return url


def _origins(text: str | tuple[str, ...]) -> tuple[str, ...]:
    """Read origins with commas between them, each as browsers write it (RFC 6454, 6.2): it is compared as it stands."""
    origins = text if isinstance(text, tuple) else tuple(map(str.strip, text.split(",")))
    for origin in origins:
        if not _ORIGIN.fullmatch(origin) or origin.endswith(_OWN_PORT[origin.partition(":")[0]]):
            raise ValueError("expected origins as browsers send them, as in https://app.example,http://localhost:3000")
    return origins


def _sunsets(text: str | Mapping[str, date]) -> dict[str, date]:
    """Read versions with their days, as in `v1:2029-06-30`, with commas between them."""
    if not isinstance(text, str):
        return dict(text)
    sunsets: dict[str, date] = {}
    for part in map(str.strip, text.split(",")):
        found = re.fullmatch(r"(\w+):([0-9]{4}-[0-9]{2}-[0-9]{2})", part, re.ASCII)
        day = _day(found[2]) if found else None
        if found is None or day is None or found[1] in sunsets:
            raise ValueError("expected each version once with a day in UTC, as in v1:2029-06-30")
        sunsets[found[1]] = day
    return sunsets


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _daily_tokens(number: int) -> int:
    if number and number < RESERVED_TOKENS:
        raise ValueError(f"expected 0 for no limit, or at least {RESERVED_TOKENS}, which one reply sets aside")
    return number


def _failpoints(text: str | Failpoints) -> Failpoints:
    return text if isinstance(text, Failpoints) else Failpoints.parse(text)


Address = Annotated[Listen, BeforeValidator(Listen.parse)]
Origins = Annotated[tuple[str, ...], BeforeValidator(_origins)]
Sunsets = Annotated[dict[str, date], BeforeValidator(_sunsets)]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
SmtpUrl = Annotated[SecretStr, AfterValidator(_smtp_url)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
Sender = Annotated[str, AfterValidator(_sender)]
DailyTokens = Annotated[int, AfterValidator(_daily_tokens)]
Faults = Annotated[Failpoints, BeforeValidator(_failpoints)]
