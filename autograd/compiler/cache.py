"""What compiled functions keep from call to call. Needs the standard library only."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

__all__ = ["Recent"]

ALWAYS = 8
"""So many of the latest entries stay, whatever they weigh."""


class Recent:
    """The entries that were used last, as many as there is room for.

    There is no lock: each step is one operation on a dict, so any thread may call at any time, and a forked
    process finds no lock held that nobody will release. Two threads may make one entry at once; the first
    stays.

    Parameters
    ----------
    limit
        How many entries there may be.
    room
        What they may weigh together.
    weigh
        Returns what an entry weighs, such as bytes, from its key and itself.
    """

    def __init__(
        self,
        limit: int = 256,
        room: float = 2.0**29,
        weigh: Callable[[Any, Any], float] = lambda _key, _entry: 0.0,
    ) -> None:
        self.limit, self.room, self.weigh = limit, room, weigh
        self._entries: dict[Any, list[Any]] = {}  # the entry, when it was used last, its weight
        self._clock = count()

    def recall(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return the entry, made now if it is not there; it is the last to go."""
        entry = self._entries.get(key)
        if entry is None:
            made = make()
            entry = self._entries.setdefault(key, [made, next(self._clock), self.weigh(key, made)])
            self._make_room()
        entry[1] = next(self._clock)
        return entry[0]

    def _make_room(self) -> None:
        entries = sorted(self._entries.copy().items(), key=lambda item: item[1][1])
        weight = sum(entry[2] for _, entry in entries)
        for left, (key, entry) in zip(range(len(entries), ALWAYS, -1), entries, strict=False):
            if left <= self.limit and weight <= self.room:
                break
            weight -= entry[2]
            self._entries.pop(key, None)

    def get(self, key: Any) -> Any:
        """Return an entry, or None; it is not used by that."""
        entry = self._entries.get(key)
        return None if entry is None else entry[0]

    def copy(self) -> Recent:
        """Return another one with the same entries."""
        twin = Recent(self.limit, self.room, self.weigh)
        twin._entries = {key: list(entry) for key, entry in list(self._entries.items())}
        twin._clock = count(next(self._clock))
        return twin

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()

    def __contains__(self, key: Any) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)
