"""Whatever callers and batch functions do, in any order: what must always hold, holds."""

import os

from hypothesis import HealthCheck, given, settings

from tests.batching.machine.programs import programs
from tests.batching.machine.world import violations

# The same programs each time, so that a red run can be trusted; EXPLORE=20000 tries new ones.
EXPLORE = int(os.environ.get("EXPLORE", "0"))


@settings(
    max_examples=EXPLORE or 400,
    derandomize=not EXPLORE,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(programs)
def test_every_random_program_keeps_every_promise(program):
    assert violations(program) == []
