"""Every setting of FluentPro, from environment variables that begin with `FLUENTPRO_`.

`load_settings` is the way in: it reports every error at once, names the variable and never its value. Reading
settings opens nothing: no file, no connection.
"""

from adapters.settings.loading import SettingsError, load_settings
from adapters.settings.model import PREFIX, Settings
from adapters.settings.values import Listen, OpenAIServer, Profile

__all__ = ["PREFIX", "Listen", "OpenAIServer", "Profile", "Settings", "SettingsError", "load_settings"]
