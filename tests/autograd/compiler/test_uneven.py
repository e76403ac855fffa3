"""Rounds that read what data picks, such as the symbols that a hidden Markov model sees, are loops."""

import re
from itertools import pairwise

import numpy as np
import pytest

import autograd
from autograd import Value, compile, grad
from autograd.compiler.backends.c import toolchain
from autograd.compiler.roll.repeats import length
from autograd.compiler.roll.verify import verify

BACKENDS = ["numpy", "python"] + ["c"] * bool(toolchain.find_compiler())
RNG = np.random.default_rng(3)
SEEN = RNG.integers(0, 3, size=60).tolist()
MOVES, SHOWS, FIRST = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3)), RNG.normal(size=3)


def likelihood(steps):
    """The logarithm of a hidden Markov model's likelihood, not normalised, as a textbook's recursion."""

    def f(moves, shows, first):
        alpha = [first[i] + shows[i][SEEN[0]] for i in range(3)]
        for k in SEEN[1:steps]:
            alpha = [
                autograd.logsumexp([alpha[j] + moves[j][i] for j in range(3)]) + shows[i][k] for i in range(3)
            ]
        return autograd.logsumexp(alpha)

    return f


def by_hand(steps, moves, shows, first):
    """The same and its slopes, the expected counts, by the forward and the backward recursion."""
    transition, emission = np.exp(moves), np.exp(shows)
    alpha = [np.exp(first) * emission[:, SEEN[0]]]
    for k in SEEN[1:steps]:
        alpha.append((alpha[-1] @ transition) * emission[:, k])
    beta = [np.ones(3)]
    for k in SEEN[steps - 1 : 0 : -1]:
        beta.insert(0, transition @ (emission[:, k] * beta[0]))
    total = alpha[-1].sum()
    state = np.array(alpha) * np.array(beta) / total
    moved = sum(
        np.outer(a, emission[:, k] * b) * transition / total
        for a, b, k in zip(alpha, beta[1:], SEEN[1:steps], strict=False)
    )
    shown = np.stack([state[np.array(SEEN[:steps]) == k].sum(0) for k in range(3)], axis=1)
    return np.log(total), moved, shown, state[0]


