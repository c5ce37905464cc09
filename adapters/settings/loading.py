"""Settings out of an environment: all of them at once, and every error at once."""

import difflib
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from adapters.settings.conflicts import conflicts
from adapters.settings.model import PREFIX, Settings

_INJECTED_BY_KUBERNETES = re.compile(r"(SERVICE_HOST$|(SERVICE_)?PORT(_|$))")


class SettingsError(Exception):
    """Settings that cannot be used: `problems` has one line for each, which begins with the variable's name."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


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
    together = [(field, reason) for field, reason in conflicts(settings) if field not in wrong]
    problems += [f"{PREFIX}{field.upper()}: {reason}" for field, reason in (*wrong.items(), *together)]
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
