"""Engines as people write them: one that is right and short, ways to get it wrong, and others' shapes.

A wrong engine is the right one with a few lines exchanged, as a student would have written them.
"""

import math
import sys
from types import ModuleType

RIGHT = '''
import math

class Value:
    def __init__(self, data, _children=(), _op=""):
        self.data = data
        self.grad = 0.0
        self._backward = lambda: None
        self._prev = set(_children)

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def __pow__(self, n):
        assert isinstance(n, (int, float)), "only supporting int/float powers for now"
        out = Value(self.data ** n, (self,))
        def _backward():
            self.grad += n * self.data ** (n - 1) * out.grad
        out._backward = _backward
        return out

    def tanh(self):
        t = math.tanh(self.data)
        out = Value(t, (self,))
        def _backward():
            self.grad += (1 - t * t) * out.grad
        out._backward = _backward
        return out

    def exp(self):
        out = Value(math.exp(self.data), (self,))
        def _backward():
            self.grad += out.data * out.grad
        out._backward = _backward
        return out

    def relu(self):
        out = Value(self.data if self.data > 0 else 0.0, (self,))
        def _backward():
            self.grad += (out.data > 0) * out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo, visited = [], set()
        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()

    def __neg__(self): return self * -1
    def __sub__(self, other): return self + (-other)
    def __truediv__(self, other): return self * other ** -1
    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other
    def __rsub__(self, other): return (-self) + other
    def __rtruediv__(self, other): return other * self ** -1
'''

ALL_OF_BACKWARD = RIGHT[RIGHT.index("        topo, visited = [], set()") : RIGHT.index("    def __neg__")]
WRAP = "        other = other if isinstance(other, Value) else Value(other)\n"
ADD = "self.grad += out.grad\n            other.grad += out.grad"
ADD_OVERWRITES = (ADD, ADD.replace("+=", "="))

