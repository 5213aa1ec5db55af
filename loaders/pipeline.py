"""Pipeline: what every bulk call of a provider goes through, from top to bottom.

    deadline    who runs out of time leaves, and a call that nobody waits for ends: `batching`
    gate        the keys are cut into a batch when the provider may be called: `batching`
    account     the calls it makes are noted, for traces and metrics
    attempt     the client's method makes its call, which has a time limit: `loaders.http`
    body        bounded on the wire, and bounded unpacked: `loaders.http`
    decode      into the shapes that the provider promises: its `wire`
    map         by id, to one outcome per key: its `parse`
    classify    a failure is called by its name (`loaders.statuses`), and the name decides: below

A client so has two ways to answer: one outcome per key, or one ProviderError for all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

from batching import RefusedError, RetryableError
from loaders.calls import BatchCalls, calls_of_batch
from loaders.errors import BadKeyError, ProviderError, RateLimitedError, TooManyKeysError
from loaders.retries import SPLITS, Throttle, attempts_after

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: One outcome per key, aligned with them or by key.
Outcomes: TypeAlias = Sequence[V | Exception] | Mapping[K, V | Exception]

# Seconds until a call is tried with as many keys as ever: a refusal may have been a passing fault,
# and an application may be given more rights. One call per hour and resource is what that costs.
REMEMBERED = 3600.0


class Pipeline(Generic[K, V]):
    """The batch function of a resource: a client's method, and what is done when it fails.

    `resize` is called with the number of keys that a call may have from now on.
    """

    def __init__(
        self,
        name: str,
        get: Callable[[list[K]], Awaitable[Outcomes[V, K]]],
        *,
        batch_size: int,
        throttle: Throttle,
        resize: Callable[[int], None],
    ) -> None:
        self.name = name
        self._get = get
        self._batch_size = batch_size
        self._throttle = throttle
        self._resize = resize
        self._resized_until: float | None = None

    def __repr__(self) -> str:
        return f"<Pipeline {self.name!r}>"

    async def __call__(self, keys: list[K]) -> Outcomes[V, K]:
        """Make the call for these keys."""
        # In the batch's own context: its calls and its observers find it, no other batch does.
        calls_of_batch.set(BatchCalls(self.name))
        self._forget_in_time()
        try:
            outcomes = await self._get(keys)
        except RateLimitedError as error:
            # Nobody calls until then, and nobody who waits has to ask again.
            raise RetryableError(after=self._throttle.hold(error)) from error
        except TooManyKeysError as error:
            self._shrink(error, keys)
            raise RetryableError(after=0.0, attempts=SPLITS) from error
        except BadKeyError as error:
            if len(keys) == 1:
                raise
            raise RefusedError from error
        except ProviderError as error:
            attempts = attempts_after(error)
            if attempts == 1:
                raise
            raise RetryableError(attempts=attempts) from error
        self._throttle.ease()
        return outcomes

    def _shrink(self, refused: TooManyKeysError, keys: list[K]) -> None:
        """Let a call have fewer keys; raises the refusal when there are no fewer."""
        at_most = len(keys) // 2 if refused.at_most is None else refused.at_most
        if not at_most:
            raise refused
        self._resized_until = asyncio.get_running_loop().time() + REMEMBERED
        self._resize(at_most)

    def _forget_in_time(self) -> None:
        if self._resized_until and asyncio.get_running_loop().time() >= self._resized_until:
            self._resized_until = None
            self._resize(self._batch_size)
