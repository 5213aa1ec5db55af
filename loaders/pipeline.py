"""Pipeline: what every bulk call of a provider goes through, from top to bottom.

    deadline    who runs out of time leaves, and a call that nobody waits for ends: `batching`
    refusal     who would wait in vain, for a pause or a breaker to end, is told so at once
    gate        the keys are cut into a batch when the provider may be called: `batching`
    account     the calls it makes are noted, for traces and metrics
    breaker     a resource that fails too often is left alone: `loaders.breaker`
    attempt     the client's method makes its call, which has a time limit: `loaders.http`
    body        bounded on the wire, and bounded unpacked: `loaders.http`
    decode      into the shapes that the provider promises: its `wire`
    map         by id, to one outcome per key: its `parse`
    classify    a failure is called by its name (`loaders.statuses`), and the name decides: below

A client so has two ways to answer: one outcome per key, or one ProviderError for all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from math import ceil
from typing import Generic, TypeAlias, TypeVar

from batching import BatchProcessor, Observer, RefusedError, RetryableError
from loaders.breaker import SLOW, Breaker
from loaders.calls import BatchCalls, calls_of_batch
from loaders.errors import (
    BadKeyError,
    CircuitOpenError,
    ProviderError,
    RateLimitedError,
    TooManyKeysError,
)
from loaders.retries import SPLITS, Patience, attempts_after, is_failure

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: One outcome per key, aligned with them or by key.
Outcomes: TypeAlias = Sequence[V | Exception] | Mapping[K, V | Exception]

# Seconds until a call is tried with as many keys as ever: a refusal may have been a passing fault,
# and an application may be given more rights. One call per hour and resource is what that costs.
REMEMBERED = 3600.0


class Pipeline(Generic[K, V]):
    """A resource of a provider: its processor, and what stands between that and the client."""

    def __init__(
        self,
        provider: str,
        resource: str,
        get: Callable[[list[K]], Awaitable[Outcomes[V, K]]],
        *,
        batch_size: int,
        window: float,
        patience: Patience,
        observers: Sequence[Observer],
    ) -> None:
        self.name = f"{provider}.{resource}"
        self.resource = resource
        self.breaker = Breaker()
        self._provider = provider
        self._get = get
        self._batch_size = batch_size
        self._resized_until: float | None = None
        self._patience = patience
        self.processor: BatchProcessor[K, V] = BatchProcessor(
            self._call,
            batch_size,
            window or None,
            name=self.name,
            gate=patience.gate,
            observers=observers,
            refusal=self._refusal,
        )
        patience.processors.append(self.processor)

    def __repr__(self) -> str:
        return f"<Pipeline {self.name!r} {self.breaker!r}>"

    def _refusal(self, deadline: float | None) -> ProviderError | None:
        """Return why a caller with this deadline had better not wait for a call."""
        if wait := self.breaker.wait:
            return self._left_alone(wait)
        held = self._patience.gate.held
        if held and deadline is not None and deadline <= asyncio.get_running_loop().time() + held:
            pause = f"{self._provider} takes no calls for {ceil(held)} s"
            return RateLimitedError(self._provider, pause, retry_after=held)
        return None

    async def _call(self, keys: list[K]) -> Outcomes[V, K]:
        """Make the call for these keys, and decide what is done when it fails."""
        # In the batch's own context: its calls and its observers find it, no other batch does.
        calls_of_batch.set(BatchCalls(self.name))
        self._forget_in_time()
        try:
            outcomes = await self._attempt(keys)
        except RateLimitedError as error:
            # Nobody calls until then, and nobody who can wait has to ask again.
            raise RetryableError(after=self._patience.hold(error)) from error
        except TooManyKeysError as error:
            self._shrink(error, keys)
            raise RetryableError(after=0.0, attempts=SPLITS) from error
        except BadKeyError as error:
            if len(keys) == 1:
                raise
            raise RefusedError from error
        except ProviderError as error:
            attempts = attempts_after(error)
            if attempts == 1 or not self._patience.may_retry():
                raise
            raise RetryableError(attempts=attempts) from error
        self._patience.served()
        return outcomes

    async def _attempt(self, keys: list[K]) -> Outcomes[V, K]:
        """Make the call if the breaker lets it, and tell it what came of it."""
        if wait := self.breaker.wait:
            raise self._left_alone(wait)
        is_probe = self.breaker.enter()
        failed = None  # what is cancelled proves nothing
        try:
            outcomes = await self._get(keys)
            failed = _was_slow()
        except ProviderError as error:
            failed = is_failure(error)
            raise
        finally:
            if self.breaker.leave(is_probe, failed=failed):
                self.processor.reconsider()
        return outcomes

    def _left_alone(self, wait: float) -> CircuitOpenError:
        message = f"{self._provider} fails too often and is left alone for {ceil(wait)} s"
        return CircuitOpenError(self._provider, message, retry_after=wait)

    def _shrink(self, refused: TooManyKeysError, keys: list[K]) -> None:
        """Let a call have fewer keys; raises the refusal when there are no fewer."""
        at_most = len(keys) // 2 if refused.at_most is None else refused.at_most
        if not at_most:
            raise refused
        self._resized_until = asyncio.get_running_loop().time() + REMEMBERED
        self.processor.batch_size = at_most

    def _forget_in_time(self) -> None:
        if self._resized_until and asyncio.get_running_loop().time() >= self._resized_until:
            self._resized_until = None
            self.processor.batch_size = self._batch_size


def _was_slow() -> bool:
    """Tell whether one of the calls of this batch took so long that it counts as a failure."""
    batch = calls_of_batch.get()
    return batch is not None and any(call.seconds >= SLOW for call in batch.calls)
