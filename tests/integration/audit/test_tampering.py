"""Whatever is changed in the record is found, and where it was changed."""

from integration.audit.forgeries import FORGERIES
from integration.audit.tampering import tamper

from adapters.sql.engine import Connections

SEED = 36
TIMES = 300


async def test_300_of_300_random_tamperings_are_found_and_located(record: Connections):
    report = await tamper(record, SEED, TIMES)
    assert report.kinds == set(FORGERIES)
    assert [(miss.kind, miss.place, miss.result) for miss in report.misses] == []
