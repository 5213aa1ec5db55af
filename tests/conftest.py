"""Every async test runs on the virtual clock: no test sleeps, every time is exact."""

from __future__ import annotations

import pytest

from api.testing.clock import VirtualClockLoop


@pytest.fixture
def anyio_backend():
    return "asyncio", {"loop_factory": VirtualClockLoop}
