"""Rules of the coalescer, each broken by hand, and the tests that must notice.

`python -m tests.batching.mutants` puts each mutant into a copy of the packages and runs the tests
named with it, two at a time; it prints those that survive. `python -m tests.batching.mutants NAME`
shows what the tests of one say.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Seconds after which tests hang, which is as good as failing.
PATIENCE = 120
AT_ONCE = 2


@dataclass(frozen=True)
class Mutant:
    """A rule broken by replacing one text in one file.

    tests:  The files of tests/batching, or paths, that must notice.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str

    def source(self):
        """Return the file with the rule broken."""
        source = (ROOT / self.file).read_text(encoding="utf-8")
        if source.count(self.old) != 1:
            raise ValueError(
                f"{self.name}: expected {self.old!r} once in {self.file}, "
                f"got it {source.count(self.old)} times"
            )
        return source.replace(self.old, self.new)

    def paths(self):
        """Return the paths of its tests."""
        return [
            one if "/" in one else f"tests/batching/test_{one}.py" for one in self.tests.split()
        ]


MUTANTS = [
    # Settle.
    Mutant(
        "a tick ends at once", "batching/tick.py", "QUIET_TURNS = 2", "QUIET_TURNS = 0", "settle"
    ),
    Mutant(
        "one quiet turn ends a tick",
        "batching/tick.py",
        "QUIET_TURNS = 2",
        "QUIET_TURNS = 1",
        "tests/api/test_settle_in_strawberry.py",
    ),
    Mutant(
        "a busy tick never ends",
        "batching/tick.py",
        "MOST_TURNS = 64",
        "MOST_TURNS = 10**9",
        "settle",
    ),
    Mutant(
        "an idle loop is not noticed",
        "batching/tick.py",
        'nothing_ready = not getattr(self._loop, "_ready", True)',
        "nothing_ready = False",
        "settle",
    ),
    Mutant(
        "the news of others keep a tick going",
        "batching/waiting.py",
        "            lanes[caller.scope] = deque((key,))\n            return False\n",
        "            lanes[caller.scope] = deque((key,))\n            return True\n",
        "settle",
    ),
    Mutant(
        "every key is a batch",
        "batching/dispatch.py",
        "return len(self.waiting) >= self.batch_size",
        "return True",
        "dispatch",
    ),
    Mutant(
        "a window is counted from the last key",
        "batching/dispatch.py",
        "            if self._window is None:\n"
        "                loop: asyncio.AbstractEventLoop = self._home.loop\n"
        "                end = self.waiting.oldest() + self.max_wait_time\n",
        "            if True:\n"
        "                if self._window:\n                    self._end_window()\n"
        "                loop: asyncio.AbstractEventLoop = self._home.loop\n"
        "                end = loop.time() + self.max_wait_time\n",
        "dispatch",
    ),
    Mutant(
        "added items leave with the tick",
        "batching/dispatch.py",
        "        elif self.waiting.has_beside(ADDED):\n            self.tick.arm(",
        "        else:\n            self.tick.arm(",
        "collector",
    ),
    Mutant(
        "a tick that a stranger cancels is never over",
        "batching/tick.py",
        "                self._loop.call_later(PAUSE, self._due, None, context=self._context)\n",
        "",
        "settle",
    ),
    Mutant(
        "a tick that an eager task begins ends at once",
        "batching/tick.py",
        "if self._task is None:",
        "if False:",
        "settle",
    ),
    Mutant(
        "an open lane takes the keys of any scope",
        "batching/processor.py",
        "            and scope is tick.scope\n",
        "",
        "fairness settle refusal",
    ),
    Mutant(
        "an open lane takes keys with any deadline",
        "batching/processor.py",
        "            and deadline is tick.deadline\n",
        "",
        "refusal",
    ),
    Mutant(
        "an open lane takes keys whose alarm has been unset",
        "batching/processor.py",
        "            and (deadline is None or deadline in self._alarms)\n",
        "",
        "deadlines",
    ),
    Mutant(
        "an open lane takes keys without end",
        "batching/processor.py",
        "            and len(waiting) < self._room\n",
        "",
        "dispatch bounds",
    ),
    Mutant(
        "an open lane takes keys that are in the air",
        "batching/processor.py",
        "            and (not flights or key not in flights)\n",
        "",
        "sharing",
    ),
    Mutant(
        "an open lane takes what is asked in a batch for what is asked outside",
        "batching/processor.py",
        "            and marked() is None\n",
        "",
        "circles",
    ),
    Mutant(
        "a lane stays open when there is a new reason to refuse",
        "batching/intake.py",
        "        self._tick.lane = None\n",
        "",
        "refusal tests/loaders/test_pipeline.py",
    ),
    Mutant(
        "who was refused opens a lane",
        "batching/intake.py",
        "not (background or caller.done())",
        "not background",
        "refusal",
    ),
    # Late binding and the gate.
    Mutant(
        "batches are cut before the gate opens",
        "batching/dispatch.py",
        "            self.due = self.due or reason\n            self.pump()\n",
        "            self.due = self.due or reason\n            while self.waiting:\n"
        "                self._flights.ready.append(self._cut())\n            self.pump()\n",
        "late_binding",
    ),
    Mutant(
        "the rate is not kept",
        "batching/gate.py",
        "self._theoretical = max(self._theoretical, self._now()) + self._interval",
        "self._theoretical = max(self._theoretical, self._now())",
        "gate",
    ),
    Mutant(
        "there are no bursts",
        "batching/gate.py",
        "evenly = self._theoretical - (self.burst - 1) * self._interval",
        "evenly = self._theoretical",
        "gate",
    ),
    Mutant(
        "a hold holds nobody",
        "batching/gate.py",
        "return max(evenly, self._held_until) - self._now()",
        "return evenly - self._now()",
        "gate",
    ),
    Mutant(
        "a shorter hold ends a longer one",
        "batching/gate.py",
        "self._held_until = max(self._held_until, self.enter().time() + duration)",
        "self._held_until = self.enter().time() + duration",
        "gate",
    ),
    Mutant(
        "a permit of the quota serves two calls",
        "batching/gate.py",
        "self._permits.has_one = False",
        "pass",
        "quota",
    ),
    Mutant(
        "an unused permit of the quota is kept",
        "batching/quota.py",
        "        self._told(held)\n        self.has_one = False\n",
        "        self._told(held)\n",
        "quota",
    ),
    Mutant(
        "a permit of the quota passes a hold",
        "batching/gate.py",
        "return self._delay() <= _TINY and (self._permits is None or self._permits.has_one)",
        "return self._permits.has_one if self._permits else self._delay() <= _TINY",
        "quota",
    ),
    Mutant(
        "a hold that was told is told on",
        "batching/gate.py",
        "            self._held_until = max(self._held_until, self._now() + held)\n",
        "            self.hold(held)\n",
        "quota",
    ),
    Mutant(
        "another event loop's permit is used",
        "batching/quota.py",
        "if asked is not self._asking:",
        "if False:",
        "quota",
    ),
    Mutant(
        "a full batch takes a slot",
        "batching/gate.py",
        "int(self.concurrency is not None and party.needs_slot)",
        "int(self.concurrency is not None)",
        "gate",
    ),
    Mutant(
        "a slot is not given back",
        "batching/gate.py",
        "self._slots -= slots",
        "self._slots -= 0",
        "gate",
    ),
    Mutant(
        "an unused permit is not given back",
        "batching/gate.py",
        "            self._theoretical -= self._interval\n",
        "            pass\n",
        "isolation gate",
    ),
    Mutant(
        "the line is first come, first served",
        "batching/gate.py",
        "min(filter(self._may_pass, parties), key=lambda party: party.since, default=None)",
        "next(filter(self._may_pass, parties), None)",
        "gate",
    ),
    Mutant(
        "newcomers pass those in line",
        "batching/gate.py",
        "self._first_of(party, *self.line)",
        "self._first_of(party)",
        "gate",
    ),
    Mutant(
        "full batches wait for a slot",
        "batching/dispatch.py",
        "full = 1 < self.batch_size <= len(self.waiting)",
        "full = False",
        "late_binding gate bounds",
    ),
    Mutant(
        "partial batches wait for no slot",
        "batching/dispatch.py",
        "full = 1 < self.batch_size <= len(self.waiting)",
        "full = True",
        "late_binding gate",
    ),
    Mutant(
        "keys asked inside a batch wait for a slot",
        "batching/dispatch.py",
        " or self._flights.ready or self.waiting.asked_inside())",
        " or self._flights.ready)",
        "circles",
    ),
    # Fair.
    Mutant(
        "the first scope takes all",
        "batching/lanes.py",
        "share = len(taken) + 1 if self else size",
        "share = size",
        "fairness",
    ),
    Mutant(
        "background keys starve",
        "batching/waiting.py",
        "BACKGROUND_SHARE = 0.25",
        "BACKGROUND_SHARE = 0.0",
        "fairness",
    ),
    Mutant(
        "background keys are as good as others",
        "batching/gate.py",
        "BACKGROUND_LAG = 5.0",
        "BACKGROUND_LAG = 0.0",
        "fairness",
    ),
    # Isolated.
    Mutant(
        "one who leaves takes all along",
        "batching/flights.py",
        "flight.live = flight.count_live() - 1",
        "flight.live = 0",
        "isolation",
    ),
    Mutant(
        "a deserted call goes on",
        "batching/flights.py",
        "            flight.task.cancel()\n",
        "            pass\n",
        "isolation",
    ),
    Mutant(
        "keys that were left are sent",
        "batching/flights.py",
        "            if flight.live is not None:\n                self._drop",
        "            if False:\n                self._drop",
        "isolation",
    ),
    Mutant(
        "a caller's context leaks into the batch",
        "batching/flights.py",
        "loop, context = self._home.loop, self._context.copy()",
        "loop, context = self._home.loop, None",
        "isolation",
    ),
    # Ahead.
    Mutant(
        "a full batch waits for a turn of its task",
        "batching/flights.py",
        "            if flight.started is None:",
        "            if flight.started is not None:",
        "ahead",
    ),
    Mutant(
        "batch functions that ask each other begin inside each other",
        "batching/flights.py",
        "        if marked() is None:\n            call = self._fly",
        "        if True:\n            call = self._fly",
        "ahead",
    ),
    Mutant(
        "a caller is answered while it asks",
        "batching/flights.py",
        "            if flight.task is None:\n                await next_turn()\n            del",
        "            del",
        "ahead",
    ),
    Mutant(
        "a call begins as a step of its caller's task",
        "batching/ahead.py",
        "    _enter_task(loop, task)\n    try:",
        "    _enter_task(loop, here)\n    try:",
        "ahead",
    ),
    Mutant(
        "who is cancelled right after the first step is not told",
        "batching/ahead.py",
        "                error = thrown",
        "                del thrown",
        "ahead",
    ),
    # One outcome per key.
    Mutant(
        "outcomes come in another order",
        "batching/outcomes.py",
        "outcomes = list(answer)",
        "outcomes = list(answer)[::-1]",
        "outcomes",
    ),
    Mutant(
        "any number of outcomes will do",
        "batching/outcomes.py",
        "if len(outcomes) != len(keys):",
        "if False:",
        "outcomes",
    ),
    Mutant(
        "letters are values",
        "batching/outcomes.py",
        "_TEXT = (str, bytes, bytearray, memoryview)",
        "_TEXT = ()",
        "outcomes",
    ),
    Mutant(
        "an absent key is None",
        "batching/outcomes.py",
        "else KeyNotFoundError(key, name) for",
        "else None for",
        "outcomes",
    ),
    Mutant(
        "a batch cancelled before its first step answers nobody",
        "batching/flights.py",
        "            call.send(None)\n",
        "",
        "outcomes",
    ),
    # In-flight sharing.
    Mutant(
        "a key in the air is sent again",
        "batching/intake.py",
        "if key in self._flights:\n            self._flights.board(key, caller)\n        elif",
        "if",
        "sharing",
    ),
    Mutant(
        "a circle of waiting is not noticed",
        "batching/flights.py",
        "if closes_circle(asker, flight):",
        "if False:",
        "circles",
    ),
    # Retry and bisect.
    Mutant(
        "there is no end of trying again",
        "batching/flights.py",
        "if had < (outcome.attempts or self._retry.attempts):",
        "if had:",
        "retry",
    ),
    Mutant(
        "nobody waits as long as he was told to",
        "batching/flights.py",
        "delay = max(told) if told else",
        "delay = 0.0 if told else",
        "retry",
    ),
    Mutant(
        "keys tried again go to the end",
        "batching/waiting.py",
        ".put_first(scope, key)",
        ".put(scope, (key,))",
        "retry gate",
    ),
    Mutant(
        "a refused batch is refused as a whole",
        "batching/flights.py",
        "if len(flight.keys) == 1 or slow or self.final:",
        "if True:",
        "bisect",
    ),
    Mutant(
        "a bad batch is searched for ever",
        "batching/flights.py",
        "EXTRA_CALLS = 24",
        "EXTRA_CALLS = 999",
        "bisect",
    ),
    # Bounded.
    Mutant(
        "any number of keys may wait",
        "batching/intake.py",
        "        elif len(waiting) >= self._limits.max_pending:\n",
        "        elif False:\n",
        "bounds",
    ),
    Mutant(
        "any number of batches may fly",
        "batching/dispatch.py",
        "crowded = len(flights.in_air) >= self._limits.max_in_flight",
        "crowded = False",
        "late_binding",
    ),
    Mutant(
        "a deadline passes unnoticed",
        "batching/alarms.py",
        "            if not caller.done():\n",
        "            if False:\n",
        "deadlines",
    ),
    # Close, loops, observers.
    Mutant(
        "closing forgets what waits",
        "batching/closing.py",
        '        self._dispatcher.become_due("close")\n',
        "",
        "close",
    ),
    Mutant(
        "a flush is one batch",
        "batching/dispatch.py",
        "            flights.launch(half or self._cut(), slots)\n",
        "            flights.launch(half or self._cut(), slots)\n            self.due = None\n",
        "collector",
    ),
    Mutant(
        "what a dead loop left behind is kept",
        "batching/processor.py",
        "self._dispatcher.reset()\n",
        "pass\n",
        "loops",
    ),
    Mutant(
        "a loop that ends begins calls",
        "batching/flights.py",
        "if flight.live != 0 and flight.task and flight.task.cancelling():",
        "if False:",
        "loops",
    ),
    Mutant(
        "every batch left because it was full",
        "batching/dispatch.py",
        "if len(callers) >= self.batch_size else self.due",
        "if True else self.due",
        "observers",
    ),
    # The loader.
    Mutant(
        "a failed batch is remembered",
        "batching/callers.py",
        'getattr(self, "batch_failed", False)',
        "False",
        "tests/loaders/test_loader.py",
    ),
    Mutant(
        "nothing is remembered",
        "loaders/loader.py",
        "        if key not in memo:\n            caller = memo[key]",
        "        if True:\n            caller = memo[key]",
        "tests/loaders/test_loader.py",
    ),
]


