"""One serving process and two: what a request costs when they share the port."""

from dataclasses import dataclass
from pathlib import Path

from .cores import Cores, pin
from .figures import Figure, Sample, median, median_ratio
from .http_load import HttpRequest, http_load
from .learner import Learner
from .plan import Plan
from .process import children_of, cpu_of_all
from .servers.process import environment, free_ports, serving
from .servers.product import COMMAND
from .table import Table, number

NOTE = """\
`fluentpro server` with FLUENTPRO_PROCESSES=1 and 2, ListIndustries over HTTP. Processes and load share
all cores, so the rate is what the load leaves, and the CPU per request says whether they hinder each other."""

_READ = "/api/v2/industries"


@dataclass(frozen=True, slots=True)
class Scaled:
    """Samples with one process and with two, one a round."""

    one: tuple[Sample, ...]
    two: tuple[Sample, ...]

    @property
    def cpu_ratio(self) -> Figure:
        """CPU per request with two, as a multiple of that with one."""
        return median_ratio([each.cpu_micros for each in self.two], [each.cpu_micros for each in self.one])


async def scale(plan: Plan, folder: Path, data: Path, token: str, cores: Cores | None) -> Scaled:
    """Measure both in turn, over the engines of `data`. Raises ServerFailed, LoadFailed."""
    rounds = [[await _sample(plan, folder, data, token, cores, count) for count in (1, 2)] for _ in range(plan.rounds)]
    one, two = zip(*rounds, strict=True)
    return Scaled(one, two)


async def _sample(  # noqa: PLR0917  # what `scale` takes, and how many
    plan: Plan, folder: Path, data: Path, token: str, cores: Cores | None, processes: int
) -> Sample:
    http_port, grpc_port = free_ports(2)
    environ = environment(
        DATA_DIR=str(data),
        HTTP_LISTEN=f"127.0.0.1:{http_port}",
        GRPC_LISTEN=f"127.0.0.1:{grpc_port}",
        PROCESSES=str(processes),
    )
    load = http_load(HttpRequest(http_port, "GET", _READ, Learner(http_port, token).headers))
    with serving([*COMMAND, "server"], environ, folder / f"processes-{processes}.log", http_port) as process:
        pids = (process.pid, *children_of(process.pid))
        if cores is not None:
            for pid in pids:
                pin(pid, cores.server | cores.load)  # they have inherited the load's
        await load.run(plan.warm_up_seconds)
        before = cpu_of_all(pids)
        requests, took = await load.run(plan.load_seconds)
        after = cpu_of_all(pids)
    return Sample(requests, took, None if before is None or after is None else after - before)


def scaling_table(measured: Scaled) -> Table:
    """Return what was measured."""
    rows = tuple(
        (name, number(median([each.rate for each in samples])), number(median([each.cpu_micros for each in samples])))
        for name, samples in (("1 process", measured.one), ("2 processes", measured.two))
    )
    return Table("Processes on one port", ("", "requests/s", "CPU µs"), rows, NOTE)
