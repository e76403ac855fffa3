"""no_grad, detect_anomaly, scope: what they do, where they end."""

import asyncio
import gc
import math
import threading

import pytest

import autograd
from autograd import AnomalyError, Value, detect_anomaly, no_grad


def test_no_grad_makes_leaves():
    x = Value(2.0)
    with no_grad():
        y = x * x + x.tanh() + autograd.dot([x], [x]) + autograd.sum([x, 1.0])
    assert y.op is None
    assert y.parents == ()
    assert (x * x).parents == (x, x)


def test_no_grad_ends_with_an_exception_and_works_as_a_decorator():
    x = Value(2.0)
    with pytest.raises(ZeroDivisionError), no_grad():
        1 / 0
    assert (x * x).op is not None

    @no_grad()
    def predict(v):
        return v * v

    assert predict(x).op is None
    assert (x * x).op is not None


def test_a_decorated_coroutine_computes_without_recording():
    x = Value(2.0)

    @no_grad()
    async def frozen():
        before = x * x
        await asyncio.sleep(0.001)
        return before, x * x

    async def recorded():
        await asyncio.sleep(0.0005)
        return x * x

    async def both():
        return await asyncio.gather(frozen(), recorded())

    (first, second), free = asyncio.run(both())
    assert (first.op, second.op, free.op) == (None, None, autograd.TABLE["mul"])
    assert (x * x).op is not None


def test_a_generator_is_not_decorated_in_vain():
    def steps():
        yield Value(2.0).exp()

    async def later():
        yield Value(2.0).exp()

    for mode in (no_grad, detect_anomaly, autograd.sources):
        for function in (steps, later):
            name = mode.__name__
            inside = rf"`with {name}\(\):` inside"
            said = rf"@{name}\(\) would end before the generator {function.__name__}\(\).*{inside}"
            with pytest.raises(TypeError, match=said):
                mode()(function)


def test_a_decorator_without_parentheses_or_function_is_refused():
    def function(x):
        return x * x

    for mode in (no_grad, detect_anomaly, autograd.sources, autograd.scope):
        with pytest.raises(TypeError, match=rf"write @{mode.__name__}\(\.\.\.\) above function"):
            mode(function)
    with pytest.raises(TypeError, match=r"no_grad\(\) decorates functions, got int"):
        no_grad()(3)
    with pytest.raises(TypeError, match=r"no_grad\(\) takes 0 positional arguments but 1 was given"):
        no_grad(3)


def test_one_decorated_function_serves_several_threads_and_itself():
    x, meet, results = Value(2.0), threading.Barrier(2), []

    @no_grad()
    def frozen(depth):
        meet.wait(10)
        return [(x * x).op, *(frozen(depth - 1) if depth else []), (x * x).op]

    def run():
        results.append(frozen(3))
        results.append([(x * x).op])

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, results)) == [1, 1, 8, 8]
    assert all((op is None) == (len(ops) == 8) for ops in results for op in ops)


def test_no_grad_is_local_to_the_thread():
    x = Value(2.0)
    inside, release, results = threading.Event(), threading.Event(), []

    def other():
        with no_grad():
            inside.set()
            release.wait(10)
            results.append((x * x).op)

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(10)
    results.append((x * x).op)
    release.set()
    thread.join()
    assert results == [autograd.TABLE["mul"], None]


def test_no_grad_is_local_to_the_asyncio_task():
    x = Value(2.0)

    async def frozen():
        with no_grad():
            await asyncio.sleep(0)
            first = (x * x).op
            await asyncio.sleep(0)
            return first, (x * x).op

    async def free():
        await asyncio.sleep(0)
        return (x * x).op

    async def both():
        return await asyncio.gather(frozen(), free(), frozen(), free())

    mul = autograd.TABLE["mul"]
    assert asyncio.run(both()) == [(None, None), mul, (None, None), mul]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Value(0.0).log(), r"log\(0.0\) = -inf"),
        (lambda: Value(1000.0).exp(), r"exp\(1000.0\) = inf"),
        (lambda: Value(1.0) / Value(0.0), r"div\(1.0, 0.0\) = inf"),
        (lambda: Value(1e308) * 10.0, r"mul\(1e\+308, 10.0\) = inf"),
        (lambda: Value(-1.0).sqrt(), r"sqrt\(-1.0\) = nan"),
        (lambda: autograd.dot([Value(1e308)], [10.0]), r"dot\(1e\+308, 10.0\) = inf"),
    ],
)
def test_the_first_forward_anomaly_is_named_with_its_line(make, said):
    with detect_anomaly(), pytest.raises(AnomalyError, match=said) as caught:
        make()
    assert "test_modes.py:" in str(caught.value)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda x: (x - 1.0).sqrt(), r"sqrt\(0.0\): the gradient became inf"),
        (lambda x: autograd.cbrt(x - 1.0), r"cbrt\(0.0\): the gradient became inf"),
        (lambda x: (1e-170 * x).reciprocal(), r"reciprocal\(1e-170\): the gradient became -inf"),
    ],
)
def test_the_first_backward_anomaly_is_named_with_the_line_that_made_the_node(make, said):
    with detect_anomaly():
        x = Value(1.0)
        y = make(x)
        with pytest.raises(AnomalyError, match=said) as caught:
            y.backward()
    assert "test_modes.py:" in str(caught.value)
    assert x.grad == 0.0


