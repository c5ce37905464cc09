"""Settings: what is read, what is refused, and that no value is ever told."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from adapters.settings import Listen, Profile, Settings, SettingsError, load_settings

PRODUCTION = {
    "FLUENTPRO_PROFILE": "production",
    "FLUENTPRO_SIGNING_KEYS": "/etc/fluentpro/keys.json",
    "FLUENTPRO_MASTER_KEYS": "/etc/fluentpro/master.json",
    "FLUENTPRO_ERASURE_LIST": "/var/lib/fluentpro/erasures.jsonl",
    "FLUENTPRO_DATABASE_URL": "postgresql://app:secret@db/fluentpro",
    "FLUENTPRO_REDIS_URL": "rediss://:secret@cache:6379/0",
    "FLUENTPRO_MODEL": "openai",
    "FLUENTPRO_OPENAI_API_KEY": "secret",
    "FLUENTPRO_OPENAI_MODEL": "gpt-x",
    "FLUENTPRO_MAIL": "smtp",
    "FLUENTPRO_SMTP_URL": "smtps://us:secret@mail.example.com",
    "FLUENTPRO_MAIL_FROM": "FluentPro <hello@fluentpro.example>",
}


def problems(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        load_settings(environ)
    return refused.value.problems


def named(environ: dict[str, str]) -> set[str]:
    return {problem.partition(":")[0].removeprefix("FLUENTPRO_") for problem in problems(environ)}


def test_nothing_set_is_a_developers_machine():
    settings = load_settings({"PATH": "/bin", "fluentpro_model": "not ours"})
    assert settings.profile is Profile.DEVELOPMENT
    assert (str(settings.grpc_listen), str(settings.http_listen)) == ("127.0.0.1:50051", "127.0.0.1:8080")
    assert (settings.database_url, settings.redis_url, settings.metrics_listen) == (None, None, None)
    assert settings.data_dir == Path(".fluentpro")
    assert settings.reflection
    assert settings.scripted_word_seconds == 0.04


def test_an_empty_value_counts_as_unset():
    assert load_settings({"FLUENTPRO_DATABASE_URL": "", "FLUENTPRO_PROFILE": ""}) == load_settings({})


def test_the_profile_decides_defaults_that_a_value_overrides():
    assert load_settings({"FLUENTPRO_PROFILE": "testing"}).scripted_word_seconds == 0
    slow = {"FLUENTPRO_PROFILE": "testing", "FLUENTPRO_SCRIPTED_WORD_SECONDS": "0.5"}
    assert load_settings(slow).scripted_word_seconds == 0.5
    assert not load_settings(PRODUCTION).reflection
    assert not load_settings({"FLUENTPRO_REFLECTION": "false"}).reflection


@pytest.mark.parametrize(
    ("text", "listen", "loopback"),
    [
        ("127.0.0.1:50051", Listen("127.0.0.1", 50051), True),
        ("[::1]:50051", Listen("::1", 50051), True),
        ("[::]:8080", Listen("::", 8080), False),
        ("0.0.0.0:0", Listen("0.0.0.0", 0), False),
        ("localhost:8080", Listen("localhost", 8080), True),
        ("api.example.com:65535", Listen("api.example.com", 65535), False),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, listen: Listen, loopback: bool):
    read = load_settings({"FLUENTPRO_GRPC_LISTEN": text}).grpc_listen
    assert (read, str(read), read.is_loopback) == (listen, text, loopback)


@pytest.mark.parametrize(
    "text", ["8080", ":8080", "host", "host:", "host:65536", "::1:8080", "[::1]", "[zz]:1", "a b:1", "http://h:1"]
)
def test_a_broken_address_is_refused(text: str):
    assert named({"FLUENTPRO_HTTP_LISTEN": text}) == {"HTTP_LISTEN"}


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        ("https://app.example", ("https://app.example",)),
        (" https://app.example , http://localhost:3000", ("https://app.example", "http://localhost:3000")),
        ("http://[::1]:8080", ("http://[::1]:8080",)),
        ("https://xn--bcher-kva.example", ("https://xn--bcher-kva.example",)),
    ],
)
def test_origins_are_a_list_with_commas(text: str, origins: tuple[str, ...]):
    assert load_settings({"FLUENTPRO_CORS_ORIGINS": text}).cors_origins == origins


@pytest.mark.parametrize(
    "text",
    [
        *("*", "null", "app.example", "ftp://app.example", "https://", "https://app.example/", "https://app.example/a"),
        *("https://app.example:443", "http://app.example:80", "https://App.example", "https://me@app.example"),
        *("https://app.example?a", "https://app.example:x", "https://bücher.example", "https://*.example.com"),
        *("https://app.example,", ",", "https://app.example https://b.example"),
    ],
)
def test_an_origin_that_no_browser_would_send_is_refused(text: str):
    assert named({"FLUENTPRO_CORS_ORIGINS": text}) == {"CORS_ORIGINS"}


def test_a_database_url_may_say_sslmode_as_platforms_do():
    settings = load_settings({"FLUENTPRO_DATABASE_URL": "postgres://app:pw@db/fluentpro?a=1&sslmode=require"})
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql+asyncpg://app:pw@db/fluentpro?a=1&ssl=require"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_a_database_url_names_our_driver_whatever_it_was_given_as(scheme: str):
    settings = load_settings({"FLUENTPRO_DATABASE_URL": f"{scheme}://app:pw@db:5432/fluentpro?ssl=require"})
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql+asyncpg://app:pw@db:5432/fluentpro?ssl=require"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROFILE", "prod"),
        ("LOG_LEVEL", "loud"),
        ("GRPC_LISTEN", "canary"),
        ("METRICS_LISTEN", "[canary]:1"),
        ("ALLOW_INSECURE_LISTEN", "canary"),
        ("REFLECTION", "canary"),
        ("PROCESSES", "0"),
        ("PROCESSES", "1.5"),
        ("DATABASE_URL", "mysql://canary@h/d"),
        ("DATABASE_URL", "postgresql://canary@h"),
        ("DATABASE_URL", "postgresql://[canary"),
        ("DATABASE_URL", "postgresql://h:canary/d"),
        ("DATABASE_POOL_SIZE", "canary"),
        ("REDIS_URL", "http://canary"),
        ("MODEL", "canary"),
        ("ALLOW_SCRIPTED", "canary"),
        ("SCRIPTED_WORD_SECONDS", "-1"),
        ("OPENAI_BASE_URL", "canary"),
        ("OPENAI_BASE_URL", "https://"),
        ("MAX_DEADLINE_SECONDS", "nan"),
        ("STREAM_DEADLINE_SECONDS", "inf"),
        ("SHUTDOWN_SECONDS", "36"),
        ("SHUTDOWN_SECOND", "canary"),
        ("SERVICE_HOST", "canary"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_told(name: str, value: str):
    (problem,) = problems({f"FLUENTPRO_{name}": value})
    assert problem.startswith(f"FLUENTPRO_{name}: ")
    assert "canary" not in problem


def test_every_error_is_told_at_once():
    environ = PRODUCTION | {
        "FLUENTPRO_PROCESSES": "many",
        "FLUENTPRO_HTTP_LISTEN": "nowhere",
        "FLUENTPRO_GRPC_LISTEN": "0.0.0.0:50051",
        "FLUENTPRO_MODLE": "openai",
        "FLUENTPRO_REFLECTION": "true",
    }
    assert named(environ) == {"PROCESSES", "HTTP_LISTEN", "GRPC_LISTEN", "MODLE", "REFLECTION"}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("FLUENTPRO_PROCESES", "did you mean FLUENTPRO_PROCESSES?"),
        ("FLUENTPRO_SERVICE_PORT", "enableServiceLinks"),
        ("FLUENTPRO_PORT_8080_TCP_ADDR", "enableServiceLinks"),
        ("FLUENTPRO_ZZZZ", "not a setting"),
    ],
)
def test_an_unknown_name_is_an_error_with_a_hint(name: str, hint: str):
    (problem,) = problems({name: "1"})
    assert hint in problem


def test_production_starts_with_what_it_needs():
    assert load_settings(PRODUCTION).profile is Profile.PRODUCTION


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"FLUENTPRO_GRPC_LISTEN": "0.0.0.0:50051"}, "GRPC_LISTEN"),
        ({"FLUENTPRO_HTTP_LISTEN": "[::]:8080"}, "HTTP_LISTEN"),
        ({"FLUENTPRO_METRICS_LISTEN": "10.0.0.1:9000"}, "METRICS_LISTEN"),
        ({"FLUENTPRO_REFLECTION": "true"}, "REFLECTION"),
        ({"FLUENTPRO_SIGNING_KEYS": ""}, "SIGNING_KEYS"),
        ({"FLUENTPRO_MASTER_KEYS": ""}, "MASTER_KEYS"),
        ({"FLUENTPRO_ERASURE_LIST": ""}, "ERASURE_LIST"),
        ({"FLUENTPRO_MODEL": "scripted"}, "MODEL"),
        ({"FLUENTPRO_REDIS_URL": "redis://cache:6379/0"}, "REDIS_URL"),
        ({"FLUENTPRO_FAILPOINTS": "uow.before_commit=kill"}, "FAILPOINTS"),
        ({"FLUENTPRO_MAIL": "folder"}, "MAIL"),
    ],
)
def test_production_refuses_what_is_fit_for_development_alone(change: dict[str, str], refused: str):
    assert named(PRODUCTION | change) == {refused}
    assert load_settings(PRODUCTION | change | {"FLUENTPRO_PROFILE": "staging"})


@pytest.mark.parametrize(
    "change",
    [
        {"FLUENTPRO_GRPC_LISTEN": "0.0.0.0:50051", "FLUENTPRO_ALLOW_INSECURE_LISTEN": "true"},
        {"FLUENTPRO_MODEL": "scripted", "FLUENTPRO_ALLOW_SCRIPTED": "true"},
        {"FLUENTPRO_REDIS_URL": "unix:///run/valkey.sock"},
    ],
)
def test_production_allows_what_was_chosen_knowingly(change: dict[str, str]):
    assert load_settings(PRODUCTION | change)


def test_mail_by_smtp_needs_a_server_and_a_sender():
    assert named({"FLUENTPRO_MAIL": "smtp"}) == {"SMTP_URL", "MAIL_FROM"}
    server = {"FLUENTPRO_MAIL": "smtp", "FLUENTPRO_SMTP_URL": "smtp://localhost"}
    assert load_settings(server | {"FLUENTPRO_MAIL_FROM": "hello@fluentpro.example"}).smtp_url


@pytest.mark.parametrize(
    "sender", ["hello", "@example.com", "hello@", "a@b c", "FluentPro <hello@x.example>\nBcc: you@x.example"]
)
def test_a_sender_is_one_address(sender: str):
    assert named({"FLUENTPRO_MAIL_FROM": sender}) == {"MAIL_FROM"}


@pytest.mark.parametrize("url", ["mail.example.com", "http://mail.example.com", "smtp://", "smtp://h:port"])
def test_a_mail_server_is_named_by_its_url(url: str):
    assert named({"FLUENTPRO_SMTP_URL": url}) == {"SMTP_URL"}


def test_the_openai_model_needs_a_name_and_a_key_or_a_server_of_ones_own():
    assert named({"FLUENTPRO_MODEL": "openai"}) == {"OPENAI_MODEL", "OPENAI_API_KEY"}
    own = {"FLUENTPRO_OPENAI_BASE_URL": "http://127.0.0.1:11434/v1", "FLUENTPRO_OPENAI_MODEL": "small"}
    assert load_settings({"FLUENTPRO_MODEL": "openai"} | own).openai_api_key is None


def test_the_fallback_model_needs_what_the_first_one_needs():
    fallback = {"FLUENTPRO_FALLBACK_MODEL": "openai"}
    assert named(fallback) == {"FALLBACK_OPENAI_MODEL", "FALLBACK_OPENAI_API_KEY"}
    own = {
        "FLUENTPRO_FALLBACK_OPENAI_MODEL": "llama",
        "FLUENTPRO_FALLBACK_OPENAI_BASE_URL": "http://localhost:11434/v1",
    }
    settings = load_settings(fallback | own)
    assert (settings.model, settings.fallback_openai.model, settings.openai.model) == ("scripted", "llama", None)


def test_a_days_tokens_are_none_or_enough_for_a_reply():
    for wrong in ("2499", "-1", "many"):
        assert named({"FLUENTPRO_DAILY_TOKENS": wrong}) == {"DAILY_TOKENS"}
    assert [load_settings({"FLUENTPRO_DAILY_TOKENS": right}).daily_tokens for right in ("0", "2500")] == [0, 2500]


def test_two_servers_cannot_have_one_address():
    assert named({"FLUENTPRO_HTTP_LISTEN": "127.0.0.1:50051"}) == {"HTTP_LISTEN"}
    assert load_settings({"FLUENTPRO_HTTP_LISTEN": "127.0.0.1:0", "FLUENTPRO_GRPC_LISTEN": "127.0.0.1:0"})


def test_secrets_do_not_show_when_settings_are_printed():
    assert "secret" not in repr(load_settings(PRODUCTION)).replace("SecretStr", "")


def test_only_the_given_environment_counts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FLUENTPRO_PROCESSES", "7")
    assert load_settings({}).processes == 1


def test_every_setting_is_on_the_documentation_page():
    page = (Path(__file__).parents[2] / "docs/reference/settings.md").read_text()
    rows = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `FLUENTPRO_")}
    assert rows == {f"FLUENTPRO_{field.upper()}" for field in Settings.model_fields}


def test_importing_settings_opens_no_connection():
    script = """
