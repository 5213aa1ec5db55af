"""Work, counted in function calls: the same on every machine, however busy it is."""

import gc
import sys
from contextlib import contextmanager


class Work:
    """How many functions were called, Python's own among them."""

    def __init__(self):
        self.calls = 0

    def __call__(self, _frame, event, _argument):
        if event in {"call", "c_call"}:
            self.calls += 1


@contextmanager
def counted():
    """Count the functions that are called in this thread meanwhile, but those of the collector.

    When that looks for circles depends on what ran before; and it calls whoever wants to know.
    """
    work = Work()
    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()
    sys.setprofile(work)
    try:
        yield work
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()
