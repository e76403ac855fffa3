"""Data sets that are read batch by batch: in the bits of the same data in memory, with every backend."""

import random
import shutil
import signal
import threading
import time

import pytest

import nn
from nn.train.reading import ahead

np = pytest.importorskip("numpy")

BCE = nn.losses.binary_cross_entropy_with_logits
X, Y = map(np.array, nn.data.make_moons(30, rng=1))
WAYS = {
    "eager": {},
    "numpy": {"compile": True, "backend": "numpy"},
    **({"c": {"compile": True, "backend": "c"}} if shutil.which("gcc") or shutil.which("cc") else {}),
}


def parts(size=8):
    for k in range(0, len(X), size):
        yield X[k : k + size], Y[k : k + size]


class Loader:
    def __iter__(self):
        return parts()


def shuffled(epoch):
    order = random.Random(epoch).sample(range(30), 30)
    for k in range(0, 30, 8):
        yield X[order[k : k + 8]].tolist(), Y[order[k : k + 8]].tolist()


def fitted(data, epochs=2, loss=BCE, **options):
    model = nn.MLP(2, [3, 1], rng=1)
    optimizer = nn.optim.Adam(model.parameters(), lr=0.05)
    history = nn.fit(model, data, loss, optimizer, epochs=epochs, **{"progress": False, **options})
    return [p.data for p in model.parameters()], history["loss"]


def mapped(path, array):
    np.save(path, array)
    return np.load(path, mmap_mode="r")


def of_the_package():
    return [t for t in threading.enumerate() if t.name == "chainrule-batches"]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    assert not of_the_package()


@pytest.mark.parametrize("way", WAYS)
def test_batches_that_are_read_train_as_those_in_memory_do(way, tmp_path):
    options = WAYS[way]
    want = fitted((X, Y), batch_size=8, shuffle=False, **options)
    assert fitted(parts, **options) == fitted(Loader(), **options) == want
    files = mapped(tmp_path / "x.npy", X), mapped(tmp_path / "y.npy", Y)
    assert fitted(files, batch_size=8, **options) == fitted((X, Y), batch_size=8, **options)


def test_an_iterator_lasts_for_one_epoch():
    assert fitted(parts(), epochs=1) == fitted(parts, epochs=1)


class StopError(Exception):
    """What ends a process, as a lost machine does."""


def stopping_at(data, epoch, batch):
    """Return the data, which fails at a batch of an epoch."""

    def begun(now):
        for k, item in enumerate(data(now)):
            if (now, k) == (epoch, batch):
                raise StopError
            yield item

    return begun


@pytest.mark.parametrize("way", WAYS)
def test_a_training_goes_on_in_the_middle_of_an_epoch_bit_for_bit(way, tmp_path):
    options = {"checkpoint": tmp_path / "c.json", "checkpoint_batches": 1, **WAYS[way]}
    want = fitted(shuffled, **WAYS[way])
    with pytest.raises(StopError):
        fitted(stopping_at(shuffled, 1, 3), **options)
    seen = []

    def again(epoch):
        seen.append(epoch)
        return shuffled(epoch)

    assert fitted(again, resume=True, **options) == want
    assert seen[-1] == 1
    assert fitted(shuffled, resume=True, **options) == want, "nothing is left to do"


@pytest.mark.parametrize("in_file", [False, True])
def test_the_order_of_an_epoch_that_had_begun_is_drawn_again(in_file, tmp_path):
    data = (mapped(tmp_path / "x.npy", X), mapped(tmp_path / "y.npy", Y)) if in_file else (X, Y)
    options = {"batch_size": 8}
    want = fitted(data, **options)
    options |= {"checkpoint": tmp_path / "c.json", "checkpoint_batches": 1}
    seen = []

    def loss(output, target):
        seen.append(target)
        if len(seen) == 50:
            raise StopError
        return BCE(output, target)

    with pytest.raises(StopError):
        fitted(data, loss=loss, **options)
    assert fitted(data, resume=True, rng=7, **options) == want


def test_an_interrupt_ends_the_epoch_where_it_is_and_the_file_goes_on(tmp_path):
    want = fitted(shuffled, epochs=3)

    class Ending(nn.optim.Adam):
        def step(self, closure=None):
            super().step(closure)
            if self.steps == 6:
                signal.raise_signal(signal.SIGINT)

    model = nn.MLP(2, [3, 1], rng=1)
    optimizer = Ending(model.parameters(), lr=0.05)
    file = tmp_path / "c.json"

    history = nn.fit(model, shuffled, BCE, optimizer, epochs=3, progress=False, checkpoint=file)
    assert (history.stopped, history.epochs, optimizer.steps) == ("interrupted", 1, 6)
    model = nn.MLP(2, [3, 1], rng=2)
    optimizer = Ending(model.parameters(), lr=0.1)
    optimizer.steps = 100
    history = nn.fit(model, shuffled, BCE, optimizer, epochs=3, progress=False, checkpoint=file, resume=True)
    assert ([p.data for p in model.parameters()], history["loss"]) == want


