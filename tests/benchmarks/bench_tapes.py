"""The engine beside a tape in C++: ``python tests/benchmarks/bench_tapes.py``.

XAD's Python types record on a tape of C++ (``pip install xad``). Both engines run the same programs in one
process and take turns: the random graph of ``chainrule bench``, and a step of micrograd's moons demo, product
by product, over plain lists of their numbers. The figures are medians; ratios are medians over the rounds of
the ratio within a round.
"""

import argparse
import random
import statistics
import time

import xad.math
from xad.adj_1st import Real, Tape

import autograd
import nn
from autograd import Value
from nn.cli.bench import leaves_of, nodes_of, plan


class Ours:
    """The same few calls on our class."""

    def __init__(self):
        self.inputs = []

    def number(self, x):
        """Return an input of the recording."""
        return Value(x)

    def begin(self, inputs):
        """Begin a recording."""
        self.inputs = inputs

    def gradients(self, root):
        """Return the derivatives with respect to the inputs."""
        root.backward()
        return [x.grad for x in self.inputs]

    tanh = staticmethod(autograd.ops.tanh)
    positive = staticmethod(lambda x: x.data > 0.0)


class Theirs:
    """The same few calls on XAD's."""

    def __init__(self, tape):
        self.tape, self.inputs = tape, []

    def number(self, x):
        """Return an input of the recording."""
        return Real(x)

    def begin(self, inputs):
        """Begin a recording."""
        self.tape.clearAll()
        self.inputs = inputs
        for x in inputs:
            self.tape.registerInput(x)
        self.tape.newRecording()

    def gradients(self, root):
        """Return the derivatives with respect to the inputs."""
        self.tape.registerOutput(root)
        root.setDerivative(1.0)
        self.tape.computeAdjoints()
        return [x.getDerivative() for x in self.inputs]

    tanh = staticmethod(xad.math.tanh)
    positive = staticmethod(lambda x: x.getValue() > 0.0)


def random_graph(engine, chosen):
    """Build the graph, and make a pass through it."""
    leaves = leaves_of(engine.number)
    engine.begin(leaves)
    return engine.gradients(nodes_of(leaves, chosen, engine.tanh)[-1])


def moons_step(engine, weights, points, labels):
    """Return the gradient of the hinge loss of a network of 2-16-16-1, product by product."""
    parameters = [[[engine.number(w) for w in row] for row in layer] for layer in weights]
    engine.begin([p for layer in parameters for row in layer for p in row])
    total = 0.0
    for point, label in zip(points, labels, strict=True):
        xs = point
        for k, layer in enumerate(parameters):
            outputs = []
            for *ws, z in layer:
                for w, x in zip(ws, xs, strict=True):
                    z = z + w * x
                outputs.append(z if k == 2 or engine.positive(z) else 0.0 * z)
            xs = outputs
        margin = 1.0 - label * xs[0]
        if engine.positive(margin):
            total = total + margin
    return engine.gradients(total * (1.0 / len(points)))


def main():
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    rng = random.Random(0)
    chosen = plan(100_000, 0)
    sizes = (2, 16, 16, 1)
    weights = [
        [[rng.uniform(-1.0, 1.0) for _ in range(a)] + [0.0] for _ in range(b)]
        for a, b in zip(sizes, sizes[1:], strict=False)
    ]
    x, y = nn.data.make_moons(100, noise=0.1, rng=1)
    points, labels = [list(map(float, p)) for p in x], [1.0 if t else -1.0 for t in y]
    with Tape() as tape:
        engines = {"XAD": Theirs(tape), "chainrule": Ours()}
        programs = {
            "random graph of 100,000": lambda e: random_graph(e, chosen),
            "moons, 2-16-16-1, 100 points, one node a product": lambda e: moons_step(
                e, weights, points, labels
            ),
        }
        for title, program in programs.items():
            times = {name: [] for name in engines}
            found = {}
            for _ in range(rounds):
                for name, engine in engines.items():
                    start = time.process_time()
                    found[name] = program(engine)
                    times[name].append(time.process_time() - start)
            worst = max(abs(a - b) for a, b in zip(*found.values(), strict=True))
            print(f"{title}; largest difference of a derivative {worst:.1e}")
            for name, own in times.items():
                ratio = statistics.median(a / b for a, b in zip(times["XAD"], own, strict=True))
                print(f"  {name:12} {statistics.median(own) * 1e3:8.1f} ms {ratio:7.1f}x")


if __name__ == "__main__":
    main()
