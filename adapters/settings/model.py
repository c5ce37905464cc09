"""The settings of one installation, with their defaults."""

from pathlib import Path
from typing import Final, Literal

from pydantic import Field, FiniteFloat, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from adapters.settings.values import (
    Address,
    DailyTokens,
    DatabaseUrl,
    Faults,
    Listen,
    LogLevel,
    OpenAIServer,
    Origins,
    Profile,
    RedisUrl,
    Sender,
    SmtpUrl,
    Sunsets,
    WebUrl,
)

PREFIX: Final = "FLUENTPRO_"


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

    database_url: DatabaseUrl | None = None
    database_pool_size: int = Field(10, ge=1, le=1000)
    redis_url: RedisUrl | None = None

    model: Literal["scripted", "openai"] = "scripted"
    allow_scripted: bool = False
    scripted_word_seconds: FiniteFloat = Field(
        default_factory=lambda known: 0.0 if known.get("profile") is Profile.TESTING else 0.04, ge=0, le=10
    )
    openai_base_url: WebUrl | None = None
    openai_api_key: SecretStr | None = None
    openai_model: str | None = None
    fallback_model: Literal["scripted", "openai"] | None = None
    fallback_openai_base_url: WebUrl | None = None
    fallback_openai_api_key: SecretStr | None = None
    fallback_openai_model: str | None = None
    daily_tokens: DailyTokens = 200_000

    mail: Literal["folder", "smtp"] = "folder"
    smtp_url: SmtpUrl | None = None
    mail_from: Sender = "FluentPro <fluentpro@localhost>"

    signing_keys: Path | None = None
    master_keys: Path | None = None
    erasure_list: Path | None = None
    feed_retention_seconds: FiniteFloat = Field(604800.0, ge=60)

    max_deadline_seconds: FiniteFloat = Field(30.0, gt=0, le=3600)
    stream_deadline_seconds: FiniteFloat = Field(600.0, gt=0, le=86400)
    stream_lifetime_seconds: FiniteFloat = Field(3600.0, gt=0, le=86400)
    stream_idle_seconds: FiniteFloat = Field(900.0, gt=0, le=86400)
    streams_per_user: int = Field(20, ge=1, le=1000)
    shutdown_seconds: FiniteFloat = Field(30.0, ge=0, le=35)

    failpoints: Faults | None = None

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
