"""Postgres and Valkey as child processes from wheels: the engines of a developer's machine and of the tests.

`Engines.start` brings both up in a data folder and `Engines.stop` ends them; `running_engines` finds those that
another process started. What outside code needs is here, and the modules beside it are its workings:

- `owner`: the blocking API, which starts a keeper process and listens to it;
- `keeper`: the process that owns the engines and stops them when its own parent is gone;
- `postgres`, `cluster`, `valkey`: how each is made, started and asked for its health;
- `process`, `account`, `entry`, `leftovers`, `lock`, `folder`, `binaries`: one concern each.
"""

from adapters.engines.errors import EnginesBusy, EnginesFailed
from adapters.engines.folder import EngineUrls
from adapters.engines.owner import Engines, running_engines

__all__ = ["EngineUrls", "Engines", "EnginesBusy", "EnginesFailed", "running_engines"]
