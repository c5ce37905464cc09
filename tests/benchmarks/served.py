"""What is measured of one server that all clients call: both doors, streams, the parts of a call, and rivals."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .cores import Cores, pin
from .in_process import Shares, shares, shares_table
from .learner import Learner
from .plan import Plan
from .replies import Reply, listen, replies_table
from .rivals import Measured, compare_rivals, rivals_table
from .scaling import Scaled, scale, scaling_table
from .servers.compared import servers
from .servers.product import Product
from .streams import Streamed, stream_tokens, streams_table
from .table import Table
from .unary import Compared, compare, unary_table


@dataclass(frozen=True, slots=True)
class Served:
    """Everything."""

    unary: tuple[Compared, ...]
    parts: Shares
    replies: tuple[list[Reply], list[Reply]]
    rivals: tuple[Measured, ...]
    streamed: Streamed
    scaled: Scaled


async def serve(plan: Plan, product: Product, cores: Cores | None, folder: Path, say: Callable[[str], None]) -> Served:
    """Measure everything; `say` is told what comes next. Raises ServerFailed, LoadFailed."""
    learner = Learner.sign_up(product.http_port)
    say("streaming replies")
    replies = await listen(plan, product, learner)
    say("calling by both doors")
    unary = await compare(plan, product, learner)
    say("measuring the parts")
    parts = await shares(plan, product, learner)
    with servers(folder / "compared", product.folder, partial(place, cores)) as served:
        say("comparing with Envoy and FastAPI")
        rivals = await compare_rivals(plan, served, learner)
        say("streaming tokens")
        streamed = await stream_tokens(plan, served, learner)
    say("serving by one process and by two")
    scaled = await scale(plan, folder, product.folder, learner.token, cores)
    return Served(unary, parts, replies, rivals, streamed, scaled)


def place(cores: Cores | None, pid: int) -> None:
    """Give a server its core, where there are cores to give."""
    if cores is not None:
        pin(pid, cores.server)


def served_tables(measured: Served) -> tuple[Table, ...]:
    """Return what was measured, what is compared with others first."""
    return (
        rivals_table(measured.rivals),
        streams_table(measured.streamed),
        unary_table(measured.unary),
        shares_table(measured.parts),
        replies_table(*measured.replies),
        scaling_table(measured.scaled),
    )