WRONG = {
    "overwritten": [(".grad += ", ".grad = ")],
    "overwritten, by one rule": [ADD_OVERWRITES],
    "overwritten, by tanh": [("self.grad += (1 - t * t)", "self.grad = (1 - t * t)")],
    "visited": [(ALL_OF_BACKWARD, """\
        self.grad = 1.0
        self._down()

    def _down(self):
        self._backward()
        for child in self._prev:
            child._down()

""")],
    "first met": [("set(_children)", "list(_children)"), (ALL_OF_BACKWARD, """\
        self.grad = 1.0
        queue, seen = [self], {self}
        while queue:
            v = queue.pop(0)
            v._backward()
            for child in v._prev:
                if child not in seen:
                    seen.add(child)
                    queue.append(child)

""")],
    "stack order": [("set(_children)", "list(_children)"), (ALL_OF_BACKWARD, """\
        self.grad = 1.0
        stack, seen = [self], set()
        while stack:
            v = stack.pop()
            if v in seen:
                continue
            seen.add(v)
            v._backward()
            stack.extend(v._prev)

""")],
    "first met, going down": [("set(_children)", "list(_children)"), (ALL_OF_BACKWARD, """\
        self.grad = 1.0
        seen = set()
        def go(v):
            if v in seen:
                return
            seen.add(v)
            v._backward()
            for child in v._prev:
                go(child)
        go(self)

""")],
    "stops": [("for v in reversed(topo)", "for v in topo")],
    "stops, since one rule alone is called": [(ALL_OF_BACKWARD, """\
        self.grad = 1.0
        self._backward()

""")],
    "restart": [(ALL_OF_BACKWARD, """\
        self.grad = 1.0
        self._backward()
        for child in self._prev:
            child.backward()

""")],
    "seed": [("        self.grad = 1.0\n", "")],
    "nothing": [("            v._backward()", "            v._backward")],
    "zeroed": [("            v._backward()", "            v._backward()\n            v.grad = 0.0")],
    "zeroed, between": [("            v._backward()", """\
            if v is not self and v._prev:
                v.grad = 0.0
            v._backward()""")],
    "zeroing forgotten": [("    def __neg__", """\
    def zero_grad(self):
        self.gradient = 0.0

    def __neg__""")],
    "left over": [("class Value:", "TAPE = []\n\nclass Value:"), ("        self.grad = 1.0\n", """\
        self.grad = 1.0
        TAPE.extend(topo)
        topo = list(TAPE)
        for v in topo[:-1]:
            if v._prev:
                v.grad = v.grad or 1.0
        for v in topo:
            if not v._prev:
                v.grad = 0.0 if len(TAPE) < 4 else 1.0
""")],
    "constant": [(WRAP, "")],
    "constant, kept as it is": [(WRAP, ""), ("other.data", "getattr(other, 'data', other)")],
    "reflected": [("return (-self) + other", "return self - other")],
    "recursion, of a reflected operator": [("def __radd__(self, other): return self + other",
                                   "def __radd__(self, other): return other + self")],
    "rule, by a factor": [("n * self.data ** (n - 1)", "self.data ** (n - 1)")],
    "rule, by a sign": [("def __sub__(self, other): return self + (-other)", '''\
def __sub__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data - other.data, (self, other))
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out''')],
    "rule, of relu": [("(out.data > 0) * out.grad", "out.grad")],
    "variable": [("1 - t * t", "1 - self.data * self.data")],
    "variable, of exp": [("self.grad += out.data * out.grad", "self.grad += self.data * out.grad")],
    "swapped": [("self.grad += other.data * out.grad\n            other.grad += self.data * out.grad",
                 "self.grad += self.data * out.grad\n            other.grad += other.data * out.grad")],
    "chain": [("(1 - t * t) * out.grad", "(1 - t * t)")],
    "chain, of a product": [("other.data * out.grad", "other.data"),
                            ("other.grad += self.data * out.grad", "other.grad += self.data")],
    "negative base": [("self.data ** n,", "math.exp(n * math.log(self.data)),")],
    "negative base, in the rule": [("self.data ** (n - 1)", "math.exp((n - 1) * math.log(self.data))")],
    "equal": [("    def __neg__", """\
    def __eq__(self, other): return self.data == other.data
    def __hash__(self): return hash(self.data)
    def __neg__""")],
    "in place": [("    def __neg__", """\
    def __iadd__(self, other):
        self.data += other.data
        return self

    def __neg__""")],
    "value": [("Value(self.data * other.data", "Value(self.data + other.data")],
    "raises": [("            self.grad += (1 - t * t)", "            self.gard += (1 - t * t)")],
    "result": [("""            self.grad += (1 - t * t) * out.grad
        out._backward = _backward
        return out""", """            self.grad += (1 - t * t) * out.grad
        out._backward = _backward""")],
    "hang": [("        build(self)\n", "        while True: pass\n")],
    "hang, waiting": [("        build(self)\n", "        import time; time.sleep(1000)\n")],
    "crash": [("        build(self)\n", "        import os; os._exit(3)\n")],
    "crash, by a signal": [("        build(self)\n", "        import os; os.kill(os.getpid(), 11)\n")],
}  # fmt: skip
"""From a kind, and perhaps a remark after a comma, to what stands where."""


def engine(changes=()):
    """Return the class, with lines exchanged."""
    text = RIGHT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return made(text)["Value"]


def made(text):
    """Run a module's text, and return what stands in it."""
    name = f"student_{abs(hash(text))}"
    module = sys.modules[name] = ModuleType(name)
    exec(compile(text, f"<{name}>", "exec"), vars(module))
    return vars(module)


# Right engines in other shapes. What each has is its own affair; what it has is right.


class Slots:
    """Slots, other names, and parents with local derivatives: the pass is written once."""

    __slots__ = ("gradient", "parents", "value")

    def __init__(self, value, parents=()):
        self.value, self.parents, self.gradient = value, parents, 0.0

    @staticmethod
    def of(x):
        return x if isinstance(x, Slots) else Slots(x)

    def __add__(self, other):
        other = Slots.of(other)
        return Slots(self.value + other.value, ((self, 1.0), (other, 1.0)))

    __radd__ = __add__

    def __mul__(self, other):
        other = Slots.of(other)
        return Slots(self.value * other.value, ((self, other.value), (other, self.value)))

    __rmul__ = __mul__

    def log(self):
        return Slots(math.log(self.value), ((self, 1.0 / self.value),))

    def backprop(self, seed=1.0):
        order, seen = [], set()

        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for parent, _ in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        self.gradient = seed
        for node in reversed(order):
            for parent, slope in node.parents:
                parent.gradient += slope * node.gradient


