"""Every setting of FluentPro, from environment variables that begin with `FLUENTPRO_`.

`load_settings` is the way in: it reports every error at once, names the variable and never its value. Reading
settings opens nothing: no file, no connection.
"""

import difflib
import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, FiniteFloat, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from adapters.failpoints import Failpoints
from domain.practice.budget import RESERVED_TOKENS

PREFIX: Final = "FLUENTPRO_"

_ORIGIN = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?")
_OWN_PORT = {"http": ":80", "https": ":443"}  # no browser writes the port that belongs to the scheme
_ADDRESS = r"[^<>@\s]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
_SENDER = re.compile(rf"{_ADDRESS}|[^<>@]+ <{_ADDRESS}>")
_INJECTED_BY_KUBERNETES = re.compile(r"(SERVICE_HOST$|(SERVICE_)?PORT(_|$))")


class SettingsError(Exception):
    """Settings that cannot be used: `problems` has one line for each, which begins with the variable's name."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


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


class Settings(BaseSettings):
    """The settings of one installation; docs/reference/settings.md describes each. Times are in seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    profile: Profile = Profile.DEVELOPMENT
    data_dir: Path = Path(".fluentpro")
    log_level: LogLevel = "info"

    grpc_listen: Address = Listen("127.0.0.1", 50051)
    http_listen: Address = Listen("127.0.0.1", 8080)
    websocket_listen: Address | None = None
    metrics_listen: Address | None = None
    allow_insecure_listen: bool = False
    reflection: bool = Field(default_factory=lambda known: known.get("profile") is not Profile.PRODUCTION)
    page: bool = Field(default_factory=lambda known: known.get("profile") is not Profile.PRODUCTION)
    processes: int = Field(1, ge=1, le=256)
    cors_origins: Origins = ()
    sunset: Sunsets = Field(default_factory=dict)

    database_url: Annotated[SecretStr, AfterValidator(_database_url)] | None = None
    database_pool_size: int = Field(10, ge=1, le=1000)
    redis_url: Annotated[SecretStr, AfterValidator(_redis_url)] | None = None

    model: Literal["scripted", "openai"] = "scripted"
    allow_scripted: bool = False
    scripted_word_seconds: FiniteFloat = Field(
        default_factory=lambda known: 0.0 if known.get("profile") is Profile.TESTING else 0.04, ge=0, le=10
    )
    openai_base_url: Annotated[str, AfterValidator(_web_url)] | None = None
    openai_api_key: SecretStr | None = None
    openai_model: str | None = None
    fallback_model: Literal["scripted", "openai"] | None = None
    fallback_openai_base_url: Annotated[str, AfterValidator(_web_url)] | None = None
    fallback_openai_api_key: SecretStr | None = None
    fallback_openai_model: str | None = None
    daily_tokens: Annotated[int, AfterValidator(_daily_tokens)] = 200_000

    mail: Literal["folder", "smtp"] = "folder"
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp_url)] | None = None
    mail_from: Annotated[str, AfterValidator(_sender)] = "FluentPro <fluentpro@localhost>"

    signing_keys: Path | None = None
    master_keys: Path | None = None
    erasure_list: Path | None = None
    feed_retention_seconds: FiniteFloat = Field(604800.0, ge=60)

    max_deadline_seconds: FiniteFloat = Field(30.0, gt=0, le=3600)
    stream_deadline_seconds: FiniteFloat = Field(600.0, gt=0, le=86400)
    stream_lifetime_seconds: FiniteFloat = Field(3600.0, gt=0, le=86400)
    streams_per_user: int = Field(20, ge=1, le=1000)
    shutdown_seconds: FiniteFloat = Field(30.0, ge=0, le=35)

    failpoints: Annotated[Failpoints, BeforeValidator(_failpoints)] | None = None

    @property
    def openai(self) -> OpenAIServer:
        """The server of the first model, if that is `openai`."""
        return OpenAIServer(self.openai_base_url, self.openai_api_key, self.openai_model)

    @property
    def fallback_openai(self) -> OpenAIServer:
        """The server of the fallback model, if that is `openai`."""
        return OpenAIServer(self.fallback_openai_base_url, self.fallback_openai_api_key, self.fallback_openai_model)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from arguments alone: `load_settings` reads the environment it is given, all of it at once."""
        return (init_settings,)


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings out of `environ`; `SettingsError` lists everything that is wrong with them.

    An empty value counts as unset, as compose files and manifests write it. A `FLUENTPRO_` name that is no setting
    is an error: a misspelt one would otherwise be lost in silence.
    """
    given = {name[len(PREFIX) :]: value for name, value in environ.items() if name.startswith(PREFIX) and value}
    known = {field.upper(): field for field in Settings.model_fields}
    problems = [_unknown(name, list(known)) for name in given if name not in known]
    values: dict[str, Any] = {known[name]: value for name, value in given.items() if name in known}
    settings, wrong = _validate(values)
    conflicts = [(field, reason) for field, reason in _conflicts(settings) if field not in wrong]
    problems += [f"{PREFIX}{field.upper()}: {reason}" for field, reason in (*wrong.items(), *conflicts)]
    if problems:
        raise SettingsError(problems)
    return settings


