"""Data that is read batch by batch: checked, and read ahead by a thread while a batch is computed."""

from __future__ import annotations

import contextvars
import hashlib
import queue
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from inspect import signature
from typing import Any

from autograd.words import gettext
from nn.data import batches

__all__ = ["Mapped", "Read", "Spread", "Stream", "ahead", "as_arrays", "fingerprint", "read"]

Batch = tuple[Any, Any]
END = object()


def ahead(items: Iterator[Any], depth: int = 2) -> Generator[Any, None, None]:
    """Yield items that a thread computes, at most so many ahead; its error is raised where it comes in turn.

    The thread ends with the items, or where the generator is closed, which waits for it; an interrupt from
    the keyboard does not.
    """
    found: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
    room, closed = threading.Semaphore(depth), threading.Event()

    def fill() -> None:
        try:
            while room.acquire() and not closed.is_set():
                item = next(items, END)
                found.put((item, None))
                if item is END:
                    return
        except BaseException as error:  # noqa: BLE001  it is raised by who waits for the item
            found.put((END, error))
        finally:
            getattr(items, "close", lambda: None)()

    context = contextvars.copy_context()  # in which nothing is recorded, say
    thread = threading.Thread(target=context.run, args=(fill,), name="chainrule-batches", daemon=True)
    thread.start()
    waits = True
    try:
        while True:
            item, error = found.get()
            if error is not None:
                raise error
            if item is END:
                return
            room.release()
            yield item
    except KeyboardInterrupt:
        waits = False  # for an item that may never come
        raise
    finally:
        closed.set()
        room.release()
        if waits:
            thread.join()


class Read:
    """A data set of which a batch at a time is in memory.

    Parameters
    ----------
    check
        A function of a batch and its name, which returns it checked.
    """

    def __init__(self, check: Callable[[Batch, str], Batch]) -> None:
        self.check_batch = check
        self.shape: Any = None

    def opened(self, epoch: int, rng: Any) -> Iterator[Any]:
        """Return the batches of an epoch, whose order is drawn at once."""
        raise NotImplementedError

    def few(self) -> Batch:
        """Return some samples, by which the model and the loss are tried."""
        raise NotImplementedError

    def made(self) -> str:
        """Return what tells the data from other data, as far as a look at its beginning shows."""
        x, y = self.few()
        return fingerprint(_plain(x), _plain(y))

    def epoch(self, epoch: int, rng: Any, done: int = 0) -> Generator[Batch, None, None]:
        """Return the batches of an epoch but for those that are done, read ahead."""
        return ahead(self._checked(self.opened(epoch, rng), epoch, done))

    def _checked(self, items: Iterator[Any], epoch: int, done: int) -> Iterator[Batch]:
        with closing(_chained([], items)) as parts:
            count = 0
            for count, item in enumerate(parts, 1):
                if count > done:
                    yield self.checked(item, gettext(
                        "batch {count} of epoch {epoch}", count=count, epoch=epoch + 1
                    ))  # fmt: skip
        if count < done or not count:
            behind = gettext(", of which the checkpoint has done {done}", done=done) if done else ""
            raise ValueError(gettext(
                "the data has {count} batches in epoch {epoch}{behind}; a data set that can be gone through "
                "once lasts for one epoch: pass the function that makes its batches, as in data=batches in "
                "place of data=batches()",
                count=count, epoch=epoch + 1, behind=behind,
            ))  # fmt: skip

    def checked(self, item: Any, name: str) -> Batch:
        """Return a batch, which is a pair of equally many samples and targets."""
        if not isinstance(item, (tuple, list)) or len(item) != 2:
            raise TypeError(gettext(
                "{name} must be a pair of samples and targets, got {item}; let the data yield (x, y)",
                name=name, item=" ".join(repr(item).split())[:60],
            ))  # fmt: skip
        x, y = item if is_spread(item) else self.check_batch((item[0], item[1]), name)
        shape = getattr(item[0], "shape", (0,))[1:]
        if self.shape is None:
            self.shape = shape
        if shape != self.shape:
            raise ValueError(gettext(
                "{name} has samples of shape {shape}, and those before of shape {shape2}; let all batches "
                "have as many features",
                name=name, shape=shape, shape2=self.shape,
            ))  # fmt: skip
        return x, y


class Mapped(Read):
    """Arrays that stay in their files, as ``numpy.memmap`` does.

    Parameters
    ----------
    x, y
        The arrays.
    size
        Samples in a batch.
    shuffle
        Whether to draw an order.
    check
        As for `Read`.
    """

    def __init__(self, x: Any, y: Any, size: int | None, shuffle: bool, check: Any) -> None:
        super().__init__(check)
        self.x, self.y, self.size, self.shuffle = x, y, size, shuffle
        batches(x, y, size, shuffle=False)  # checks them

    def opened(self, epoch: int, rng: Any) -> Iterator[Any]:  # noqa: ARG002
        """Return the batches in an order that is drawn now."""
        whole = self.size is None or self.size >= len(self.x)
        return batches(self.x, self.y, self.size, self.shuffle and not whole, rng)

    def few(self) -> Batch:
        """Return the first samples."""
        count = min(self.size or 2, 2)
        return self.checked((self.x[:count], self.y[:count]), gettext("the data"))

    def made(self) -> str:
        """Return sizes, too."""
        return f"{super().made()} {len(self.x)}"


