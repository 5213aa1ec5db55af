"""The keys in flight: calls made, settled, tried again or halved, and cancelled when deserted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from contextvars import Context
from functools import partial
from typing import TypeAlias, TypeVar

from batching.ahead import begun, step_ahead
from batching.alarms import Alarms
from batching.callers import SetCaller, SingleCaller
from batching.errors import BatchError, CircularWaitError, RefusedError, RetryableError
from batching.flight import Flight
from batching.gate import PAUSE, Gate
from batching.home import Home
from batching.joint import Caller, Joint, joined, members, still
from batching.lineage import closes_circle, enter_batch, inside_batch, marked
from batching.observing import Observers
from batching.outcomes import Outcome, align, not_async, raisable
from batching.policies import Observer, RetryPolicy
from batching.tick import next_turn

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: What a batch function may hand back.
Answer: TypeAlias = Sequence[V | Exception] | Mapping[K, V | Exception]
#: Takes the keys of a batch and brings their outcomes.
ProcessorFunc: TypeAlias = Callable[[list[K]], Awaitable[Answer[V, K]]]

# Looking for one bad key of 50 takes 13 calls at most, of two 23: beyond that the batch is bad.
EXTRA_CALLS = 24
# Calls per second at which looking for it would keep everybody waiting for half a minute.
SLOW_RATE = 1.0


class Flights(dict[K, Flight[K, V]]):
    """The flight of each key that is in the air, rests before another attempt, or stands ready.

    The dispatcher sets `again`, called with a flight whose keys have rested, `is_awaited`, which
    tells whether anybody waits for a call to end, and `landed`, called then when one has.
    """

    def __init__(
        self,
        processor_func: ProcessorFunc[K, V],
        *,
        name: str,
        home: Home,
        gate: Gate,
        retry: RetryPolicy,
        observers: tuple[Observer, ...],
        alarms: Alarms,
        context: Context,
    ) -> None:
        super().__init__()
        self._processor_func = processor_func
        self._name = name
        self._home = home
        self._gate = gate
        self._retry = retry
        self._observers: Observers[K, V] = Observers(name, home, observers)
        self._alarms = alarms
        self._context = context
        self.again: Callable[[Flight[K, V]], None]
        # The task that makes the next call that is launched, and the flight that it got.
        self._carrier: asyncio.Task[None] | None = None
        self._carried: Flight[K, V] | None = None
        self.is_awaited: Callable[[], bool]
        self.landed: Callable[[], None]
        self.reset()

    def reset(self) -> None:
        """Begin anew: the event loop of what was in flight is over."""
        self.clear()
        #: The flights whose call is being made.
        self.in_air: set[Flight[K, V]] = set()
        #: Halves of refused batches, ready to leave.
        self.ready: deque[Flight[K, V]] = deque()
        #: Attempts made for keys that failed once.
        self.attempts: dict[K, int] = {}
        #: Set when the processor closes: keys are tried no more.
        self.final = False

    # Join and leave.

    def board(self, key: K, caller: SingleCaller[K, V]) -> None:
        """Let one more caller wait for a key in flight."""
        flight = self[key]
        asker = inside_batch()
        if asker is not None:
            if closes_circle(asker, flight):
                caller.settle(key, CircularWaitError(self._name, key), batch_failed=True)
                return
            flight.askers.setdefault(key, []).append((asker, caller))
        flight.callers[key] = joined(flight.callers[key], caller)
        if flight.live is not None:
            flight.live += 1
        caller.count_join()

    def board_all(self, caller: SetCaller[K, V], keys: Iterable[K]) -> dict[K, SetCaller[K, V]]:
        """Let a set wait for those of its keys that are in flight; return the others.

        Nothing of it is asked from inside a batch function, so no circle is closed.
        """
        others: dict[K, SetCaller[K, V]] = {}
        by_flight: dict[Flight[K, V], list[K]] = {}
        for key in keys:
            flight = self.get(key)
            if flight is None:
                others[key] = caller
            elif flight in by_flight:
                by_flight[flight].append(key)
            else:
                by_flight[flight] = [key]
        for flight, those in by_flight.items():
            flight.take_aboard(caller, those)
            caller.joined += len(those)
        return others

    def leave(self, key: K, caller: SingleCaller[K, V]) -> None:
        """Note that a caller of a key has gone; with the last one of a flight its call ends."""
        flight = self[key]
        there = flight.callers[key]
        flight.live = flight.count_live() - 1
        if isinstance(there, Joint) and len(there.callers) > 1:
            there.drop(caller)
        if not flight.live:
            self.desert(flight)

    def desert(self, flight: Flight[K, V]) -> None:
        """Cancel a call that nobody waits for; who asks for its keys now gets a fresh one."""
        self._forget(flight)
        flight.live = 0
        if flight.timer:
            flight.timer.cancel()
        elif flight.task:
            flight.task.cancel()
        else:
            self.ready.remove(flight)

    def abandon(self, error: Exception) -> None:
        """Fail every key and cancel every call."""
        for flight in set(self.values()):
            for key, caller in flight.callers.items():
                caller.settle(key, error, batch_failed=True)
            self.desert(flight)
        self.attempts.clear()

    def next_ready(self, *, asked: bool) -> Flight[K, V] | None:
        """Take the next half of a refused batch; asked: one that a batch function waits for."""
        for flight in self.ready:
            if not asked or flight.asked_inside():
                self.ready.remove(flight)
                return flight
        return None

    def resting(self) -> set[Flight[K, V]]:
        """Return the flights that wait for another attempt."""
        return {flight for flight in self.values() if flight.timer}

    # Fly.

    def launch(self, flight: Flight[K, V], slots: int) -> None:
        """Make the call of a flight that the gate has admitted, with the slots it took there."""
        flight.slots = slots
        self.in_air.add(flight)
        if self._carrier is not None:
            flight.task = self._carrier
            self._carrier = None
            self._carried = flight
            return
        # A task that is cancelled before its first step never enters its coroutine. Either call is
        # entered here, so that it gives back what it holds however early it is cancelled.
        loop, context = self._home.loop, self._context.copy()
        if marked() is None:
            call = self._fly(flight)
            task = loop.create_task(call, context=context)
            if flight.started is None:  # otherwise a task factory was eager
                step_ahead(task, call, context)
        else:  # batch functions that ask each other begin in turn, not each inside another
            call = self._take_off(flight)
            call.send(None)
            task = loop.create_task(call, context=context)
        flight.task = task

    def carry(
        self, task: asyncio.Task[None] | None, launch: Callable[[], None]
    ) -> Awaitable[None] | None:
        """Launch flights; return the call of the first, if this task is to make it."""
        self._carrier = task
        try:
            launch()
        finally:
            self._carrier = None
        flight, self._carried = self._carried, None
        return None if flight is None else self._fly(flight)

    async def _take_off(self, flight: Flight[K, V]) -> None:
        try:
            await next_turn()
            if flight.task is None:  # a task factory was eager
                await next_turn()
        except BaseException as error:
            self._break_off(flight, error)
            raise
        await self._fly(flight)

    async def _fly(self, flight: Flight[K, V]) -> None:
        """Make the call, settle the flight whatever comes of it, and give back what it held."""
        try:
            enter_batch(flight)
            flight.started = self._home.loop.time()
            if flight.live is not None:
                self._drop_deserted(flight)
            try:
                answer = await (self._answer(flight) if flight.task else self._begin(flight))
                outcomes, some_failed = align(self._name, flight.keys, answer)
            except RefusedError as error:
                self._bisect(flight, error)
            except Exception as error:  # noqa: BLE001 - it belongs to every caller of the batch
                self._fail(flight, raisable(self._name, error))
            else:
                if some_failed:
                    self._settle(flight, outcomes)
                else:
                    self._settle_values(flight, outcomes)
            if self.is_awaited():  # those whom it has answered go on first
                self._home.loop.call_soon(self._land, flight, context=self._context)
            else:
                self._give_back(flight)
        except BaseException as error:
            self._break_off(flight, error)
            raise
        finally:
            del flight  # or the error's traceback would keep it in a circle

    def _answer(self, flight: Flight[K, V]) -> Awaitable[Answer[V, K]]:
        """Call the batch function."""
        answer = self._processor_func(list(flight.keys))
        if not hasattr(answer, "__await__"):
            raise not_async(self._name, answer)
        return answer

    async def _begin(self, flight: Flight[K, V]) -> Answer[V, K]:
        """Call the batch function of a flight that is being launched.

        It is answered in a turn of its own: whoever asks meanwhile joins it, and no caller is
        answered while it asks.
        """
        try:
            return await begun(self._answer(flight))
        except StopIteration as error:
            raise raisable(self._name, error) from error
        finally:
            if flight.task is None:
                await next_turn()
            del flight  # as above

    def _break_off(self, flight: Flight[K, V], error: BaseException) -> None:
        """See to it that a flight lands whose call was cancelled, or that could not be settled."""
        assert flight.task is not None  # noqa: S101 - it is in the air
        if flight.task.get_loop().is_closed():
            return  # destroyed with its event loop: nobody is left to answer
        crash = partial(self._crash, flight)
        flight.task.add_done_callback(crash, context=self._context)
        if flight.live != 0 and flight.started is not None and not flight.settled:
            self._fail(flight, raisable(self._name, error))

    def _drop_deserted(self, flight: Flight[K, V]) -> None:
        """Do not send keys that all their callers have left since the cut."""
        callers = still(flight.callers)
        for key in flight.callers.keys() - callers.keys():
            del self[key]
            self.attempts.pop(key, None)
        flight.callers = callers

    def _crash(self, flight: Flight[K, V], task: asyncio.Task[None]) -> None:
        """End a flight whose call was cancelled, or that could not be settled."""
        error = None if task.cancelled() else task.exception()
        try:
            if not flight.settled:
                self._fail(flight, BatchError(f"{self._name}: the batch was cancelled"))
            elif isinstance(error, Exception):  # not the batch function's, but ours in settling
                for key, caller in flight.callers.items():
                    caller.settle(key, BatchError(f"{self._name}: {error!r}"), batch_failed=True)
                self._observers.complain("settling a batch of", error)
        finally:
            self._land(flight)

    def _land(self, flight: Flight[K, V]) -> None:
        self._give_back(flight)
        self.landed()

    def _give_back(self, flight: Flight[K, V]) -> None:
        """Give back what a call held."""
        self.in_air.discard(flight)
        if flight.live != 0 and flight.task and flight.task.cancelling():
            self._gate.pause(PAUSE)
        flight.task = None  # whose context knows the flight
        self._gate.done(flight.slots, unused=flight.started is None)

    # Settle.

    def _settle_values(self, flight: Flight[K, V], values: Sequence[V]) -> None:
        """Give every caller of a flight the value of its key."""
        flight.settled = True
        self._forget(flight)
        flight.settle_values(values)
        if self._alarms:
            self._alarms.unset_settled(flight.singles())
        if self._observers.are_there:
            self._observers.tell(flight)

    def _fail(self, flight: Flight[K, V], error: Exception) -> None:
        self._settle(flight, [error] * len(flight.keys), batch_failed=True)

    def _settle(
        self, flight: Flight[K, V], outcomes: Sequence[Outcome[V]], *, batch_failed: bool = False
    ) -> None:
        """Give every caller of a flight its outcome, apart from keys that are tried again."""
        flight.settled = True
        callers = flight.callers
        failures = 0
        again = self._attempts_of_retryable(flight, outcomes)
        self._forget(flight)
        for (key, caller), outcome in zip(callers.items(), outcomes, strict=True):
            if key not in again:
                failures += isinstance(outcome, Exception)
                caller.settle(key, _seen(outcome), batch_failed=batch_failed)
        resting = self._rest(flight, again, outcomes) if again else 0
        failures += len(again) - resting
        if self._alarms:
            self._alarms.unset_settled(callers.values())
        self._observers.tell(flight, retries=resting, failures=failures)

    def _forget(self, flight: Flight[K, V]) -> None:
        """Drop the keys of a flight, unless it was deserted: then they are gone already."""
        if self.get(next(iter(flight.keys))) is flight:
            if len(self) == len(flight.keys):
                self.clear()
            else:
                for key in flight.keys:
                    del self[key]
            if self.attempts:
                for key in flight.keys:
                    self.attempts.pop(key, None)

    # Try again.

    def _attempts_of_retryable(
        self, flight: Flight[K, V], outcomes: Sequence[Outcome[V]]
    ) -> dict[K, int]:
        """Return the keys to try again, each with the attempts it has had."""
        if self.final:
            return {}
        attempts: dict[K, int] = {}
        for key, outcome in zip(flight.keys, outcomes, strict=True):
            if isinstance(outcome, RetryableError) and not outcome.final:
                had = self.attempts.get(key, 0) + 1
                if had < (outcome.attempts or self._retry.attempts):
                    attempts[key] = had
        return attempts

    def _rest(
        self, flight: Flight[K, V], again: Mapping[K, int], outcomes: Sequence[Outcome[V]]
    ) -> int:
        """Let keys rest before they wait anew; a key asked meanwhile joins them. Return how many.

        A caller whose deadline comes first is told now what went wrong, instead of nothing then.
        """
        hints = [one.after for one in outcomes if isinstance(one, RetryableError)]
        told = [after for after in hints if after is not None]
        delay = max(told) if told else self._retry.delay(max(again.values()))
        loop: asyncio.AbstractEventLoop = self._home.loop
        callers: dict[K, Caller[K, V]] = {}
        for (key, caller), outcome in zip(flight.callers.items(), outcomes, strict=True):
            for member in members(caller) if key in again else ():
                if member.deadline is not None and member.deadline <= loop.time() + delay:
                    member.settle(key, _seen(outcome), batch_failed=True)
                elif not member.done():
                    callers[key] = joined(callers[key], member) if key in callers else member
        if callers:
            rest = self._replace(flight, callers)
            self.attempts.update({key: again[key] for key in callers})
            rest.timer = loop.call_later(delay, self.again, rest, context=self._context)
        return len(callers)

    def release(self, rest: Flight[K, V]) -> dict[K, Caller[K, V]]:
        """End a rest; return the callers that are still there."""
        assert rest.timer is not None  # noqa: S101 - only resting flights are released
        rest.timer.cancel()
        callers = still(rest.callers)
        for key in rest.callers:
            del self[key]
            if key not in callers:
                self.attempts.pop(key, None)
        return callers

    def _replace(self, flight: Flight[K, V], callers: dict[K, Caller[K, V]]) -> Flight[K, V]:
        """Put a new flight in the place of some keys of an old one."""
        askers = {key: flight.askers[key] for key in callers if key in flight.askers}
        heir = Flight(callers, flight.reason, askers)
        heir.extra_calls = flight.extra_calls
        self.update(dict.fromkeys(callers, heir))
        return heir

    def _bisect(self, flight: Flight[K, V], refused: RefusedError) -> None:
        """Send a refused batch again in halves, until the key to blame is alone."""
        cause = raisable(self._name, refused.__cause__ or refused)
        slow = self._gate.rate is not None and self._gate.rate <= SLOW_RATE
        if len(flight.keys) == 1 or slow or self.final:
            self._fail(flight, cause)
        elif flight.extra_calls[0] + 2 > EXTRA_CALLS:
            unsure = RetryableError(f"{self._name}: refused together with others", final=True)
            unsure.__cause__ = cause
            self._fail(flight, unsure)
        else:
            flight.settled = True
            flight.extra_calls[0] += 2
            callers = still(flight.callers)
            self._forget(flight)
            keys = list(callers)
            middle = len(keys) // 2
            for part in filter(None, (keys[:middle], keys[middle:])):
                self.ready.append(self._replace(flight, {key: callers[key] for key in part}))
            self._observers.tell(flight, retries=len(keys))


def _seen(outcome: Outcome[V]) -> Outcome[V]:
    """Return what a key's callers see of an outcome once it is tried no more."""
    if isinstance(outcome, RetryableError) and not outcome.final:
        return outcome.__cause__ if isinstance(outcome.__cause__, Exception) else outcome
    return outcome
