"""A GPT in one file of plain Python lists, in the manner of the single-file GPTs that bring their own
`Value`.

The class that carries the derivatives is an argument: anything with ``+ * ** - /``, ``log exp relu``,
``data``, ``grad`` and ``backward()``. `PlainValue` is what such a file writes for itself.
"""

import math
import random
from itertools import pairwise


class PlainValue:
    """A node of slots and tuples: its children, and the local derivative for each."""

    __slots__ = ("children", "data", "grad", "local_grads")

    def __init__(self, data, children=(), local_grads=()):
        self.data = data
        self.grad = 0
        self.children = children
        self.local_grads = local_grads

    def __add__(self, other):
        other = other if isinstance(other, PlainValue) else PlainValue(other)
        return PlainValue(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, PlainValue) else PlainValue(other)
        return PlainValue(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, other):
        return PlainValue(self.data**other, (self,), (other * self.data ** (other - 1),))

    def log(self):
        return PlainValue(math.log(self.data), (self,), (1 / self.data,))

    def exp(self):
        return PlainValue(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return PlainValue(max(0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __radd__(self, other):
        return self + other

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return other + (-self)

    def __rmul__(self, other):
        return self * other

    def __truediv__(self, other):
        return self * other**-1

    def __rtruediv__(self, other):
        return other * self**-1

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v.children:
                    build(child)
                topo.append(v)

        build(self)
        self.grad = 1
        for v in reversed(topo):
            for child, local in zip(v.children, v.local_grads):
                child.grad += local * v.grad


class ScalarGPT:
    """The model, its loss and its Adam, over lists of lists of one class of scalars."""

    def __init__(self, value, vocabulary, context=8, *, width=16, heads=4, seed=42):
        rng = random.Random(seed)
        self.heads, self.width, self.value = heads, width, value

        def matrix(rows, columns):
            return [[value(rng.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)]

        self.state = {
            "wte": matrix(vocabulary, width),
            "wpe": matrix(context, width),
            "head": matrix(vocabulary, width),
        }
        for name in ("q", "k", "v", "o"):
            self.state[name] = matrix(width, width)
        self.state["up"] = matrix(4 * width, width)
        self.state["down"] = matrix(width, 4 * width)
        self.params = [p for mat in self.state.values() for row in mat for p in row]
        self.m, self.v, self.steps = [0.0] * len(self.params), [0.0] * len(self.params), 0

    @staticmethod
    def linear(x, w):
        return [sum(wi * xi for wi, xi in zip(row, x)) for row in w]

    @staticmethod
    def softmax(scores):
        top = max(s.data for s in scores)
        powers = [(s - top).exp() for s in scores]
        total = sum(powers)
        return [p / total for p in powers]

    @staticmethod
    def norm(x):
        scale = (sum(a * a for a in x) / len(x) + 1e-5) ** -0.5
        return [a * scale for a in x]

    def next_scores(self, token, place, keys, values):
        """Scores for the token after this one; ``keys`` and ``values`` remember the positions before."""
        s, size = self.state, self.width // self.heads
        x = self.norm([a + b for a, b in zip(s["wte"][token], s["wpe"][place])])
        normed = self.norm(x)
        q = self.linear(normed, s["q"])
        keys.append(self.linear(normed, s["k"]))
        values.append(self.linear(normed, s["v"]))
        mixed = []
        for head in range(self.heads):
            part = slice(head * size, (head + 1) * size)
            scores = [sum(a * b for a, b in zip(q[part], k[part])) / size**0.5 for k in keys]
            weights = self.softmax(scores)
            mixed.extend(sum(w * v[i] for w, v in zip(weights, values)) for i in range(part.start, part.stop))
        x = [a + b for a, b in zip(self.linear(mixed, s["o"]), x)]
        hidden = [h.relu() for h in self.linear(self.norm(x), s["up"])]
        x = [a + b for a, b in zip(self.linear(hidden, s["down"]), x)]
        return self.linear(x, s["head"])

    def loss(self, tokens):
        """Mean cross-entropy of each next token."""
        keys, values, losses = [], [], []
        for place, (token, target) in enumerate(pairwise(tokens)):
            probabilities = self.softmax(self.next_scores(token, place, keys, values))
            losses.append(-probabilities[target].log())
        return (1 / len(losses)) * sum(losses)

    def train(self, tokens, *, lr=0.01):
        """One step of Adam; returns the loss."""
        loss = self.loss(tokens)
        loss.backward()
        self.steps += 1
        for i, p in enumerate(self.params):
            self.m[i] = 0.85 * self.m[i] + 0.15 * p.grad
            self.v[i] = 0.99 * self.v[i] + 0.01 * p.grad**2
            m, v = self.m[i] / (1 - 0.85**self.steps), self.v[i] / (1 - 0.99**self.steps)
            p.data -= lr * m / (v**0.5 + 1e-8)
            p.grad = 0
        return loss.data
