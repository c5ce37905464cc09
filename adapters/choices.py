"""What the settings choose: which model speaks, what sends mail, where keys and lists are kept."""

from pathlib import Path

from adapters.ai.scripted import ScriptedModel
from adapters.erasure_list import ErasureList
from adapters.mail.folder import FolderMailer
from adapters.mail.smtp import SmtpMailer, SmtpServer
from adapters.security.master_keys import MasterKeys, load_master_keys, load_or_create_master_keys
from adapters.security.signing_keys import SigningKeys, load_or_create_signing_keys, load_signing_keys
from adapters.settings import OpenAIServer, Settings
from domain.identity.mail import Mailer
from domain.practice.chat import ChatModel
from domain.shared.clock import Clock, system_clock


def chat_models(settings: Settings) -> tuple[ChatModel, ...]:
    """Return the language models that the settings name: the first one, and who takes its place."""
    speaking, in_reserve = settings.openai, settings.fallback_openai
    scripted = ScriptedModel(settings.scripted_word_seconds)
    first: ChatModel = scripted if settings.model == "scripted" else _openai_model(speaking)
    if settings.fallback_model is None:
        return (first,)
    return first, scripted if settings.fallback_model == "scripted" else _openai_model(in_reserve)


def _openai_model(server: OpenAIServer) -> ChatModel:
    from adapters.ai.openai import OPENAI_URL, OpenAIModel

    key = server.api_key.get_secret_value() if server.api_key else "none"
    return OpenAIModel(server.model or "", key, server.base_url or OPENAI_URL)


def signing_keys(settings: Settings) -> SigningKeys:
    """Return the keys of access and refresh tokens; made at the first start where the settings name no file."""
    if settings.signing_keys is not None:
        return load_signing_keys(settings.signing_keys)
    return load_or_create_signing_keys(Path(settings.data_dir) / "keys" / "signing.json")


def master_keys(settings: Settings) -> MasterKeys:
    """Return the keys that wrap those of users; made at the first start where the settings name no file."""
    if settings.master_keys is not None:
        return load_master_keys(settings.master_keys)
    return load_or_create_master_keys(Path(settings.data_dir) / "keys" / "master.json")


def mailer(settings: Settings, clock: Clock = system_clock) -> Mailer:
    """Return what sends mail: a folder, unless the settings name a server."""
    if settings.smtp_url is None or settings.mail == "folder":
        return FolderMailer(Path(settings.data_dir) / "mail", settings.mail_from, clock)
    return SmtpMailer(SmtpServer.of(settings.smtp_url.get_secret_value()), settings.mail_from, clock)


def erasure_list(settings: Settings) -> ErasureList:
    """Return the list of who was erased; it is made with the first of them."""
    return ErasureList(settings.erasure_list or Path(settings.data_dir) / "erasures.jsonl")