import socket, sys
sys.addaudithook(lambda event, _: event.startswith("socket.connect") and sys.exit(event))
import adapters.settings
"""
    here = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, cwd=here)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "sunset"),
    [
        ("v1:2029-06-30", {"v1": date(2029, 6, 30)}),
        ("v1:2029-06-30, v2beta1:2030-01-01", {"v1": date(2029, 6, 30), "v2beta1": date(2030, 1, 1)}),
        ("", {}),
    ],
)
def test_the_last_days_of_versions_are_read(text, sunset):
    assert load_settings({"FLUENTPRO_SUNSET": text}).sunset == sunset


@pytest.mark.parametrize(
    "text", ["v1", "v1:", "v1:soon", "v1:2029-02-30", "v1:20290630", "2029-06-30", "v1:2029-06-30,", "v 1:2029-06-30"]
)
def test_what_is_no_version_with_a_day_is_refused(text):
    assert named({"FLUENTPRO_SUNSET": text}) == {"SUNSET"}


def test_a_version_has_one_last_day():
    assert named({"FLUENTPRO_SUNSET": "v1:2029-06-30,v1:2030-06-30"}) == {"SUNSET"}


def test_failpoints_are_read_and_every_wrong_entry_is_told_without_what_it_says():
    read = load_settings({"FLUENTPRO_FAILPOINTS": "uow.before_commit=kill@3;seed=7"}).failpoints
    assert read is not None
    assert (set(read.points), read.seed) == ({"uow.before_commit"}, 7)
    (problem,) = problems({"FLUENTPRO_FAILPOINTS": "uow.nowhere=kill;uow.before_commit=melt"})
    assert problem.startswith("FLUENTPRO_FAILPOINTS: entry 1 names no failpoint; there are ")
    assert "; entry 2 is not name=kill" in problem
    assert "nowhere" not in problem