def _unknown(name: str, known: list[str]) -> str:
    if _INJECTED_BY_KUBERNETES.match(name):
        return f"{PREFIX}{name}: not a setting; if Kubernetes set it, turn enableServiceLinks off for the pod"
    near = difflib.get_close_matches(name, known, n=1)
    return f"{PREFIX}{name}: not a setting" + (f"; did you mean {PREFIX}{near[0]}?" if near else "")


def _validate(values: dict[str, Any]) -> tuple[Settings, dict[str, str]]:
    """Build settings from the values that are right, and tell what is wrong with each of the others."""
    try:
        return Settings(**values), {}
    except ValidationError as error:
        wrong = {
            str(found["loc"][0]): found["msg"].removeprefix("Value error, ")
            for found in error.errors(include_input=False, include_url=False, include_context=False)
            if found["type"] != "default_factory_not_called"  # a default that waits for the others
        }
    return Settings(**{field: value for field, value in values.items() if field not in wrong}), wrong


def _conflicts(settings: Settings) -> Iterator[tuple[str, str]]:
    """Find settings that are right alone and wrong together: the field, and why."""
    if settings.model == "openai":
        yield from _lacking(settings.openai, "")
    if settings.fallback_model == "openai":
        yield from _lacking(settings.fallback_openai, "fallback_")
    if settings.mail == "smtp":
        if settings.smtp_url is None:
            yield "smtp_url", "is needed when FLUENTPRO_MAIL is smtp"
        if "mail_from" not in settings.model_fields_set:
            yield "mail_from", "is needed when FLUENTPRO_MAIL is smtp: whom the mail comes from"
    yield from _taken_twice(settings)
    if settings.profile is Profile.PRODUCTION:
        yield from _refused_in_production(settings)


def _lacking(server: OpenAIServer, prefix: str) -> Iterator[tuple[str, str]]:
    named = f"{PREFIX}{prefix.upper()}"
    if not server.model:
        yield f"{prefix}openai_model", f"must name a model when {named}MODEL is openai"
    if not server.api_key and not server.base_url:
        yield f"{prefix}openai_api_key", f"is needed unless {named}OPENAI_BASE_URL names a server that asks for none"


def _listeners(settings: Settings) -> dict[str, Listen]:
    fields = ("grpc_listen", "http_listen", "websocket_listen", "metrics_listen")
    named = {field: getattr(settings, field) for field in fields}
    return {field: listen for field, listen in named.items() if listen is not None}


def _taken_twice(settings: Settings) -> Iterator[tuple[str, str]]:
    seen: dict[Listen, str] = {}
    for field, listen in _listeners(settings).items():
        if listen.port and listen in seen:
            yield field, f"is the address of {PREFIX}{seen[listen].upper()} already"
        seen.setdefault(listen, field)


def _refused_in_production(settings: Settings) -> Iterator[tuple[str, str]]:
    allowance = f"{PREFIX}ALLOW_INSECURE_LISTEN=true"
    for field, listen in _listeners(settings).items():
        if not listen.is_loopback and not settings.allow_insecure_listen:
            yield field, f"production is not open beyond loopback without TLS; behind a mesh, set {allowance}"
    if settings.reflection:
        yield "reflection", "production does not describe itself to strangers; leave it unset"
    if settings.signing_keys is None:
        yield "signing_keys", "production needs a key set of its own: the path of a JWK set file"
    if settings.master_keys is None:
        yield "master_keys", "production needs a file of its own, outside the database's backups: a JWK set of oct keys"
    if settings.erasure_list is None:
        yield "erasure_list", "production needs a file of its own, outside the database's backups"
    yield from _developers_aids(settings)
    if settings.redis_url and _lacks_password(settings.redis_url.get_secret_value()):
        yield "redis_url", "production needs a password in the URL of a Redis that is reached by network"


def _developers_aids(settings: Settings) -> Iterator[tuple[str, str]]:
    for field in ("model", "fallback_model"):
        if getattr(settings, field) == "scripted" and not settings.allow_scripted:
            yield field, f"production refuses the scripted model unless {PREFIX}ALLOW_SCRIPTED is true"
    if settings.mail == "folder":
        yield "mail", "production sends mail: smtp, with the server in FLUENTPRO_SMTP_URL"
    if settings.failpoints is not None:
        yield "failpoints", "production makes no faults of its own; leave it unset"


def _lacks_password(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme != "unix" and not parts.password