class ByPaths:
    """Recursion that hands the gradient on as an argument, path by path: slow and right."""

    def __init__(self, val):
        self.val, self.grad, self.rules = val, 0, []

    def __add__(self, other):
        out = ByPaths(self.val + other.val)
        out.rules = [(self, lambda g: g), (other, lambda g: g)]
        return out

    def __mul__(self, other):
        out = ByPaths(self.val * other.val)
        out.rules = [(self, lambda g: g * other.val), (other, lambda g: g * self.val)]
        return out

    def __sub__(self, other):
        return NotImplemented

    def backward(self, g=1):
        self.grad += g
        for operand, rule in self.rules:
            operand.backward(rule(g))


class Seeded(ByPaths):
    """The output's own gradient must be given."""

    def backward(self, g):
        super().backward(g)


class OnTape:
    """A tape of all classes' nodes: each knows its place on it."""

    tape: list = []  # noqa: RUF012

    def __init__(self, x, *operands):
        self.x, self.index = x, len(OnTape.tape)
        OnTape.tape.append(operands)

    def __add__(self, other):
        return OnTape(self.x + other.x, (self.index, 1.0), (other.index, 1.0))

    def __mul__(self, other):
        return OnTape(self.x * other.x, (self.index, other.x), (other.index, self.x))

    def sin(self):
        return OnTape(math.sin(self.x), (self.index, math.cos(self.x)))

    def gradients(self):
        bars = [0.0] * len(OnTape.tape)
        bars[self.index] = 1.0
        for i in range(self.index, -1, -1):
            for operand, slope in OnTape.tape[i]:
                bars[operand] += slope * bars[i]
        OnTape.bars = bars

    @property
    def adjoint(self):
        return OnTape.bars[self.index]


class Dual(OnTape):
    """A method that returns the gradient, once the pass was run."""

    adjoint = None  # type: ignore[assignment]

    def grad(self):
        return OnTape.bars[self.index]


