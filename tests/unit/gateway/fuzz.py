"""How long the searches of the differential tests go on.

`FLUENTPRO_FUZZ_EXAMPLES` sets how many examples each of them makes (CI: 400; `make fuzz`: many more).
"""

import os

from hypothesis import HealthCheck, settings

FUZZ = settings(
    deadline=None,
    max_examples=int(os.environ.get("FLUENTPRO_FUZZ_EXAMPLES", "400")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