def lay_out(mutant, folder):
    """Make a copy of what its tests need, with the rule broken."""
    for name in ("api", "tests", "pyproject.toml", "schema.graphql"):
        (folder / name).symlink_to(ROOT / name)
    for name in ("batching", "loaders"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / mutant.file).write_text(mutant.source(), encoding="utf-8")


def noticed(mutant):
    """Run the tests of a mutant; return whether they fail, and what they say."""
    with tempfile.TemporaryDirectory() as name:
        lay_out(mutant, Path(name))
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *mutant.paths()],
            cwd=name,
            env=os.environ | {"PYTHONPATH": name, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    if run.returncode not in {0, 1}:  # neither passed nor failed: the tests did not run
        raise RuntimeError(f"{mutant.name}: {run.stdout}{run.stderr}")
    return run.returncode == 1, run.stdout


def survives(mutant):
    try:
        return not noticed(mutant)[0]
    except subprocess.TimeoutExpired:
        return False


def main(names):
    if names:
        for mutant in MUTANTS:
            if mutant.name in names:
                sys.stdout.write(noticed(mutant)[1])
        return 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        survivors = [
            mutant.name
            for mutant, alive in zip(MUTANTS, pool.map(survives, MUTANTS), strict=True)
            if alive
        ]
    sys.stdout.write(f"{len(MUTANTS) - len(survivors)} of {len(MUTANTS)} mutants are killed.\n")
    for name in survivors:
        sys.stdout.write(f"survives: {name}\n")
    return len(survivors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