class Returned:
    """The pass returns a dictionary, and a node holds no gradient."""

    def __init__(self, data, terms=()):
        self.data, self.terms = data, terms

    def __mul__(self, other):
        return Returned(self.data * other.data, ((self, other.data), (other, self.data)))

    def __sub__(self, other):
        return Returned(self.data - other.data, ((self, 1.0), (other, -1.0)))

    def backward(self):
        found, order, seen = {self: 1.0}, [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for operand, _ in node.terms:
                    visit(operand)
                order.append(node)

        visit(self)
        for node in reversed(order):
            for operand, slope in node.terms:
                found[operand] = found.get(operand, 0.0) + slope * found.get(node, 0.0)
        return found


OTHERS = {
    "functions": '''
class Node:
    def __init__(self, data):
        self.data, self.grad, self.operands, self.rule = data, None, (), None

def make(data, operands, rule):
    out = Node(data)
    out.operands, out.rule = operands, rule
    return out

def add(a, b):
    return make(a.data + b.data, (a, b), lambda g: (g, g))

def mul(a, b):
    return make(a.data * b.data, (a, b), lambda g: (g * b.data, g * a.data))

def backward(y):
    order = []
    def visit(n):
        if n not in order:
            for x in n.operands:
                visit(x)
            order.append(n)
    visit(y)
    for n in order:
        n.grad = 0.0
    y.grad = 1.0
    for n in reversed(order):
        for x, g in zip(n.operands, n.rule(n.grad) if n.rule else ()):
            x.grad += g
''',
    "asks for the leaves": '''
class Var:
    def __init__(self, value):
        self.value, self.edges = value, []
    def __add__(self, other):
        out = Var(self.value + other.value)
        out.edges = [(self, 1.0), (other, 1.0)]
        return out
    def __mul__(self, other):
        out = Var(self.value * other.value)
        out.edges = [(self, other.value), (other, self.value)]
        return out

def derivative(y, x):
    if y is x:
        return 1.0
    return sum(slope * derivative(inner, x) for inner, slope in y.edges)

def grad(y, leaves):
    return [derivative(y, x) for x in leaves]
''',
    "numpy": RIGHT.replace("import math", "import numpy as np\nimport math").replace(
        "self.data = data", "self.data = np.array(data, dtype=float)").replace(
        "self.grad = 0.0", "self.grad = np.zeros_like(self.data)").replace(
        "self.grad = 1.0", "self.grad = np.ones_like(self.data)"),
    "numpy, 32 bits": RIGHT.replace("import math", "import numpy as np\nimport math").replace(
        "self.data = data", "self.data = np.float32(data)"),
    "arrays only": RIGHT.replace("self.data = data", "self.shape, self.data = data.shape, data").replace(
        "import math", "import math, numpy").replace("Value(other)", "Value(numpy.array(other))").replace(
        "math.tanh", "numpy.tanh").replace("math.exp", "numpy.exp").replace(
        "Value(self.data if self.data > 0 else 0.0", "Value(self.data * (self.data > 0)"),
    "whole numbers": RIGHT.replace("self.data = data", "self.data = int(data)").replace(
        "self.grad = 0.0", "self.grad = 0").replace("self.grad = 1.0", "self.grad = 1"),
    "leaky relu of that name": RIGHT.replace("self.data if self.data > 0 else 0.0", (
        "self.data if self.data > 0 else 0.01 * self.data")).replace("(out.data > 0)", (
        "(1.0 if out.data > 0 else 0.01)")),
    "decimal logarithm": RIGHT.replace("    def relu", '''\
    def log(self):
        out = Value(math.log10(self.data), (self,))
        def _backward():
            self.grad += out.grad / (self.data * math.log(10))
        out._backward = _backward
        return out

    def relu'''),
    "gradients anew each time": RIGHT.replace("        self.grad = 1.0", '''\
        for v in topo:
            v.grad = 0.0
        self.grad = 1.0'''),
    "in place, by a new node": RIGHT.replace("    def __neg__", '''\
    def __iadd__(self, other): return self + other
    def __neg__'''),
    "an honest zero_grad": RIGHT.replace("    def __neg__", '''\
    def zero_grad(self):
        self.grad = 0.0
    def __neg__'''),
    "talks": RIGHT.replace("        build(self)\n", "        build(self)\n        print('topo', topo)\n"),
    "refuses constants": RIGHT[: RIGHT.index("    def __neg__")].replace(WRAP, (
        "        if not isinstance(other, Value):\n            raise TypeError('wrap it in a Value')\n")),
    "no reflections": RIGHT[: RIGHT.index("    def __radd__")],
    "by indegree": RIGHT.replace(ALL_OF_BACKWARD, '''\
        uses, queue, seen = {}, [self], {self}
        for v in queue:
            for child in v._prev:
                uses[child] = uses.get(child, 0) + 1
                if child not in seen:
                    seen.add(child)
                    queue.append(child)
        self.grad, ready = 1.0, [self]
        while ready:
            v = ready.pop()
            v._backward()
            for child in v._prev:
                uses[child] -= 1
                if not uses[child]:
                    ready.append(child)

'''),
    "a float itself": '''
class Num(float):
    def __init__(self, x):
        self.grad, self.below = 0.0, ()
    @staticmethod
    def build(x, *below):
        out = Num(x)
        out.below = below
        return out
    def __add__(self, other):
        return Num.build(float(self) + float(other), (self, 1.0), (other, 1.0))
    def __mul__(self, other):
        return Num.build(float(self) * float(other), (self, float(other)), (other, float(self)))
    __radd__, __rmul__ = __add__, __mul__
    def __eq__(self, other): return self is other
    def __hash__(self): return id(self)
    def backward(self, seed=1.0):
        if isinstance(self, Num):
            self.grad += seed
            for x, slope in self.below:
                if isinstance(x, Num):
                    x.backward(seed * slope)
    @property
    def data(self): return float(self)
''',
}  # fmt: skip
SHAPES = {
    "micrograd": engine(),
    "slots": Slots,
    "by paths": ByPaths,
    "seeded": Seeded,
    "tape": OnTape,
    "a method for the gradient": Dual,
    "a dictionary": Returned,
    "a function that makes leaves": lambda x: Slots(x),
}


def right_engines():
    """Return right engines by what is special in them."""
    names = {"functions": "Node", "asks for the leaves": "Var", "a float itself": "Num"}
    return SHAPES | {title: made(text)[names.get(title, "Value")] for title, text in OTHERS.items()}
