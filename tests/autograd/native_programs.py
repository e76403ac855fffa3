"""Random programs over the whole table, in every mode, told in digits.

Run it as ``python native_programs.py FIRST END``.

It prints a line for each program, which is the same whether C or Python runs: test_native.py compares the
two.
"""

import copy
import hashlib
import math
import operator
import pickle
import random
import sys
from contextlib import nullcontext
from fractions import Fraction

import autograd
from autograd import TABLE, Value, ops

NUMBERS = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0, -2.5, 40.0, 710.0, -745.5, 1e308, -1e308, 5e-324, 3e-295,
           1e-160, 1e200, math.inf, -math.inf, math.nan]  # fmt: skip
OTHERS = [0, 3, -7, True, 2**53 + 1, 10**400, Fraction(1, 3), "text", None, 1j]
BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod,
          operator.pow, divmod]  # fmt: skip
UNARY = [operator.neg, operator.abs, operator.pos, round]
MANY = ["sum", "mean", "prod", "max", "min", "norm", "logsumexp", "softmax", "log_softmax"]


def number(rng):
    """Return a number: often an ordinary one, sometimes from the ends of the range."""
    kind = rng.random()
    if kind < 0.7:
        return rng.gauss(0.0, 1.0) * rng.choice([0.1, 1.0, 3.0])
    if kind < 0.85:
        return rng.choice(NUMBERS)
    return rng.choice([-1.0, 1.0]) * rng.uniform(1.0, 2.0) * 2.0 ** rng.randint(-1074, 1023)


def constant(rng, op, name, count):
    """Return a constant for a row, mostly one that it takes."""
    if name == "index":
        return float(rng.randrange(count))
    if name in op.whole:
        low, high = op.whole[name]
        return rng.choice([op.params[name], float(rng.randint(int(low), int(min(high, 4.0)))), 1.5])
    return rng.choice([op.params[name], number(rng)])


def applied(rng, nodes):
    """Apply something to some nodes; return the nodes that come of it."""
    recent = nodes[-12:]
    kind = rng.random()
    a, b = rng.choice(recent), rng.choice(recent)
    if kind < 0.3:
        other = rng.choice([b, b, number(rng), rng.choice(OTHERS)])
        made = rng.choice(BINARY)(*rng.choice([(a, other), (other, a)]))
    elif kind < 0.4:
        made = rng.choice(UNARY)(a)
    elif kind < 0.5:
        xs = [rng.choice([rng.choice(recent), number(rng)]) for _ in range(rng.randint(1, 7))]
        made = getattr(autograd, rng.choice(MANY))([*xs, a])
    elif kind < 0.6:
        vectors = [
            tuple(rng.choice([rng.choice(recent), rng.choice(recent), 0.5]) for _ in range(4)) for _ in "abc"
        ]
        made = rng.choice([
            lambda: autograd.dot(*vectors[:2]), lambda: autograd.dots(vectors[:2], vectors[2]),
            lambda: autograd.dot([1.0, 2], [a, 3]),
        ])()  # fmt: skip
    elif kind < 0.66:
        made = autograd.checkpoint(lambda x, y: (x * y).tanh() + x)(a, b)
    else:
        op = rng.choice(list(TABLE.values()))
        count = op.arity if op.arity > 0 else 2 * rng.randint(1, 3)
        operands = [
            rng.choice([rng.choice(recent), rng.choice(recent), number(rng), 2]) for _ in range(count)
        ]
        operands[0] = a
        constants = [constant(rng, op, name, count) for name in op.params]
        made = op(*(constants + operands if op.params_first else operands + constants))
    found = made if isinstance(made, (list, tuple)) else [made]
    return [x for x in found if isinstance(x, Value)]


def told(node):
    """Return all that a node holds."""
    op = node.op.name if node.op else ""
    return f"{op} {node.data!r} {getattr(node.grad, 'data', node.grad)!r} {node.local_grads!r} {node.scope}"


def program(seed):
    """Return what a random program did."""
    rng = random.Random(seed)
    leaves = [Value(number(rng), f"x{i}") for i in range(4)]
    nodes, lines = list(leaves), []
    mode = rng.choice([nullcontext, nullcontext, nullcontext, lambda: autograd.scope("a.b"), autograd.no_grad,
                       autograd.detect_anomaly, lambda: autograd.modes.mode(sources=True)])  # fmt: skip
    for _ in range(rng.randint(3, 30)):
        inside = mode() if rng.random() < 0.3 else nullcontext()
        try:
            with inside:
                nodes += applied(rng, nodes)
        except (
            TypeError,
            ValueError,
            OverflowError,
            IndexError,
            autograd.AnomalyError,
            ZeroDivisionError,
        ) as error:
            lines.append(f"{type(error).__name__} {str(error).partition('Recorded at')[0]}")
    root = rng.choice([nodes[-1], autograd.sum(nodes[-6:]), nodes[-1] * nodes[-2]])
    handle = nodes[-2].register_hook(lambda g: 2.0 * g) if rng.random() < 0.1 else None
    for leaf in leaves:
        leaf.grad = rng.choice([0.0, -0.0, 0.5, 1e300])
    create = rng.random() < 0.25
    try:
        root.backward(rng.choice([1.0, -1.5]), create_graph=create)
        if create:
            first = autograd.sum([x.grad for x in leaves if isinstance(x.grad, Value)])
            lines += map(repr, autograd.gradients(first, leaves) if isinstance(first, Value) else [first])
        else:
            root.backward()
        found = autograd.adjoints(root)
        lines += [repr(found.get(x)) for x in leaves]
    except (autograd.AnomalyError, ValueError, TypeError) as error:
        lines.append(f"{type(error).__name__} {str(error).partition('Recorded at')[0]}")
    if handle:
        handle.remove()
    lines += [told(x) for x in autograd.toposort(root)]
    if rng.random() < 0.1:
        try:
            twin = rng.choice([copy.deepcopy, copy.copy, lambda x: pickle.loads(pickle.dumps(x))])(root)
            lines += [told(x) for x in autograd.toposort(twin)]
        except autograd.GraphError as error:  # of checkpointed calls there are no copies
            lines.append(str(error))
    return "\n".join(lines)


if __name__ == "__main__":
    autograd.custom_op("own", lambda x: x * x, lambda y, x: (2.0 * x,))
    for number_of_program in range(int(sys.argv[1]), int(sys.argv[2])):
        text = program(number_of_program)
        if len(sys.argv) > 3:
            print(text)
        print(number_of_program, hashlib.sha256(text.encode()).hexdigest()[:16], ops.TABLE.__len__())
