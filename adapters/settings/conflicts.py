"""Settings that are right alone and wrong together."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from adapters.settings.model import PREFIX, Settings
from adapters.settings.values import Listen, OpenAIServer, Profile


def conflicts(settings: Settings) -> Iterator[tuple[str, str]]:
    """Find what production, or another setting, does not allow: the field, and why."""
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
