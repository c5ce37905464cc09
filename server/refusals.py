"""What refuses to start: the operator's to mend, so a line that says what to do, and no traceback."""

from collections.abc import Iterator

from alembic.util import CommandError

from adapters.engines import EnginesBusy, EnginesFailed
from adapters.security.master_keys import MasterKeysUnusable
from adapters.security.signing_keys import SigningKeysUnusable
from adapters.seed.files import SeedError
from adapters.settings import SettingsError
from gateway.binding import BindingError
from gateway.image import ImageError
from gateway.routes import RouteError
from server.eviction import RedisEvicts
from server.policies import PolicyError
from server.ports import CannotListen, PortTaken
from server.reachability import EngineUnreachable
from server.tools import NotMigrated

REFUSALS: tuple[type[Exception], ...] = (
    SettingsError,
    CannotListen,
    EnginesBusy,
    EnginesFailed,
    EngineUnreachable,
    RedisEvicts,
    NotMigrated,
    SigningKeysUnusable,
    MasterKeysUnusable,
    CommandError,
    SeedError,
    ImageError,
    BindingError,
    RouteError,
    PolicyError,
)

_ADDRESSES = "FLUENTPRO_GRPC_LISTEN, FLUENTPRO_HTTP_LISTEN or FLUENTPRO_METRICS_LISTEN"

_ADVICE: tuple[tuple[type[Exception], str], ...] = (
    (PortTaken, f"; stop what listens there, or choose another address by {_ADDRESSES}"),
    (CannotListen, f"; choose an address of this machine by {_ADDRESSES}"),
    (CommandError, "; if a newer version has migrated this database, use that version"),
)


def lines(refusal: Exception) -> Iterator[str]:
    """Say what is wrong, a line for each problem, with what to do about it where the problem does not say it."""
    advice = next((text for kind, text in _ADVICE if isinstance(refusal, kind)), "")
    for problem in str(refusal).splitlines():
        yield f"{problem}{advice}"
