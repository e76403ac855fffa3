"""A tiny GPT on names that the project makes itself: in nn, and in the manner of single files that bring
their own class."""

import math
import random

import numpy as np
import pytest
from systems.names import Alphabet, make_names
from systems.scalar_gpt import PlainValue, ScalarGPT
from systems.tiny_gpt import TinyGPT, sample

import autograd
import nn
from autograd import Value

NAMES = make_names(60)
ALPHABET = Alphabet(NAMES)


def test_names_are_made_of_syllables_and_the_same_every_time():
    assert make_names(60) == NAMES
    assert len(set(NAMES)) == 60
    assert all(3 <= len(name) <= 7 for name in NAMES)
    assert [ALPHABET.decode(ALPHABET.encode(name)) for name in NAMES] == NAMES


def test_its_size_and_what_it_rests_on():
    model = TinyGPT(ALPHABET.size)
    assert len(model.parameters()) == 2 * 16 * ALPHABET.size + 8 * 16 + 4 * 16 * 16 + 2 * 16 * 64
    assert model.attention.query.neurons[3].w[5].label == "attention.query.n3.w5"
    tokens = ALPHABET.encode(NAMES[0])
    scores = model(tokens[:-1])
    assert [len(row) for row in scores] == [ALPHABET.size] * (len(tokens) - 1)
    # A position knows nothing of those after it.
    first = autograd.sum(scores[0])
    first.backward()
    used = {token for token, row in enumerate(model.tokens.w) if any(v.grad for v in row)}
    assert used == {tokens[0]}


def by_torch(torch, model, tokens):
    """The same network in PyTorch, from the model's numbers: the loss, and the gradients by name."""
    state = {}

    def matrix(name, rows):
        state[name] = torch.tensor(
            [[v.data for v in row] for row in rows], dtype=torch.float64, requires_grad=True
        )
        return state[name]

    def layer(name, module):
        return matrix(name, [n.w for n in module.neurons])

    def norm(x):
        return x * ((x * x).mean(-1, keepdim=True) + 1e-5) ** -0.5

    a = model.attention
    n = len(tokens) - 1
    x = norm(
        matrix("tokens", model.tokens.w)[torch.tensor(tokens[:-1])] + matrix("places", model.places.w)[:n]
    )
    q, k, v = (norm(x) @ layer(name, getattr(a, name)).T for name in ("query", "key", "value"))
    heads = [t.view(n, 4, 4).transpose(0, 1) for t in (q, k, v)]
    mixed = (
        torch.nn.functional.scaled_dot_product_attention(*heads, is_causal=True)
        .transpose(0, 1)
        .reshape(n, 16)
    )
    x = x + mixed @ layer("out", a.out).T
    x = x + torch.relu(norm(x) @ layer("up", model.up).T) @ layer("down", model.down).T
    loss = torch.nn.functional.cross_entropy(x @ layer("head", model.head).T, torch.tensor(tokens[1:]))
    loss.backward()
    return loss.item(), {name: t.grad.numpy() for name, t in state.items()}


def test_it_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    model = TinyGPT(ALPHABET.size, rng=random.Random(3))
    tokens = ALPHABET.encode(NAMES[5])
    loss = nn.losses.cross_entropy(model(tokens[:-1]), tokens[1:])
    loss.backward()
    value, grads = by_torch(torch, model, tokens)
    assert loss.data == pytest.approx(value, rel=1e-12)
    own = {
        name: [[w.grad for w in n.w] for n in getattr(model.attention, name).neurons]
        for name in ("query", "key", "value", "out")
    }
    own |= {
        name: [[w.grad for w in n.w] for n in getattr(model, name).neurons] for name in ("up", "down", "head")
    }
    own |= {name: [[v.grad for v in row] for row in getattr(model, name).w] for name in ("tokens", "places")}
    assert set(own) == set(grads)
    for name, expected in grads.items():
        np.testing.assert_allclose(own[name], expected, rtol=1e-9, atol=1e-12 * abs(expected).max())


def train(epochs, count):
    model = TinyGPT(ALPHABET.size, rng=random.Random(1))
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01, betas=(0.85, 0.99))
    tokens = [ALPHABET.encode(name) for name in NAMES[:count]]
    data = [t[:-1] for t in tokens], [t[1:] for t in tokens]
    scheduler = nn.optim.LinearLR(optimizer, 1.0, 0.1, epochs)
    return model, nn.fit(
        model,
        data,
        nn.losses.cross_entropy,
        optimizer,
        epochs=epochs,
        batch_size=1,
        scheduler=scheduler,
        progress=False,
    )


def test_it_learns_a_few_names():
    _, history = train(3, 12)
    assert history["loss"][0] < 1.15 * math.log(ALPHABET.size)
    assert history["loss"][-1] < 0.85 * history["loss"][0]


@pytest.mark.slow
def test_it_learns_all_names_and_makes_up_others():
    model, history = train(8, 60)
    assert history["loss"][-1] < 0.65 * math.log(ALPHABET.size)
    made = [sample(model, ALPHABET, random.Random(seed)) for seed in range(10)]
    print(*made)
    assert len(set(made)) > 5
    letters = "".join(made)
    vowels = sum(c in "aeiou" for c in letters) / len(letters)
    assert 0.3 < vowels < 0.65, "it has learnt that syllables have vowels"


def test_a_single_file_gpt_runs_with_our_class_in_place_of_its_own():
    theirs, ours = ScalarGPT(PlainValue, ALPHABET.size), ScalarGPT(Value, ALPHABET.size)
    for name in NAMES[:4]:
        tokens = ALPHABET.encode(name)
        assert ours.train(tokens) == pytest.approx(theirs.train(tokens), rel=1e-9)
    for a, b in zip(theirs.params, ours.params, strict=True):
        assert b.data == pytest.approx(a.data, rel=1e-6, abs=1e-9)
