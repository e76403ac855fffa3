"""Programs as micrograd's forks, ports and lectures write them, with only their imports changed.

None is copied: each was typed in their manner, closures, hand-made orders, shapes and plots included.
"""

PROGRAMS = {
    "lecture expr": """
from autograd import Value

a = Value(2.0, label="a")
b = Value(-3.0, label="b")
c = Value(10.0, label="c")
e = a * b
e.label = "e"
d = e + c
d.label = "d"
f = Value(-2.0, label="f")
L = d * f
L.label = "L"
L.grad = 1.0
for n in [L, d, f, e, c, a, b]:
    n._backward()
print(L.data, [n.grad for n in (a, b, c, d, e, f)])
print(d._prev, d._op, L._prev)
""",
    "a slope by hand": """
from autograd import Value


def lol():
    h = 0.001
    a = Value(2.0, label="a")
    b = Value(-3.0, label="b")
    c = Value(10.0, label="c")
    e = a * b
    e.label = "e"
    d = e + c
    d.label = "d"
    f = Value(-2.0, label="f")
    L = d * f
    L.label = "L"
    L1 = L.data
    a = Value(2.0 + h, label="a")
    e = a * b
    d = e + c
    L = d * f
    L2 = L.data
    print((L2 - L1) / h)


lol()
""",
    "neuron with exp": """
from autograd import Value

x1 = Value(2.0, label="x1")
x2 = Value(0.0, label="x2")
w1 = Value(-3.0, label="w1")
w2 = Value(1.0, label="w2")
b = Value(6.8813735870195432, label="b")
x1w1 = x1 * w1
x1w1.label = "x1*w1"
x2w2 = x2 * w2
x2w2.label = "x2*w2"
s = x1w1 + x2w2
s.label = "s"
n = s + b
n.label = "n"
e = (2 * n).exp()
o = (e - 1) / (e + 1)
o.label = "o"
o.backward()
assert abs(x1.grad + 1.5) < 1e-9 and abs(w1.grad - 1) < 1e-9
""",
    "a drawing by hand": """
from autograd import Value
from graphviz import Digraph


def trace(root):
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(root)
    return nodes, edges


def draw_dot(root, format="svg", rankdir="LR"):
    nodes, edges = trace(root)
    dot = Digraph(format=format, graph_attr={"rankdir": rankdir})
    for n in nodes:
        uid = str(id(n))
        dot.node(
            name=uid, label="{ %s | data %.4f | grad %.4f }" % (n.label, n.data, n.grad), shape="record"
        )
        if n._op:
            dot.node(name=uid + n._op, label=n._op)
            dot.edge(uid + n._op, uid)
    for n1, n2 in edges:
        dot.edge(str(id(n1)), str(id(n2)) + n2._op)
    return dot


x = Value(1.0)
y = (x * 2 + 1).relu()
y.backward()
print(len(draw_dot(y).source) > 50)
""",
    "an order by hand": """
from autograd import Value

a = Value(3.0)
b = a + a
c = b * b
c = c.tanh() + a**2
topo = []
visited = set()


def build_topo(v):
    if v not in visited:
        visited.add(v)
        for child in v._prev:
            build_topo(child)
        topo.append(v)


build_topo(c)
for n in topo:
    n.grad = 0.0
c.grad = 1.0
for node in reversed(topo):
    node._backward()
g = a.grad
for n in topo:
    n.grad = 0
c.backward()
assert abs(g - a.grad) < 1e-12, (g, a.grad)
""",
    "own Neuron/Layer/MLP lecture": """
import random
from autograd import Value


class Neuron:
    def __init__(self, nin):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(random.uniform(-1, 1))

    def __call__(self, x):
        act = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        out = act.tanh()
        return out

    def parameters(self):
        return self.w + [self.b]


class Layer:
    def __init__(self, nin, nout):
        self.neurons = [Neuron(nin) for _ in range(nout)]

    def __call__(self, x):
        outs = [n(x) for n in self.neurons]
        return outs[0] if len(outs) == 1 else outs

    def parameters(self):
        return [p for n in self.neurons for p in n.parameters()]


class MLP:
    def __init__(self, nin, nouts):
        sz = [nin] + nouts
        self.layers = [Layer(sz[i], sz[i + 1]) for i in range(len(nouts))]

    def __call__(self, x):
        for l in self.layers:
            x = l(x)
        return x

    def parameters(self):
        return [p for l in self.layers for p in l.parameters()]


xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
ys = [1.0, -1.0, -1.0, 1.0]
n = MLP(3, [4, 4, 1])
for k in range(20):
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in n.parameters():
        p.data += -0.1 * p.grad
print(loss.data)
assert loss.data < 4
""",
    "library MLP moons svm": """
import random, numpy as np
from autograd import Value
from nn import Neuron, Layer, MLP

np.random.seed(1337)
random.seed(1337)
X = np.random.randn(40, 2)
y = np.sign(X[:, 0] * X[:, 1])
model = MLP(2, [8, 8, 1])
print(model)
print("number of parameters", len(model.parameters()))


def loss(batch_size=None):
    if batch_size is None:
        Xb, yb = X, y
    else:
        ri = np.random.permutation(X.shape[0])[:batch_size]
        Xb, yb = X[ri], y[ri]
    inputs = [list(map(Value, xrow)) for xrow in Xb]
    scores = list(map(model, inputs))
    losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(yb, scores)]
    data_loss = sum(losses) * (1.0 / len(losses))
    alpha = 1e-4
    reg_loss = alpha * sum((p * p for p in model.parameters()))
    total_loss = data_loss + reg_loss
    accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(yb, scores)]
    return total_loss, sum(accuracy) / len(accuracy)


for k in range(5):
    total_loss, acc = loss()
    model.zero_grad()
    total_loss.backward()
    learning_rate = 1.0 - 0.9 * k / 100
    for p in model.parameters():
        p.data -= learning_rate * p.grad
    print(f"step {k} loss {total_loss.data}, accuracy {acc * 100}%")
h = 0.5
x_min, x_max = X[:, 0].min() - 1, X[:, 0].max() + 1
y_min, y_max = X[:, 1].min() - 1, X[:, 1].max() + 1
xx, yy = np.meshgrid(np.arange(x_min, x_max, h), np.arange(y_min, y_max, h))
Xmesh = np.c_[xx.ravel(), yy.ravel()]
inputs = [list(map(Value, xrow)) for xrow in Xmesh]
scores = list(map(model, inputs))
Z = np.array([s.data > 0 for s in scores]).reshape(xx.shape)
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

fig = plt.figure()
plt.contourf(xx, yy, Z, cmap=plt.cm.Spectral, alpha=0.8)
plt.scatter(X[:, 0], X[:, 1], c=y, s=40, cmap=plt.cm.Spectral)
plt.xlim(xx.min(), xx.max())
""",
    "op by closure": """
import math
from autograd import Value


def tanh(self):
    x = self.data
    t = (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1)
    out = Value(t, (self,), "tanh")

    def _backward():
        self.grad += (1 - t**2) * out.grad

    out._backward = _backward
    return out


x = Value(0.5)
y = tanh(x * 2.0)
y.backward()
assert abs(x.grad - 2 * (1 - math.tanh(1) ** 2)) < 1e-12
""",
    "monkeypatch Value": """
import math
from autograd import Value


def sin(self):
    out = Value(math.sin(self.data), (self,), "sin")

    def _backward():
        self.grad += math.cos(self.data) * out.grad

    out._backward = _backward
    return out


Value.mysin = sin
x = Value(0.3)
z = x.mysin() * 2
z.backward()
assert abs(x.grad - 2 * math.cos(0.3)) < 1e-12
""",
    "subclass Value with op": """
import math
from autograd import Value


class V(Value):
    def softexp(self):
        out = V(math.exp(self.data), (self,), "softexp")

        def _backward():
            self.grad += out.data * out.grad

        out._backward = _backward
        return out

    def __repr__(self):
        return f"V({self.data})"


x = V(0.2)
y = x.softexp() * x
y.backward()
print(x, y, x.grad)
assert abs(x.grad - (math.exp(0.2) * 1.2)) < 1e-12
""",
    "softmax by hand": """
from autograd import Value

logits = [Value(x) for x in (0.0, 3.0, -2.0, 1.0)]
counts = [l.exp() for l in logits]
denom = sum(counts)
probs = [c / denom for c in counts]
loss = -probs[3].log()
loss.backward()
print([l.grad for l in logits])
import numpy as np

m = max(logits)
ex = [(l - m).exp() for l in logits]
s = sum(ex)
print([e / s for e in ex][0].data, np.argmax([p.data for p in probs]))
""",
    "makemore bigram nn": """
import random
from autograd import Value

words = ["emma", "olivia", "ava"]
chars = sorted(set("".join(words)))
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi["."] = 0
itos = {i: s for s, i in stoi.items()}
V = len(stoi)
xs, ys = [], []
for w in words:
    chs = ["."] + list(w) + ["."]
    for a, b in zip(chs, chs[1:]):
        xs.append(stoi[a])
        ys.append(stoi[b])
g = random.Random(2147483647)
W = [[Value(g.gauss(0, 1)) for _ in range(V)] for _ in range(V)]
for k in range(5):
    loss = 0
    for x, y in zip(xs, ys):
        logits = W[x]
        counts = [l.exp() for l in logits]
        t = sum(counts)
        loss += -(counts[y] / t).log()
    loss = loss / len(xs) + 0.01 * sum(w**2 for row in W for w in row) / (V * V)
    for row in W:
        for w in row:
            w.grad = None
    loss.backward()
    for row in W:
        for w in row:
            w.data += -10 * w.grad
    print(loss.data)
ix = 0
out = []
for _ in range(5):
    counts = [l.exp().data for l in W[ix]]
    ix = g.choices(range(V), weights=counts)[0]
    out.append(itos[ix])
print("".join(out))
""",
    "makemore mlp": """
import random, math
from autograd import Value

random.seed(0)
V, D, H, B = 5, 2, 6, 3
C = [[Value(random.gauss(0, 1)) for _ in range(D)] for _ in range(V)]
W1 = [[Value(random.gauss(0, 1) * (5 / 3) / ((D * B) ** 0.5)) for _ in range(H)] for _ in range(D * B)]
b1 = [Value(0) for _ in range(H)]
W2 = [[Value(random.gauss(0, 0.1)) for _ in range(V)] for _ in range(H)]
b2 = [Value(0) for _ in range(V)]
params = [p for M in (C, W1, W2) for r in M for p in r] + b1 + b2


def mm(v, M):
    return [sum(a * M[i][j] for i, a in enumerate(v)) for j in range(len(M[0]))]


data = [([random.randrange(V) for _ in range(B)], random.randrange(V)) for _ in range(8)]
for it in range(10):
    loss = Value(0)
    for ctx, t in data:
        e = [z for i in ctx for z in C[i]]
        h = [(a + b).tanh() for a, b in zip(mm(e, W1), b1)]
        lg = [a + b for a, b in zip(mm(h, W2), b2)]
        mx = max(l.data for l in lg)
        ex = [(l - mx).exp() for l in lg]
        loss = loss - (ex[t] / sum(ex)).log()
    loss *= 1 / len(data)
    for p in params:
        p.grad = 0
    loss.backward()
    lr = 0.1 if it < 5 else 0.01
    for p in params:
        p.data += -lr * p.grad
print(loss.data)
""",
    "batchnorm by hand": """
from autograd import Value

xs = [Value(x) for x in (1.0, 2.0, 3.0, 4.0)]
m = sum(xs) / len(xs)
var = sum((x - m) ** 2 for x in xs) / (len(xs) - 1)
xh = [(x - m) * (var + 1e-5) ** -0.5 for x in xs]
g, b = Value(1.0), Value(0.0)
L = sum((g * x + b) ** 3 * (i + 1) for i, x in enumerate(xh))
L.backward()
print([x.grad for x in xs], g.grad)
""",
    "optimizer class": """
from autograd import Value
from nn import MLP


class SGD:
    def __init__(self, parameters, lr=0.01, momentum=0.9):
        self.parameters = list(parameters)
        self.lr = lr
        self.m = momentum
        self.v = [0.0] * len(self.parameters)

    def step(self):
        for i, p in enumerate(self.parameters):
            self.v[i] = self.m * self.v[i] - self.lr * p.grad
            p.data += self.v[i]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = 0.0


n = MLP(2, [4, 1])
o = SGD(n.parameters())
for _ in range(3):
    l = (n([1.0, -2.0]) - 0.5) ** 2
    o.zero_grad()
    l.backward()
    o.step()
print(l)
""",
    "Adam on attributes": """
from autograd import Value


class Weight(Value):
    pass


ws = [Weight(1.0), Weight(-2.0)]
for w in ws:
    w.m = 0.0
    w.v = 0.0
for t in range(1, 50):
    loss = sum((w - 3) ** 2 for w in ws)
    for w in ws:
        w.grad = 0
    loss.backward()
    for w in ws:
        w.m = 0.9 * w.m + 0.1 * w.grad
        w.v = 0.999 * w.v + 0.001 * w.grad**2
        w.data -= 0.1 * (w.m / (1 - 0.9**t)) / ((w.v / (1 - 0.999**t)) ** 0.5 + 1e-8)
print(loss.data)
""",
    "no_grad + zero_grad": """
from autograd import Value, no_grad
from nn import MLP

m = MLP(3, [4, 1])
for e in range(3):
    m.zero_grad()
    loss = m([1.0, 2.0, 3.0]) ** 2
    loss.backward()
    with no_grad():
        for p in m.parameters():
            p.data = p.data - 0.01 * p.grad


@no_grad()
def evaluate():
    return m([1.0, 2.0, 3.0]).data


print(evaluate())
""",
    "module subclass": """
from autograd import Value
from nn import Module, Layer
import random


class Net(Module):
    def __init__(self):
        self.l1 = Layer(2, 3)
        self.l2 = Layer(3, 1, nonlin=False)

    def __call__(self, x):
        return self.l2(self.l1(x))

    def parameters(self):
        return self.l1.parameters() + self.l2.parameters()


n = Net()
y = n([1.0, 2.0])
n.zero_grad()
y.backward()
print(y, len(n.parameters()), n)
""",
    "Neuron nonlin kw": """
from nn import Neuron, Layer, MLP

n = Neuron(3, nonlin=False)
print(n, n.w, n.b, n.nonlin)
print(n([1, 2, 3]).data)
l = Layer(2, 4, nonlin=True)
print(l, l.neurons[0].w[0].data)
m = MLP(2, [16, 16, 1])
print(m.layers[0].neurons[0], m.layers[-1])
print(len(m.parameters()))
for layer in m.layers:
    for neuron in layer.neurons:
        for w in neuron.w:
            w.data *= 0.5
""",
    "sanity tests torch": """
import torch
from autograd import Value


def test_sanity_check():
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    xmg, ymg = x, y
    x = torch.Tensor([-4.0]).double()
    x.requires_grad = True
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    xpt, ypt = x, y
    assert ymg.data == ypt.data.item()
    assert xmg.grad == xpt.grad.item()


test_sanity_check()


def more():
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert (
        abs(g.data - 24.7041) < 1e-4 and abs(a.grad - 138.8338) < 1e-4 and abs(b.grad - 645.5773) < 1e-4
    )


more()
""",
    "pow of int, rpow, neg": """
from autograd import Value

a = Value(3)
b = a**2
c = a**-1
d = 2**a
e = -a
f = 1 - a
g = 1 / a
h = a / 2
i = a // 1
k = abs(e)
l = a % 2
for z in (b, c, d, e, f, g, h, k):
    z.backward()
print(a.grad, repr(a), str(b), f"{a.data:.2f}", bool(a > 2), a >= 3, a < b, a == a)
assert isinstance(a.data, (int, float))
""",
    "gradient check": """
import random
from autograd import Value
from nn import MLP

m = MLP(2, [3, 1])
x = [0.5, -0.3]


def L():
    return (m(x) - 1) ** 2


m.zero_grad()
L().backward()
eps = 1e-5
for p in m.parameters():
    o = p.data
    p.data = o + eps
    a = L().data
    p.data = o - eps
    b = L().data
    p.data = o
    assert abs((a - b) / (2 * eps) - p.grad) < 1e-6
""",
    "numpy arrays of Values matmul": """
import numpy as np
from autograd import Value

rng = np.random.default_rng(0)
W = np.array([[Value(v) for v in r] for r in rng.normal(size=(3, 4))])
x = np.array([Value(v) for v in (1.0, 2.0, 3.0, 4.0)])
h = W @ x
h = np.array([v.tanh() for v in h])
L = (h**2).sum()
L.backward()
print(W[0, 0].grad, x[1].grad, np.vectorize(lambda v: v.grad)(W).shape, h.mean(), W.T.shape)
W2 = W - 0.1 * np.vectorize(lambda v: v.grad)(W)
print(W2[0, 0].data)
""",
    "vectorize Value init": """
import numpy as np
from autograd import Value

V = np.vectorize(Value)
a = V(np.random.randn(2, 3))
b = V(np.random.randn(3))
y = a.dot(b)
print(y.shape, type(y[0]))
y.sum().backward()
print(a[0][0].grad)
grads = np.array([[v.grad for v in r] for r in a])
print(np.exp(y)[0].data, np.maximum(y, 0)[0])
""",
    "linear regression plot": """
import numpy as np, matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from autograd import Value

X = np.linspace(0, 1, 20)
Y = 3 * X + 1 + np.random.randn(20) * 0.1
w, b = Value(0.0), Value(0.0)
hist = []
for e in range(50):
    loss = sum((w * x + b - y) ** 2 for x, y in zip(X, Y)) / len(X)
    w.grad = b.grad = 0
    loss.backward()
    w.data -= 0.5 * w.grad
    b.data -= 0.5 * b.grad
    hist.append(loss)
plt.plot(hist)
plt.plot(X, [w * x + b for x in X])
plt.scatter(X, Y)
print(w, b)
print(f"{loss.data:.4f} {w.data:.3f} %.3f" % b.data)
""",
    "cpp port style": """
from autograd import Value


class Arena:
    def __init__(self):
        self.nodes = []

    def new(self, d):
        v = Value(d)
        self.nodes.append(v)
        return v


A = Arena()
a = A.new(1.5)
b = A.new(-2)
c = a.__add__(b)
d = c.__mul__(a)
e = d.__pow__(2)
f = e.__truediv__(3)
g = f.__sub__(1)
h = g.__neg__()
i = h.__radd__(2).__rmul__(3).__rsub__(1)
i.backward()
print([n.grad for n in A.nodes], i.data)
""",
    "rnn by hand": """
import random
from autograd import Value

random.seed(1)
H = 4
Wx = [[Value(random.uniform(-0.5, 0.5)) for _ in range(2)] for _ in range(H)]
Wh = [[Value(random.uniform(-0.5, 0.5)) for _ in range(H)] for _ in range(H)]
h = [Value(0)] * H
for x in [[1, 0], [0, 1], [1, 1]]:
    h = [
        (sum(w * xi for w, xi in zip(Wx[i], x)) + sum(w * hi for w, hi in zip(Wh[i], h))).tanh()
        for i in range(H)
    ]
loss = sum(h) / H
loss.backward()
print(Wh[0][0].grad)
""",
    "attention by hand": """
import math, random
from autograd import Value

T, D = 3, 2
x = [[Value(random.gauss(0, 1)) for _ in range(D)] for _ in range(T)]
dot = lambda a, b: sum(p * q for p, q in zip(a, b))
out = []
for i in range(T):
    s = [dot(x[i], x[j]) / math.sqrt(D) for j in range(i + 1)]
    m = max(s)
    e = [(v - m).exp() for v in s]
    z = sum(e)
    out.append([sum(e[j] / z * x[j][k] for j in range(i + 1)) for k in range(D)])
L = sum(v**2 for r in out for v in r)
L.backward()
print(x[0][0].grad)
""",
    "weights save json/pickle": """
import json, pickle, copy
from autograd import Value
from nn import MLP

m = MLP(2, [3, 1])
s = json.dumps([p.data for p in m.parameters()])
for p, v in zip(m.parameters(), json.loads(s)):
    p.data = v
m2 = copy.deepcopy(m)
assert m2([1, 2]).data == m([1, 2]).data
m3 = pickle.loads(pickle.dumps(m))
assert m3([1, 2]).data == m([1, 2]).data
""",
    "math functions on Value": """
import math
from autograd import Value

x = Value(0.5)
y = x.exp() + x.log() + x.sigmoid() + x.relu() + x.sin() + x.cos() + x.sqrt() + x.tanh()
y.backward()
print(y, x.grad)
""",
    "inspect internals": """
from autograd import Value

a = Value(1.0)
b = Value(2.0)
c = a + b
assert c._prev == {a, b} and a in c._prev and len(c._prev) == 2
assert c._op == "+" and a._op == "" and a._prev == set()
for ch in c._prev:
    ch.grad += 1
print(list(c._prev), sorted(c._prev, key=lambda v: v.data), c._children)
print(vars if 0 else c._backward, callable(c._backward))
c._backward()
(a * b)._op == "*"
print((a**2)._op, (a.relu())._op, (a / b)._op, (a - b)._op, a.tanh()._op, a.exp()._op)
""",
    "leaf backward lambda: None": """
from autograd import Value

a = Value(1.0)
a._backward = lambda: None
a._backward()
b = Value(2.0, (), "")
c = Value(3.0, _children=(a, b), _op="+", label="c")
print(c._prev, c.label)


def bw():
    a.grad += c.grad
    b.grad += c.grad


c._backward = bw
c.backward()
print(a.grad, b.grad)
""",
    "numpy scalar inputs, mixed": """
import numpy as np
from autograd import Value

x = Value(np.float32(1.5))
y = np.float64(2.0) * x + np.int64(1) - x * np.float32(0.5)
y.backward()
print(x.grad, type(x.data))
xs = np.array([1.0, 2.0])
w = [Value(0.1), Value(0.2)]
print(
    sum(wi * xi for wi, xi in zip(w, xs)),
    (w[0] * xs[0]).data,
    sum([wi * xi for wi, xi in zip(w, xs)], start=Value(0)),
)
print(np.mean([v.data for v in w]), np.mean(w), np.sum(w), np.dot(w, xs), np.max([v for v in w]))
""",
    "train loop tqdm/enum/reduce": """
from functools import reduce
import operator, itertools
from autograd import Value

vs = [Value(i + 1.0) for i in range(4)]
p = reduce(lambda a, b: a * b, vs)
p.backward()
print([v.grad for v in vs])
s = reduce(operator.add, vs)
print(
    s, list(itertools.accumulate(vs))[-1], any(v > 3 for v in vs), min(vs), sorted(vs, reverse=True)[0]
)
""",
    "MLP label loop plots weights": """
import numpy as np, matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from nn import MLP

m = MLP(3, [4, 4, 1])
plt.hist([p.data for p in m.parameters()], bins=10)
W = np.array([[w.data for w in n.w] for n in m.layers[0].neurons])
plt.imshow(W)
plt.colorbar()
plt.imshow(np.array([n.w for n in m.layers[0].neurons], dtype=float))
plt.bar(range(len(m.parameters())), [abs(p.grad) for p in m.parameters()])
""",
    "draw_dot ours": """
from autograd import Value, draw_dot

x = Value(2.0, label="x")
y = (x * 3 + 1).tanh()
y.backward()
d = draw_dot(y)
print(type(d))
d = draw_dot(y, rankdir="TB")
d = draw_dot(y, format="png")
""",
    "hinge list comp & lambda params": """
from nn import MLP
from autograd import Value

m = MLP(2, [4, 1])
ps = m.parameters()
print(ps[0], ps[-1], len(ps), sum(p.grad for p in ps))
reg = 1e-4 * sum(p * p for p in ps)
reg.backward()
norm = sum(p.grad**2 for p in ps) ** 0.5
for p in ps:
    p.grad *= min(1.0, 1.0 / (norm + 1e-6))
print(norm)
""",
    "classifier one-vs-all with enumerate": """
import random
from autograd import Value
from nn import MLP

random.seed(3)
X = [[random.uniform(-1, 1), random.uniform(-1, 1)] for _ in range(10)]
Y = [int(a > b) + int(a > 0) for a, b in X]
m = MLP(2, [6, 3])


def softmax(z):
    mx = max(v.data for v in z)
    e = [(v - mx).exp() for v in z]
    s = sum(e)
    return [v / s for v in e]


for ep in range(3):
    tot = Value(0.0)
    for x, y in zip(X, Y):
        tot += -softmax(m(x))[y].log()
    tot = tot / len(X)
    m.zero_grad()
    tot.backward()
    for p in m.parameters():
        p.data -= 0.1 * p.grad
pred = [max(range(3), key=lambda i: m(x)[i].data) for x in X]
print(pred, tot)
""",
}
