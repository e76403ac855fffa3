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
    "not one": [("        self.grad = 1.0\n", "        self.grad = 2.0\n")],
    "not one, but the value": [("        self.grad = 1.0\n", "        self.grad = self.data\n")],
    "not one, but no number": [("        self.grad = 1.0\n", "        self.grad = math.nan\n")],
    "detached": [("return self * -1", "return Value(-self.data)")],
    "detached, since the rule never runs": [
        ("(1 - t * t) * out.grad\n        out._backward = _backward",
         "(1 - t * t) * out.grad\n        out._backward = lambda: _backward"),
    ],
    "rule, that forgets a half": [("    def relu", """\
    def sqrt(self):
        out = Value(math.sqrt(self.data), (self,))
        def _backward():
            self.grad += out.grad / out.data
        out._backward = _backward
        return out

    def relu""")],
    "equal, by a set of numbers": [("if v not in visited", "if v.data not in visited"),
                                   ("visited.add(v)", "visited.add(v.data)")],
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
    "a dataclass": '''
from dataclasses import dataclass, field
import math
@dataclass
class Num:
    value: float
    g: float = 0.0
    parents: list = field(default_factory=list)
    def __add__(self, o):
        o = o if isinstance(o, Num) else Num(o)
        return Num(self.value + o.value, 0.0, [(self, 1.0), (o, 1.0)])
    def __mul__(self, o):
        o = o if isinstance(o, Num) else Num(o)
        return Num(self.value * o.value, 0.0, [(self, o.value), (o, self.value)])
    __radd__ = __add__; __rmul__ = __mul__
    def tanh(self):
        t = math.tanh(self.value); return Num(t, 0.0, [(self, 1 - t*t)])
    def backward(self, grad=1.0):
        order, seen = [], set()
        def go(n):
            if id(n) in seen: return
            seen.add(id(n))
            for p, _ in n.parents: go(p)
            order.append(n)
        go(self)
        self.g = grad
        for n in reversed(order):
            for p, d in n.parents: p.g += d * n.g
''',
    "a tape, and a function that makes leaves": '''
import math
class Tape:
    def __init__(self): self.nodes = []
    def var(self, v): return Var(self, v, [])
class Var:
    def __init__(self, tape, val, deps):
        self.tape, self.val, self.deps, self.gradient = tape, val, deps, 0.0
        tape.nodes.append(self)
    def plus(self, o): return Var(self.tape, self.val + o.val, [(self, 1), (o, 1)])
    def times(self, o): return Var(self.tape, self.val * o.val, [(self, o.val), (o, self.val)])
    def sin(self): return Var(self.tape, math.sin(self.val), [(self, math.cos(self.val))])
    def backward(self):
        for n in self.tape.nodes: n.gradient = 0.0
        self.gradient = 1.0
        for n in reversed(self.tape.nodes):
            for p, d in n.deps: p.gradient += d * n.gradient
T = Tape()
def leaf(x): return T.var(x)
''',
    "methods in place of operators": '''
import math
class Scalar:
    def __init__(self, v): self.v = v; self.grad = 0; self.p = []
    def _mk(self, v, p):
        o = Scalar(v); o.p = p; return o
    def add(self, o): return self._mk(self.v + o.v, [(self, 1), (o, 1)])
    def sub(self, o): return self._mk(self.v - o.v, [(self, 1), (o, -1)])
    def mul(self, o): return self._mk(self.v * o.v, [(self, o.v), (o, self.v)])
    def div(self, o): return self._mk(self.v / o.v, [(self, 1/o.v), (o, -self.v/o.v**2)])
    def exp(self): e = math.exp(self.v); return self._mk(e, [(self, e)])
    def backward(self, grad):
        self.grad += grad
        for p, d in self.p: p.backward(grad * d)
''',
    "functions with a context, which ask who wants a gradient": '''
import numpy as np
class Tensor:
    def __init__(self, data, requires_grad=False):
        self.data = np.asarray(data, dtype=np.float64); self.requires_grad = requires_grad
        self.grad = None; self._ctx = None
    def __add__(self, o): return Add.apply(self, o)
    def __mul__(self, o): return Mul.apply(self, o)
    def relu(self): return Relu.apply(self)
    def backward(self, grad=None):
        if not self.requires_grad: raise RuntimeError("does not require grad")
        order, seen = [], set()
        def go(t):
            if t in seen or not t.requires_grad: return
            seen.add(t)
            if t._ctx:
                for p in t._ctx.parents: go(p)
            order.append(t)
        go(self)
        self.grad = np.ones_like(self.data) if grad is None else grad
        for t in reversed(order):
            if t._ctx is None: continue
            gs = t._ctx.backward(t._ctx, t.grad)
            for p, g in zip(t._ctx.parents, gs if isinstance(gs, tuple) else (gs,)):
                if p.requires_grad: p.grad = g if p.grad is None else p.grad + g
class Function:
    @classmethod
    def apply(cls, *xs):
        xs = [x if isinstance(x, Tensor) else Tensor(x) for x in xs]
        ctx = cls(); ctx.parents = xs
        out = Tensor(cls.forward(ctx, *[x.data for x in xs]), any(x.requires_grad for x in xs))
        out._ctx = ctx
        return out
class Add(Function):
    @staticmethod
    def forward(ctx, a, b): return a + b
    @staticmethod
    def backward(ctx, g): return g, g
class Mul(Function):
    @staticmethod
    def forward(ctx, a, b): ctx.s = a, b; return a * b
    @staticmethod
    def backward(ctx, g): a, b = ctx.s; return g * b, g * a
class Relu(Function):
    @staticmethod
    def forward(ctx, a): ctx.s = a; return np.maximum(a, 0)
    @staticmethod
    def backward(ctx, g): return g * (ctx.s > 0)
''',
    "generations, and gradients that are forgotten": '''
import numpy as np, heapq, weakref
class Variable:
    def __init__(self, data):
        if data is not None and not isinstance(data, np.ndarray):
            raise TypeError(f"{type(data)} is not supported")
        self.data, self.grad, self.creator, self.generation = data, None, None, 0
    def cleargrad(self): self.grad = None
    def backward(self, retain_grad=False):
        if self.grad is None: self.grad = np.ones_like(self.data)
        funcs, seen = [], set()
        def add(f):
            if f not in seen: funcs.append(f); seen.add(f); funcs.sort(key=lambda x: x.generation)
        add(self.creator)
        while funcs:
            f = funcs.pop()
            gys = [o().grad for o in f.outputs]
            gxs = f.backward(*gys)
            if not isinstance(gxs, tuple): gxs = (gxs,)
            for x, gx in zip(f.inputs, gxs):
                x.grad = gx if x.grad is None else x.grad + gx
                if x.creator is not None: add(x.creator)
            if not retain_grad:
                for y in f.outputs: y().grad = None
def as_variable(x): return x if isinstance(x, Variable) else Variable(np.array(x))
class Function:
    def __call__(self, *inputs):
        inputs = [as_variable(x) for x in inputs]
        ys = self.forward(*[x.data for x in inputs])
        out = Variable(np.asarray(ys)); self.generation = max(x.generation for x in inputs)
        out.creator = self; out.generation = self.generation + 1
        self.inputs, self.outputs = inputs, [weakref.ref(out)]
        return out
class Add(Function):
    def forward(self, a, b): return a + b
    def backward(self, g): return g, g
class Mul(Function):
    def forward(self, a, b): return a * b
    def backward(self, g): a, b = self.inputs; return g * b.data, g * a.data
class Exp(Function):
    def forward(self, x): return np.exp(x)
    def backward(self, g): return np.exp(self.inputs[0].data) * g
def exp(x): return Exp()(x)
Variable.__add__ = lambda a, b: Add()(a, b)
Variable.__radd__ = lambda a, b: Add()(a, b)
Variable.__mul__ = lambda a, b: Mul()(a, b)
Variable.__rmul__ = lambda a, b: Mul()(a, b)
''',
    "asks for one leaf": '''
import math
class Node:
    def __init__(self, value, deps=()): self.value = value; self.deps = deps
    def __add__(self, o): return Node(self.value + o.value, ((self, 1.0), (o, 1.0)))
    def __mul__(self, o): return Node(self.value * o.value, ((self, o.value), (o, self.value)))
    def __neg__(self): return Node(-self.value, ((self, -1.0),))
def sin(x): return Node(math.sin(x.value), ((x, math.cos(x.value)),))
def grad(y, x):
    if y is x: return 1.0
    return sum(d * grad(p, x) for p, d in y.deps)
''',
    "gradients by node": '''
class N:
    def __init__(self, val): self.val = val; self.ins = []
    def __add__(self, o):
        r = N(self.val + o.val); r.ins = [(self, lambda g: g), (o, lambda g: g)]; return r
    def __mul__(self, o):
        r = N(self.val * o.val); r.ins = [(self, lambda g: g * o.val), (o, lambda g: g * self.val)]; return r
def compute_gradients(y):
    from collections import defaultdict
    g = defaultdict(float)
    def go(n, a):
        g[n] += a
        for p, f in n.ins: go(p, f(a))
    go(y, 1.0)
    return g
''',
    "computes afterwards": '''
import math
class Node:
    def __init__(self, value=None, op=None, ins=()):
        self.value, self.op, self.ins, self.grad = value, op, ins, 0.0
    def __add__(self, o): return Node(None, "+", (self, o))
    def __mul__(self, o): return Node(None, "*", (self, o))
    def exp(self): return Node(None, "exp", (self,))
    def forward(self):
        if self.op:
            v = [i.forward() for i in self.ins]
            self.value = v[0] + v[1] if self.op == "+" else v[0] * v[1] if self.op == "*" else math.exp(v[0])
        return self.value
    def backward(self, g=1.0):
        self.grad += g
        if self.op == "+":
            for i in self.ins: i.backward(g)
        elif self.op == "*":
            self.ins[0].backward(g * self.ins[1].value); self.ins[1].backward(g * self.ins[0].value)
        elif self.op: self.ins[0].backward(g * self.value)
''',
    "a class for each operation": '''
import math
class Node:
    def __add__(self, o): return Add(self, wrap(o))
    def __mul__(self, o): return Mul(self, wrap(o))
    def __sub__(self, o): return Sub(self, wrap(o))
    __radd__ = __add__
    __rmul__ = __mul__
    grad = 0.0
class Var(Node):
    def __init__(self, val): self._val = val; self.grad = 0.0
    def val(self): return self._val
    def backward(self, adj=1.0): self.grad += adj
def wrap(x): return x if isinstance(x, Node) else Var(x)
class Add(Node):
    def __init__(self, a, b): self.a, self.b = a, b
    def val(self): return self.a.val() + self.b.val()
    def backward(self, adj=1.0): self.grad += adj; self.a.backward(adj); self.b.backward(adj)
class Sub(Add):
    def val(self): return self.a.val() - self.b.val()
    def backward(self, adj=1.0): self.grad += adj; self.a.backward(adj); self.b.backward(-adj)
class Mul(Add):
    def val(self): return self.a.val() * self.b.val()
    def backward(self, adj=1.0):
        self.grad += adj
        self.a.backward(adj * self.b.val())
        self.b.backward(adj * self.a.val())
''',
    "by age": '''
import heapq, itertools
class V:
    count = itertools.count()
    __slots__ = ("x", "dx", "args", "n")
    def __init__(self, x, args=()): self.x, self.dx, self.args, self.n = x, 0.0, args, next(V.count)
    def __mul__(self, o):
        o = o if type(o) is V else V(o); return V(self.x * o.x, ((self, o.x), (o, self.x)))
    def __add__(self, o):
        o = o if type(o) is V else V(o); return V(self.x + o.x, ((self, 1.0), (o, 1.0)))
    def __pow__(self, k): return V(self.x ** k, ((self, k * self.x ** (k - 1)),))
    def backprop(self):
        self.dx = 1.0; heap, seen = [(-self.n, self)], {self.n}
        while heap:
            _, v = heapq.heappop(heap)
            for p, d in v.args:
                p.dx += d * v.dx
                if p.n not in seen: seen.add(p.n); heapq.heappush(heap, (-p.n, p))
    def __lt__(self, o): return self.n < o.n
''',
    "lists of one number": '''
class Tensor:
    def __init__(self, data):
        self.data = data if isinstance(data, list) else [data]
        self.grad = [0.0] * len(self.data)
        self._b, self._p = lambda: None, ()
    def _w(self, o): return o if isinstance(o, Tensor) else Tensor([o] * len(self.data))
    def __add__(self, o):
        o = self._w(o); r = Tensor([a + b for a, b in zip(self.data, o.data)]); r._p = (self, o)
        def b():
            for i, g in enumerate(r.grad): self.grad[i] += g; o.grad[i] += g
        r._b = b; return r
    def __mul__(self, o):
        o = self._w(o); r = Tensor([a * b for a, b in zip(self.data, o.data)]); r._p = (self, o)
        def b():
            for i, g in enumerate(r.grad): self.grad[i] += g * o.data[i]; o.grad[i] += g * self.data[i]
        r._b = b; return r
    def backward(self):
        t, s = [], []
        def go(v):
            if v not in s:
                s.append(v)
                for c in v._p: go(c)
                t.append(v)
        go(self); self.grad = [1.0] * len(self.data)
        for v in t[::-1]: v._b()
''',
    "wants a label": '''
class Value:
    def __init__(self, data, label): self.data, self.label, self.grad, self.args = data, label, 0.0, ()
    def __add__(self, o):
        r = Value(self.data + o.data, "+"); r.args = ((self, 1), (o, 1)); return r
    def __mul__(self, o):
        r = Value(self.data * o.data, "*"); r.args = ((self, o.data), (o, self.data)); return r
    def backward(self, g=1.0):
        self.grad += g
        for p, d in self.args: p.backward(g * d)
''',
    "fractions": RIGHT.replace("import math", "import math\nfrom fractions import Fraction").replace(
        "self.data = data", "self.data = Fraction(data)").replace("self.grad = 0.0", (
        "self.grad = Fraction(0)")).replace("self.grad = 1.0", "self.grad = Fraction(1)").replace(
        "t = math.tanh(self.data)", "t = Fraction(math.tanh(self.data))"),
    "whoever wants a gradient says so": RIGHT.replace('_op=""):', '_op="", requires_grad=False):').replace(
        "self.grad = 0.0", (
        "self.grad = 0.0; self.requires_grad = requires_grad or any(c.requires_grad for c in _children)"
        )).replace("            self.grad +=", "            if self.requires_grad: self.grad +=").replace(
        "            other.grad +=", "            if other.requires_grad: other.grad +="),
    "forgets the graph": RIGHT.replace("            v._backward()", (
        "            v._backward()\n            v._backward, v._prev = None, ()")),
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
    names = {
        "functions": "Node",
        "asks for the leaves": "Var",
        "a float itself": "Num",
        "a dataclass": "Num",
        "a tape, and a function that makes leaves": "leaf",
        "methods in place of operators": "Scalar",
        "functions with a context, which ask who wants a gradient": "Tensor",
        "generations, and gradients that are forgotten": "Variable",
        "asks for one leaf": "Node",
        "gradients by node": "N",
        "computes afterwards": "Node",
        "a class for each operation": "Var",
        "by age": "V",
        "lists of one number": "Tensor",
    }
    return SHAPES | {title: made(text)[names.get(title, "Value")] for title, text in OTHERS.items()}