def test_products_and_sums_of_gradients_are_watched():
    with detect_anomaly():
        x = Value(1.0)
        y = x * 1e-300
        with pytest.raises(AnomalyError, match="mul"):
            (y * 1e300).backward(1e300)
        z = Value(1.0)
        with pytest.raises(AnomalyError, match="add|mul"):
            (z * 1e308 + z * 1e308 - 1e308).backward()


def test_an_anomaly_in_is_not_an_anomaly_out():
    with detect_anomaly():
        x = Value(math.inf)
        (x + 1.0).backward()
        assert x.grad == 1.0
        assert math.isnan((Value(math.nan) * 2.0).data)


def test_hooks_and_dot_products_work_under_detect_anomaly():
    seen = []
    with detect_anomaly():
        w = (Value(1.0), Value(2.0))
        y = autograd.dot(w, w)
        y.register_hook(seen.append)
        (y + autograd.dot(w, (1.0, 1.0))).backward()
    assert [v.grad for v in w] == [3.0, 5.0]
    assert seen == [1.0]


def test_scopes_nest():
    with autograd.scope("a"):
        first = Value(1.0) + 1.0
        with autograd.scope("b"):
            second = Value(1.0) + 1.0
    third = Value(1.0) + 1.0
    assert (first.scope, second.scope, third.scope) == ("a", "a.b", "")


def test_source_lines_are_noted_on_demand():
    with autograd.modes.mode(sources=True):
        y = Value(1.0) + 1.0
    assert "test_modes.py:" in y.source


def test_sums_of_gradients_are_watched_in_shared_vectors_and_in_leaves():
    w = Value(0.5, "w")
    one, two = autograd.dot((w,), (1e308,)), autograd.dot((w,), (1e308,))
    row = (w,)
    shared = autograd.dot(row, (1e308,)) - autograd.dot(row, (-1e308,))
    for root in (one * 1.0 + two, shared):
        with detect_anomaly(), pytest.raises(AnomalyError, match=r"backward .*: the gradient became inf"):
            root.backward()
        assert w.grad == 0.0
    w.grad = 1e308
    with detect_anomaly(), pytest.raises(AnomalyError, match="label='w'"):
        one.backward()
    assert w.grad == 1e308


def test_a_generator_that_ends_after_other_modes_leaves_none_behind():
    x = Value(2.0)

    def numbers():
        with no_grad():
            yield 1
            yield 2

    begun = numbers()
    next(begun)
    with autograd.scope("inner"):
        begun.close()
        inside = x * x
    assert (inside.scope, inside.parents) == ("inner", (x, x))
    with autograd.scope("outer"):
        begun = numbers()
        next(begun)
    begun.close()
    with autograd.scope("after"):
        after = x * x
    assert (after.scope, after.parents) == ("after", (x, x))


def test_an_asynchronous_generator_may_be_closed_in_another_context():
    x, unhandled = Value(2.0), []

    async def numbers():
        with no_grad():
            yield 1
            yield 2

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: unhandled.append(context))
        async for _ in numbers():
            break
        gc.collect()
        await asyncio.sleep(0.01)
        return x * x

    assert asyncio.run(main()).op is not None
    assert not unhandled


def test_a_scope_has_a_name():
    with pytest.raises(TypeError, match="the name of a scope is text, got int 3"), autograd.scope(3):
        pass
    assert (Value(1.0) * 2.0).scope == ""
