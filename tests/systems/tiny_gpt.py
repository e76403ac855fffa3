"""A tiny GPT in nn and Values: embeddings of 16, 4 heads, RMSNorm, a ReLU MLP, one layer."""

import math
import random

import autograd
import nn


def small(nin, nout, *, rng=None):
    return nn.init.normal(nin, nout, std=0.08, rng=rng)


def linear(nin, nout, rng, **options):
    return nn.Layer(nin, nout, **{"nonlin": False, "bias": False, "init": small, "rng": rng, **options})


def rms_norm(x):
    """x / sqrt(mean of squares)."""
    x = tuple(x)
    scale = (autograd.dot(x, x) / float(len(x)) + 1e-5) ** -0.5
    return [a * scale for a in x]


class Attention(nn.Module):
    """Each position looks at itself and at those before it, once for each head."""

    def __init__(self, width, heads, rng):
        self.heads, self.size = heads, width // heads
        self.query, self.key, self.value, self.out = (linear(width, width, rng) for _ in range(4))

    def forward(self, rows):
        """Take and return one list of ``width`` numbers for each position."""
        queries, keys, values = ([layer(row) for row in rows] for layer in (self.query, self.key, self.value))
        outputs = []
        for position, query in enumerate(queries):
            mixed = []
            for head in range(self.heads):
                part = slice(head * self.size, (head + 1) * self.size)
                q, seen = tuple(query[part]), range(position + 1)
                scores = autograd.dots([tuple(keys[t][part]) for t in seen], q)
                weights = tuple(autograd.softmax([s / math.sqrt(self.size) for s in scores]))
                mixed += autograd.dots(
                    [tuple(values[t][i] for t in seen) for i in range(part.start, part.stop)], weights
                )
            outputs.append(self.out(mixed))
        return outputs


class TinyGPT(nn.Module):
    """Predicts each next token of a sequence.

    Parameters
    ----------
    vocabulary
        How many tokens there are.
    context
        Longest sequence.
    """

    def __init__(self, vocabulary, context=8, *, width=16, heads=4, rng=None):
        rng = rng or random.Random(0)
        self.tokens = nn.Embedding(vocabulary, width, init=small, rng=rng)
        self.places = nn.Embedding(context, width, init=small, rng=rng)
        self.attention = Attention(width, heads, rng)
        self.up = linear(width, 4 * width, rng, nonlin=True, activation="relu")
        self.down = linear(4 * width, width, rng)
        self.head = linear(width, vocabulary, rng)

    def forward(self, tokens):
        """Return the scores of all tokens after each position."""
        rows = [
            rms_norm([a + b for a, b in zip(self.tokens(token), self.places(place), strict=True)])
            for place, token in enumerate(tokens)
        ]
        looked = self.attention([rms_norm(row) for row in rows])
        rows = [
            [a + b for a, b in zip(row, more, strict=True)] for row, more in zip(rows, looked, strict=True)
        ]
        thought = [self.down(self.up(rms_norm(row))) for row in rows]
        return [
            self.head([a + b for a, b in zip(row, more, strict=True)])
            for row, more in zip(rows, thought, strict=True)
        ]


def sample(model, alphabet, rng, *, temperature=0.7, longest=8):
    """Draw a name from the model, letter by letter."""
    tokens = [0]
    with autograd.no_grad():
        while len(tokens) <= longest:
            scores = [float(s) / temperature for s in model(tokens)[-1]]
            token = rng.choices(range(len(scores)), autograd.softmax(scores))[0]
            if token == 0 or len(tokens) == longest:
                break
            tokens.append(token)
    return alphabet.decode(tokens)