# Reading ahead.


def test_the_next_items_are_computed_while_one_is_used_and_no_more_than_asked_for():
    made = []
    items = ahead((made.append(k) or k for k in range(10)), depth=2)
    assert next(items) == 0
    deadline = time.monotonic() + 10.0
    while len(made) < 3 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert made in ([0, 1, 2], [0, 1, 2, 3])
    items.close()


def test_an_error_of_the_data_reaches_the_caller_in_its_turn():
    def broken():
        yield from parts()
        raise OSError("the disk is gone")

    seen = []
    with pytest.raises(OSError, match="the disk is gone") as caught:
        fitted(broken, metrics=["accuracy"], validation=(X, Y), callbacks=[seen.append])
    assert any(entry.name == "broken" for entry in caught.traceback)


def test_the_thread_and_the_generator_end_with_the_training():
    ended = []

    def endless():
        try:
            while True:
                yield X[:8], Y[:8]
        finally:
            ended.append(True)

    def loss(output, target):
        if len(seen) > 40:
            raise StopError
        seen.append(1)
        return BCE(output, target)

    seen = []
    model = nn.MLP(2, [1], rng=1)
    with pytest.raises(StopError):
        nn.fit(model, endless, loss, nn.optim.SGD(model.parameters(), 0.1), epochs=1, progress=False)
    assert ended == [True]


def test_an_interrupt_does_not_wait_for_data_that_stalls():
    going_on = threading.Event()

    def stalled():
        yield 1
        going_on.wait(60)
        yield 2

    items = ahead(stalled())
    assert next(items) == 1
    before = {*threading.enumerate()}
    with pytest.raises(KeyboardInterrupt):
        items.throw(KeyboardInterrupt)
    (reader,) = (thread for thread in before if thread.name == "chainrule-batches")
    assert reader.is_alive()
    going_on.set()
    reader.join(10)
    assert not reader.is_alive()


# What cannot be, each in a sentence.


def of(*items):
    return lambda: iter(items)


@pytest.mark.parametrize(
    "data, options, kind, message",
    [
        (
            lambda: parts(),
            {"batch_size": 4},
            ValueError,
            "batch_size=4 is for arrays; .*: leave out batch_size",
        ),
        (lambda: parts(), {"metrics": ["accuracy"]}, ValueError, "are those of validation; pass validation="),
        (of(), {}, ValueError, "the data has no batch; let it yield pairs"),
        (
            of(3),
            {},
            TypeError,
            "batch 1 of epoch 1 must be a pair of samples and targets, got 3; let the data",
        ),
        (of((X, Y), (X, Y, X)), {}, TypeError, "batch 2 of epoch 1 must be a pair"),
        (of((X, Y), (X[:4], Y[:3])), {}, ValueError, "batch 2 of epoch 1 has 4 samples and 3 targets"),
        (
            of((X, Y), (X[:, :1], Y)),
            {},
            ValueError,
            r"batch 2 .* of shape \(1,\), and those before of shape \(2,\)",
        ),
        (of((X, Y), (X * np.nan, Y)), {}, ValueError, "sample 0 of batch 2 of epoch 1 holds nan"),
        (of((X[:0], Y[:0])), {}, ValueError, "batch 1 of epoch 1 has 0 samples"),
        (
            lambda e: parts() if e == 0 else iter(()),
            {},
            ValueError,
            "0 batches in epoch 2; .* in place of data=b",
        ),
        (
            iter([(X, Y)]),
            {},
            ValueError,
            "lasts for one epoch, and epochs=2; pass the function that makes it",
        ),
        (parts, {"checkpoint_batches": 1}, ValueError, "checkpoint_batches needs checkpoint=path"),
        (lambda: None, {}, TypeError, r"must return batches, pairs \(x, y\), or yield them, got None"),
        (lambda a, b: parts(), {}, TypeError, "with the number of the epoch, and <lambda> asks for more"),
    ],
)
def test_what_is_wrong_with_data_that_is_read(data, options, kind, message):
    with pytest.raises(kind, match=message):
        fitted(data, **options)


def test_what_is_wrong_with_arrays_for_a_program():
    with pytest.raises(ValueError, match="sample 0 of batch 2 of epoch 1 holds nan"):
        fitted(of((X, Y), (X * np.nan, Y)), compile=True)


def test_a_file_that_was_cut_is_told_when_it_is_resumed(tmp_path):
    options = {"checkpoint": tmp_path / "c.json", "checkpoint_batches": 1}
    with pytest.raises(StopError):
        fitted(stopping_at(shuffled, 0, 3), **options)
    with pytest.raises(
        ValueError, match="the data has 1 batches in epoch 1, of which the checkpoint has done 3"
    ):
        fitted(lambda epoch: iter([next(iter(shuffled(epoch)))]), resume=True, **options)
