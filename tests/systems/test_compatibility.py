"""Programs written for other engines: micrograd's demo and a loop in PyTorch's manner, with only their
imports changed."""

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd
from tests.systems.forks import PROGRAMS

ROOT = Path(__file__).parents[2]

# In the manner of micrograd's notebook on moons; the two lines at the top are what changes.
MOONS = """
{imports}
import random
import numpy as np

np.random.seed(1337)
random.seed(1337)
half = 50
t = np.linspace(0, np.pi, half)
X = np.r_[np.c_[np.cos(t), np.sin(t)], np.c_[1 - np.cos(t), 0.5 - np.sin(t)]]
X = X + 0.1 * np.random.randn(2 * half, 2)
y = np.r_[np.zeros(half, int), np.ones(half, int)]
y = y * 2 - 1

model = MLP(2, [16, 16, 1])
print(len(model.parameters()))

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

for k in range({steps}):
    total_loss, acc = loss({batch})
    model.zero_grad()
    total_loss.backward()
    learning_rate = 1.0 - 0.9 * k / 100
    for p in model.parameters():
        p.data -= learning_rate * p.grad
    print(f"step {{k}} loss {{total_loss.data:.12f}}, accuracy {{acc * 100:.1f}}%")

h = 1.0
xx, yy = np.meshgrid(np.arange(-1, 2, h), np.arange(-1, 2, h))
Xmesh = np.c_[xx.ravel(), yy.ravel()]
inputs = [list(map(Value, xrow)) for xrow in Xmesh]
Z = np.array([s.data > 0 for s in list(map(model, inputs))]).reshape(xx.shape)
print(Z.astype(int).ravel().tolist())
"""
OURS = "from autograd import Value\nfrom nn import MLP"
THEIRS = "from micrograd.engine import Value\nfrom micrograd.nn import MLP"


def run(imports, steps, batch="None"):
    program = "import sys; sys.path.insert(0, sys.argv[1])\n" + MOONS.format(
        imports=imports, steps=steps, batch=batch
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(ROOT)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def numbers(lines):
    return [float(line.split()[3].rstrip(",")) for line in lines if line.startswith("step")]


def test_the_moons_program_trains():
    lines = run(OURS, 40)
    assert lines[0] == "337"
    assert numbers(lines)[-1] < 0.5 * numbers(lines)[0]
    assert float(lines[-2].split()[-1].rstrip("%")) >= 90.0


@pytest.mark.parametrize("batch", ["None", "16"])
def test_the_moons_program_prints_what_micrograd_prints(batch):
    pytest.importorskip("micrograd")
    ours, theirs = run(OURS, 4, batch), run(THEIRS, 4, batch)
    assert numbers(ours) == pytest.approx(numbers(theirs), rel=1e-8)
    assert ours[-1] == theirs[-1]


def test_the_parts_of_a_micrograd_program():
    from autograd import Value
    from nn import MLP, Layer, Module, Neuron

    assert all(issubclass(kind, Module) for kind in (Neuron, Layer, MLP))
    assert str(MLP(3, [4, 1])).startswith("MLP of [Layer of [ReLUNeuron(3), ")
    x = [np.float64(2.0), np.float64(3.0)]
    n = Neuron(2, nonlin=False)
    assert n(x).data == pytest.approx(2.0 * n.w[0].data + 3.0 * n.w[1].data)
    out = (1 + -np.float64(0.5) * Value(3.0)).relu() + np.int64(2)
    assert isinstance(out, Value)
    out.backward()
    assert out._prev
    assert out._op == "+"


def test_a_loop_in_pytorchs_manner():
    import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = nn.Layer(2, 8, activation="tanh", rng=0)
            self.out = nn.Layer(8, 1, nonlin=False, rng=1)

        def forward(self, x):
            return self.out(self.hidden(x))

    random.seed(0)
    data, labels = nn.data.make_xor(60, rng=0)
    net = Net()
    criterion = nn.losses.binary_cross_entropy_with_logits
    optimizer = nn.optim.Adam(net.parameters(), lr=0.05)
    scheduler = nn.optim.StepLR(optimizer, step_size=20, gamma=0.5)
    net.train()
    for _ in range(40):
        for inputs, targets in nn.data.batches(data, labels, batch_size=20):
            optimizer.zero_grad()
            loss = criterion([net(row) for row in inputs], targets)
            loss.backward()
            nn.optim.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
        scheduler.step()
    net.eval()
    assert loss.item() < 0.2
    right = sum((net(row).item() > 0) == (label == 1) for row, label in zip(data, labels, strict=True))
    assert right >= 57
    copy = Net()
    copy.load_state_dict(net.state_dict())
    assert copy(data[0]).item() == net(data[0]).item()


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_program_in_the_manner_of_forks_and_lectures_runs(name, monkeypatch):
    program = PROGRAMS[name]
    for library in ("torch", "graphviz", "matplotlib"):
        if f"import {library}" in program or f"from {library}" in program or "draw_dot" in program:
            pytest.importorskip("graphviz" if "draw_dot" in program else library)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    attributes = set(vars(autograd.Value))
    try:
        exec(compile(program, f"<{name}>", "exec"), {"__name__": "program"})
    finally:
        for added in set(vars(autograd.Value)) - attributes:  # as a fork adds its methods
            delattr(autograd.Value, added)
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")
