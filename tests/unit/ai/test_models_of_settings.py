"""Which models the settings name, in the order in which they are asked."""

import pytest

from adapters.ai.openai import OPENAI_URL, OpenAIModel
from adapters.ai.scripted import ScriptedModel
from adapters.choices import chat_models
from adapters.settings import load_settings

OPENAI = {"FLUENTPRO_MODEL": "openai", "FLUENTPRO_OPENAI_MODEL": "first", "FLUENTPRO_OPENAI_API_KEY": "secret"}
SECOND = {
    "FLUENTPRO_FALLBACK_MODEL": "openai",
    "FLUENTPRO_FALLBACK_OPENAI_MODEL": "second",
    "FLUENTPRO_FALLBACK_OPENAI_BASE_URL": "http://localhost:11434/v1",
}


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({}, ["scripted"]),
        (OPENAI, ["first"]),
        (OPENAI | SECOND, ["first", "second"]),
        (OPENAI | {"FLUENTPRO_FALLBACK_MODEL": "scripted"}, ["first", "scripted"]),
        (SECOND, ["scripted", "second"]),
    ],
)
def test_the_models_stand_in_order(environ, names) -> None:
    assert [model.name for model in chat_models(load_settings(environ))] == names


def test_each_model_has_a_server_of_its_own() -> None:
    first, second = chat_models(load_settings(OPENAI | SECOND))
    assert isinstance(first, OpenAIModel)
    assert isinstance(second, OpenAIModel)
    assert str(first._client.base_url).rstrip("/") == OPENAI_URL
    assert (str(second._client.base_url), second._client.api_key) == ("http://localhost:11434/v1/", "none")
    assert isinstance(chat_models(load_settings({}))[0], ScriptedModel)