class Stream(Read):
    """Batches that an iterable, or a function called for each epoch, yields.

    Parameters
    ----------
    source
        That iterable or function.
    check
        As for `Read`.
    """

    def __init__(self, source: Any, check: Any) -> None:
        super().__init__(check)
        self.source = source
        self.once = isinstance(source, Iterator)
        self.first: list[Any] = []
        self.begun: Iterator[Any] | None = None

    def _begin(self, epoch: int) -> Iterator[Any]:
        source: Any = self.source
        if not callable(source):
            return iter(source)
        made: Any = source(*_asked(source, epoch))  # what a call returns is the caller's
        try:
            return iter(made)
        except TypeError:
            raise TypeError(gettext(
                "the function that makes the data must return batches, pairs (x, y), or yield them, got "
                "{made}",
                made=f"{made!r:.60}",
            )) from None  # fmt: skip

    def few(self) -> Batch:
        """Return the first batch, as far as this process has it; the rest is left for the first epoch."""
        if self.begun is None:
            self.begun = self._begin(0)
            self.first = [item for item in [next(self.begun, END)] if item is not END]
            if not self.first:
                raise ValueError(gettext(
                    "the data has no batch; let it yield pairs (x, y) of samples and targets"
                ))  # fmt: skip
        name = gettext("batch {count} of epoch {epoch}", count=1, epoch=1)
        return self.checked(here(self.first[0]), name)

    def opened(self, epoch: int, rng: Any) -> Iterator[Any]:  # noqa: ARG002
        """Return the batches from the first on."""
        begun, self.begun = self.begun, None
        if begun is None or (epoch and not self.once):
            return self._begin(epoch)
        return _chained(self.first, begun)


class Spread(Read):
    """Arrays that lie on the devices of several processes: a batch of all samples.

    Parameters
    ----------
    data
        The arrays, of which each process has its own samples.
    check
        As for `Read`.
    """

    def __init__(self, data: Batch, check: Any) -> None:
        super().__init__(check)
        self.data = data

    def opened(self, epoch: int, rng: Any) -> Iterator[Any]:  # noqa: ARG002
        """Return the one batch."""
        return iter([self.data])

    def few(self) -> Batch:
        """Return some samples that this process has."""
        return self.checked(here(self.data), gettext("the data"))

    def made(self) -> str:
        """Return sizes alone, as no process knows the others' samples."""
        return repr([x.shape for x in self.data])


def _asked(source: Any, epoch: int) -> tuple[int, ...]:
    """Return what a function asks for: nothing, or the number of the epoch."""
    for given in ((), (epoch,)):
        try:
            signature(source).bind(*given)
        except TypeError:
            continue
        except ValueError:  # it is of C, and does not tell
            return ()
        return given
    raise TypeError(gettext(
        "the function that makes the data is called with nothing, or with the number of the epoch, and "
        "{kind} asks for more; bind the rest by functools.partial",
        kind=getattr(source, '__name__', source),
    ))  # fmt: skip


def _chained(first: list[Any], rest: Iterator[Any]) -> Generator[Any, None, None]:
    """Yield what was looked at, then the rest, which ends with this generator."""
    try:
        yield from first
        yield from rest
    finally:
        getattr(rest, "close", lambda: None)()


def fingerprint(x: Any, y: Any) -> str:
    """Return a few letters that tell samples and targets from others."""
    return hashlib.sha256(repr((x, y)).encode(errors="backslashreplace")).hexdigest()


def _plain(x: Any) -> Any:
    return x.tolist() if hasattr(x, "tolist") else x


def as_arrays(data: Batch, name: str, otherwise: Callable[[Batch, str], Batch]) -> Batch:
    """Return a batch of arrays as it is, for a program over arrays; what is none goes the other way."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not all(isinstance(x, numpy.ndarray) and x.dtype.kind in "fiu" for x in data):
        return otherwise(data, name)
    x, y = numpy.array(data[0]), numpy.array(data[1])  # of a file's rows, a copy in memory
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y) or not len(x):
        return otherwise(data, name)
    if not (numpy.isfinite(x).all() and numpy.isfinite(y).all()):
        return otherwise(data, name)
    return x, y


def is_spread(data: Any) -> bool:
    """Tell whether a pair has an array of JAX of which other processes have a part."""
    pair = isinstance(data, (tuple, list)) and len(data) == 2
    return pair and not all(getattr(part, "is_fully_addressable", True) for part in data)


def here(data: Any) -> Any:
    """Return a batch; of one on the devices of several processes, what its first device has."""
    return tuple(part.addressable_shards[0].data for part in data) if is_spread(data) else data


def is_mapped(data: Any) -> bool:
    """Tell whether a pair has an array that stays in its file."""
    numpy = sys.modules.get("numpy")
    pair = isinstance(data, (tuple, list)) and len(data) == 2
    return numpy is not None and pair and any(isinstance(part, numpy.memmap) for part in data)


def read(data: Any, size: int | None, shuffle: bool, check: Callable[[Batch, str], Batch]) -> Read | None:
    """Return what reads data batch by batch, or None where it is to be in memory as a whole."""
    if is_mapped(data):
        return Mapped(data[0], data[1], size, shuffle, check)
    if is_spread(data):
        if size is not None:
            raise ValueError(gettext(
                "batch_size={size} is for arrays that one process has, and these lie on the devices of "
                "several; leave out batch_size, or pass a function that yields batches, each made with "
                "jax.make_array_from_process_local_data",
                size=size,
            ))  # fmt: skip
        return Spread((data[0], data[1]), check)
    table = hasattr(data, "shape") or hasattr(data, "__dataframe__") or hasattr(data, "to_numpy")
    if isinstance(data, (tuple, list, str, bytes, dict, set)) or table:
        return None
    if not (callable(data) or isinstance(data, Iterable)):
        return None
    if size is not None:
        raise ValueError(gettext(
            "batch_size={size} is for arrays; this data yields batches of its own: leave out batch_size",
            size=size,
        ))  # fmt: skip
    return Stream(data, check)