def embedded(steps):
    """A recurrence of one unit, to which each round adds what a word of the text stands for."""

    def f(w, words):
        h = 0.0
        for k in SEEN[:steps]:
            h = autograd.tanh(w * h + words[k])
        return h

    return f


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_hidden_markov_model_s_likelihood_and_slopes_are_the_recursions(backend):
    f, args = likelihood(16), (MOVES, SHOWS, FIRST)
    value, *slopes = by_hand(16, *args)
    np.testing.assert_allclose(compile(f, backend=backend)(*args), value, rtol=1e-12)
    step = compile(grad(f, argnums=(0, 1, 2)), backend=backend)
    for found, wanted in zip(step(*args), slopes, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
    verify(step._made()[0].program)


@pytest.mark.parametrize("backend", BACKENDS)
def test_symbols_pick_parameters_of_a_loss(backend):
    moves, shows, first = ([[Value(x) for x in row] for row in m] for m in (MOVES, SHOWS, FIRST[None]))
    params = [x for rows in (moves, shows, first) for row in rows for x in row]
    step = compile(lambda: likelihood(16)(moves, shows, first[0]), params, backend=backend)
    value, *slopes = by_hand(16, MOVES, SHOWS, FIRST)
    np.testing.assert_allclose(step(), value, rtol=1e-12)
    wanted = np.concatenate([x.ravel() for x in slopes])
    np.testing.assert_allclose([p.grad for p in params], wanted, rtol=1e-12)
    verify(step._made()[0].program)


@pytest.mark.parametrize("model", [likelihood, embedded])
def test_a_program_is_as_long_whatever_the_number_of_symbols(model):
    args = (MOVES, SHOWS, FIRST) if model is likelihood else (0.3, FIRST)
    found = set()
    for steps in (24, 48):
        step = compile(grad(model(steps), argnums=tuple(range(len(args)))), backend="numpy")
        step(*args)
        found.add((length(step._made()[0].program), len(step.source.splitlines())))
        assert len(re.sub(r"= \{[^{}]*\};", "", step.c_source).splitlines()) < 250  # without tables
    assert len(found) == 1
    assert found.pop()[0] < 30


def test_the_listing_picks_what_is_seen_by_one_index():
    step = compile(likelihood(16), backend="numpy")
    step(MOVES, SHOWS, FIRST)
    assert "shows[:, index0]" in step.source
    assert "for t in range(" in step.source


@pytest.mark.parametrize("backend", BACKENDS)
def test_examples_of_a_batch_share_what_is_picked(backend):
    words = [Value(x) for x in FIRST]
    step = compile(lambda x: (embedded(30)(x, words) - x) ** 2, words, batch=True, backend=backend)
    step([0.1, 0.5, -0.3])
    step.check([0.1, 0.5, -0.3])
    verify(step._made()[0].program)


def test_an_input_of_each_example_is_picked_unevenly():
    w = Value(0.4)

    def f(x):
        h = 0.0
        for k in SEEN[:30]:
            h = autograd.tanh(w * h + x[k])
        return h

    step = compile(f, [w], batch=True, backend="numpy")
    step(RNG.normal(size=(5, 3)))
    step.check(RNG.normal(size=(5, 3)))
    verify(step._made()[0].program)


def field(steps):
    """The loss of a conditional random field of three tags, whose scores are parameters."""
    tags = SEEN[:steps]

    def f(moves, scores):
        alpha = scores[0]
        for row in scores[1:]:
            alpha = [
                autograd.logsumexp([alpha[j] + moves[j][i] for j in range(3)]) + row[i] for i in range(3)
            ]
        path = sum(row[k] for row, k in zip(scores, tags, strict=True))
        return autograd.logsumexp(alpha) - path - sum(moves[j][i] for j, i in pairwise(tags))

    return f


def field_by_hand(moves, scores):
    """Its value and slopes: expected counts, less those of the tags."""
    steps, tags, transition, seen = len(scores), SEEN[: len(scores)], np.exp(moves), np.exp(scores)
    alpha, beta = [seen[0]], [np.ones(3)]
    for row in seen[1:]:
        alpha.append((alpha[-1] @ transition) * row)
    for row in seen[:0:-1]:
        beta.insert(0, transition @ (row * beta[0]))
    total = alpha[-1].sum()
    state = np.array(alpha) * np.array(beta) / total - np.eye(3)[tags]
    moved = sum(np.outer(alpha[t], seen[t + 1] * beta[t + 1]) * transition / total for t in range(steps - 1))
    np.subtract.at(moved, (tags[:-1], tags[1:]), 1.0)
    path = scores[np.arange(steps), tags].sum() + moves[tags[:-1], tags[1:]].sum()
    return np.log(total) - path, moved, state


def trained_field(steps, backend):
    scores = RNG.normal(size=(steps, 3))
    moves, rows = ([[Value(x) for x in row] for row in m] for m in (MOVES, scores))
    params = [x for m in (moves, rows) for row in m for x in row]
    return compile(lambda: field(steps)(moves, rows), params, backend=backend), params, scores


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_conditional_random_field_s_slopes_are_counts_less_those_of_the_tags(backend):
    step, params, scores = trained_field(16, backend)
    value, *slopes = field_by_hand(MOVES, scores)
    np.testing.assert_allclose(step(), value, rtol=1e-12)
    wanted = np.concatenate([x.ravel() for x in slopes])
    np.testing.assert_allclose([p.grad for p in params], wanted, rtol=1e-12, atol=1e-13)
    verify(step._made()[0].program)


def test_tags_to_whose_slopes_1_is_added_leave_a_random_field_a_loop():
    found = []
    for steps in (24, 48):
        step, *_ = trained_field(steps, "numpy")
        step()
        found.append(length(step._made()[0].program))
    assert found == [45, 45]


def shown(steps, units):
    """States that a table shows by what is seen; its probabilities are computed ahead of all rounds."""

    def f(table):
        powers = [[autograd.exp(x) for x in row] for row in table]
        odds = [[x / autograd.sum(row) for x in row] for row in powers]
        state, total = [0.5] * units, 0.0
        for k in SEEN[:steps]:
            state = [autograd.tanh(h * odds[i][k] + 0.1 * state[i - 1]) for i, h in enumerate(state)]
            total = total + autograd.sum(state)
        return total

    return f, RNG.normal(size=(units, 3))


@pytest.mark.parametrize("units", [2, 12])
def test_rounds_read_a_computed_table_by_what_is_seen_in_a_loop(units):
    lengths = set()
    for steps in (48, 60):
        f, table = shown(steps, units)
        wanted = grad(f)(table)
        for backend in BACKENDS:
            params = [[Value(x) for x in row] for row in table]
            every = [x for row in params for x in row]
            step = compile(lambda f=f, params=params: f(params), every, backend=backend)
            step()
            found = [[x.grad for x in row] for row in params]
            np.testing.assert_allclose(found, wanted, rtol=1e-12)
            program = step._made()[0].program
            verify(program)
            lengths.add(length(program))
    assert max(lengths) < 60
    assert max(lengths) - min(lengths) < 5


def test_rounds_of_sums_of_several_lengths_have_what_is_measured_as_numbers():
    lengths = set()
    for steps in (48, 96):
        data = np.random.default_rng(steps).normal(size=(steps, 4)).tolist()
        params = [Value(x) for x in RNG.normal(size=16)]

        def f(w=params, data=data):
            state, loss = [0.0] * 4, 0.0
            for x in data:
                lasting = [autograd.softplus(w[i] * x[i] + w[4 + i]) for i in range(4)]
                state = [
                    autograd.exp(-lasting[i] * w[8 + i] ** 2) * state[i] + lasting[i] * x[i] for i in range(4)
                ]
                loss = loss + (autograd.sum([a * b for a, b in zip(w[12:], state, strict=True)]) - x[0]) ** 2
            return loss

        wanted = grad(f)([p.data for p in params])
        step = compile(f, params, backend="numpy")
        step()
        np.testing.assert_allclose([p.grad for p in params], wanted, rtol=1e-12)
        lengths.add(length(step._made()[0].program))
    assert len(lengths) == 1
