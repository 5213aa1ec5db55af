"""Parts of entities that look-ups tell, one entity per call: what one process was told, all know.

They are looked for before they are looked up, and not leased: two processes that want the same part
at the same time both look it up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from batching import BatchProcessor
from loaders.remembered import Remembered
from loaders.shared.entries import MOST_LOOKED_FOR, Claim, Found, SharedEntries

#: An entity's native id, and the field that is wanted.
Part: TypeAlias = tuple[str, str]


class SharedParts:
    """The parts of one kind of entity."""

    def __init__(self, name: str, remembered: Remembered[Part], entries: SharedEntries) -> None:
        self.entries = entries
        self._remembered = remembered
        self._looks: BatchProcessor[Part, Found | Claim] = BatchProcessor(
            self._look, MOST_LOOKED_FOR, name=name
        )
        remembered.tell_others = self._tell

    def __repr__(self) -> str:
        return f"<SharedParts {self.entries!r}>"

    def unknown(self, parts: Sequence[Part]) -> list[Part]:
        """Return those that this process does not know and others may."""
        return self._remembered.unknown(parts) if self.entries.is_up else []

    async def find(self, parts: Sequence[Part], deadline: float | None) -> None:
        """Let this process know what others were told."""
        found = await self._looks.submit_many(parts, deadline=deadline)
        self._remembered.remember_aged(
            {
                part: (one.outcome, one.age)
                for part, one in zip(parts, found, strict=True)
                if isinstance(one, Found)
            }
        )

    async def close(self) -> None:
        """Look for nothing more."""
        await self._looks.close()

    async def _look(self, parts: list[Part]) -> Sequence[Found | Claim]:
        return await self.entries.look(list(map(_key, parts)), leasing=False)

    def _tell(self, outcomes: Mapping[Part, Any]) -> None:
        self.entries.fill({_key(part): outcome for part, outcome in outcomes.items()})


def _key(part: Part) -> str:
    return ":".join(part)
