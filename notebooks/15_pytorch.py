# %% [markdown]
# # 15. This engine beside PyTorch
#
# **Question.** If you know this engine, what do you know about PyTorch? Where do the two agree to the last
# digits, where do they differ, and which one should you use for what?
#
# This notebook is optional. Without PyTorch (`pip install torch`) it runs too, but its comparisons are
# skipped.

# %%
# %matplotlib inline
import random

import matplotlib.pyplot as plt

import nn
from autograd import Value, draw, gradients, hessian, ops, tanh, toposort
from autograd.testing import oracle

try:
    import torch
except ImportError:
    torch = None
    print("PyTorch is not installed: every comparison below is skipped.")
else:
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.manual_seed(0)

# %% [markdown]
# ## The same idea, the same words
#
# | | here | PyTorch |
# |---|---|---|
# | a number that remembers | `Value(2.0)` | `torch.tensor(2.0, requires_grad=True)` |
# | all derivatives | `loss.backward()`, then `w.grad` | the same |
# | leaves accumulate | yes: `model.zero_grad()` | yes: `optimizer.zero_grad()` |
# | interior gradients | kept | dropped, unless `retain_grad()` was called before |
# | gradient of a gradient | `create_graph=True` | the same |
# | without recording | `no_grad()` | the same |
# | functions of functions | `grad(f)`, `hessian(f)` | `torch.func.grad(f)`, `torch.func.hessian(f)` |
# | a node is | one number | an array |
#
# The last line is the real difference. An array as a node makes a large network fast; a number as a node lets
# you see everything. Here is the chain rule
#
# $$ \frac{dL}{dw} = 2\,(\tanh(wx + b) - y) \cdot (1 - \tanh^2(wx + b)) \cdot x \tag{15.1} $$
#
# in both:

# %%
w, b = Value(0.5, "w"), Value(-0.3, "b")
loss = ((w * 2.0 + b).tanh() - 1.0) ** 2
loss.backward()
print(f"here    dL/dw = {w.grad:.12f}  dL/db = {b.grad:.12f}")
if torch:
    tw, tb = torch.tensor(0.5, requires_grad=True), torch.tensor(-0.3, requires_grad=True)
    ((tw * 2.0 + tb).tanh() - 1.0).square().backward()
    print(f"PyTorch dL/dw = {tw.grad.item():.12f}  dL/db = {tb.grad.item():.12f}")
draw(loss)

# %% [markdown]
# ## A network
#
# The same numbers in both: a 3-8-8-2 network with tanh, cross-entropy over 12 examples.

# %%
rng = random.Random(0)
xs = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(12)]
ys = [rng.randrange(2) for _ in range(12)]
model = nn.MLP(3, [8, 8, 2], activation="tanh", init="xavier_normal", rng=1)


def to_torch(model):
    """Return PyTorch's own network with the same weights."""
    layers = []
    for i, layer in enumerate(model.layers):
        linear = torch.nn.Linear(layer.nin, len(layer.neurons))
        with torch.no_grad():
            linear.weight.copy_(torch.tensor([[w.data for w in n.w] for n in layer.neurons]))
            linear.bias.copy_(torch.tensor([n.b.data for n in layer.neurons]))
        layers += [linear, torch.nn.Tanh()] if i + 1 < len(model.layers) else [linear]
    return torch.nn.Sequential(*layers)


def torch_gradients(network):
    """Return the gradients in this engine's order: the weights of a neuron, then its bias."""
    found = []
    for linear in network[::2]:
        for row, bias in zip(linear.weight.grad.tolist(), linear.bias.grad.tolist()):
            found += [*row, bias]
    return found


cost = nn.losses.cross_entropy([model(x) for x in xs], ys)
cost.backward()
print(f"here    {cost.data:.12f}")
gap = 0.0
if torch:
    network = to_torch(model)
    torch_cost = torch.nn.functional.cross_entropy(network(torch.tensor(xs)), torch.tensor(ys))
    torch_cost.backward()
    gap = max(abs(p.grad - g) for p, g in zip(model.parameters(), torch_gradients(network)))
    print(f"PyTorch {torch_cost.item():.12f}")
    print(len(model.parameters()), "gradients agree to 14 decimals:", gap < 1e-14)

# %% [markdown]
# ## The optimizers
#
# Momentum, AdaGrad, RMSProp, Adam and AdamW have PyTorch's definitions, down to where $\epsilon$ stands.
# Fifty steps of each, side by side:

# %%
makers = {
    "SGD, momentum": (
        lambda p: nn.optim.SGD(p, lr=0.1, momentum=0.9),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    ),
    "AdaGrad": (lambda p: nn.optim.AdaGrad(p, lr=0.1), lambda p: torch.optim.Adagrad(p, lr=0.1)),
    "RMSProp": (lambda p: nn.optim.RMSProp(p, lr=0.01), lambda p: torch.optim.RMSprop(p, lr=0.01)),
    "Adam": (lambda p: nn.optim.Adam(p, lr=0.01), lambda p: torch.optim.Adam(p, lr=0.01)),
    "AdamW": (lambda p: nn.optim.AdamW(p, lr=0.01), lambda p: torch.optim.AdamW(p, lr=0.01)),
}
start = model.state_dict()
curves, apart = {}, {}
for name, (ours, theirs) in makers.items():
    model.load_state_dict(start)
    optimizer = ours(model.parameters())
    network = to_torch(model) if torch else None
    other = theirs(network.parameters()) if torch else None
    curves[name] = []
    for _ in range(50):
        cost = nn.losses.cross_entropy([model(x) for x in xs], ys)
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        curves[name].append(cost.data)
        if torch:
            torch_cost = torch.nn.functional.cross_entropy(network(torch.tensor(xs)), torch.tensor(ys))
            other.zero_grad()
            torch_cost.backward()
            other.step()
            apart[name] = max(apart.get(name, 0.0), abs(torch_cost.item() - cost.data))
    print(
        f"{name:14} loss {curves[name][0]:.4f} -> {curves[name][-1]:.4f}",
        f"  within 1e-12 of PyTorch: {apart[name] < 1e-12}" if torch else "",
    )
figure, ax = plt.subplots(figsize=(6.4, 3.2))
nn.plot.plot_loss(curves, ax=ax, title="50 steps, equal in both")
adam, adamw = ax.lines[-2:]  # they go almost the same way: a broad line, and a dashed one over it
adam.set(linewidth=5.0, alpha=0.5)
adamw.set(linestyle="--")
ax.legend(fontsize=8, loc="upper right")
plt.show()

# %% [markdown]
# ## Where they differ: accuracy at the edges
#
# Both use doubles here. But a derivative can be written in a way that loses its digits. Relative errors of
# some derivatives against exact values (computed with hundreds of bits):

# %%
points = {"tanh": 18.0, "sigmoid": 40.0, "expm1": -40.0, "softplus": -50.0}
errors = {}
print(f"{'derivative':>16} {'here':>14} {'PyTorch':>14}")
for name, at in points.items():
    op = getattr(ops, name)
    truth = float(oracle.derivative(op, [at], 0))
    here = abs(gradients(op(v := Value(at)), v) / truth - 1)
    there = None
    if torch:
        t = torch.tensor(at, requires_grad=True)
        (getattr(torch, name) if hasattr(torch, name) else getattr(torch.nn.functional, name))(t).backward()
        there = abs(t.grad.item() / truth - 1)
    errors[name] = here, there
    ours, theirs = ["" if x is None else "below 1e-15" if x < 1e-15 else f"{x:.0e}" for x in (here, there)]
    print(f"{name + '(' + str(at) + ')':>16} {ours:>14} {theirs:>14}")

# %% [markdown]
# An error of 1 means that no digit is left, usually because the derivative was rounded to 0 by a subtraction,
# as in $1 - \tanh^2$. For training that seldom matters. For checking other programs, and for higher
# derivatives, it does.
#
# Conventions agree where a choice had to be made: $\mathrm{relu}'(0) = 0$ and $|x|'(0) = 0$, and a maximum of
# two equal numbers gives one half to each.

# %%
x = Value(0.0)
ours = [gradients(x.relu(), x), gradients(abs(x), x)]
if torch:
    theirs = []
    for f in (torch.relu, torch.abs):
        t = torch.tensor(0.0, requires_grad=True)
        f(t).backward()
        theirs.append(t.grad.item())
    print("relu'(0), abs'(0): here", ours, "PyTorch", theirs)

# %% [markdown]
# ## Higher derivatives
#
# Both nest. For $f(x, y) = \tanh(xy) + x^3 y$:

# %%
def f(v):
    return tanh(v[0] * v[1]) + v[0] ** 3 * v[1]


H = hessian(f)([0.7, -0.4])
print("here   ", [[round(h, 10) for h in row] for row in H])
hessian_gap = 0.0
if torch:
    there = torch.func.hessian(lambda v: torch.tanh(v[0] * v[1]) + v[0] ** 3 * v[1])(
        torch.tensor([0.7, -0.4])
    ).tolist()
    hessian_gap = max(abs(a - b) for row, other in zip(H, there) for a, b in zip(row, other))
    print("PyTorch", [[round(h, 10) for h in row] for row in there])

# %% [markdown]
# ## Which one for what?
#
# - **To understand, teach, debug a formula, check another program, differentiate to any order with full
#   accuracy:** this engine. Every number has a name, a picture and a derivation.
# - **For small models and scalar programs** (hundreds to a million nodes): this engine, compiled. For scalar
#   graphs PyTorch pays for an array operation at every number.
# - **For large models, images, GPUs:** PyTorch. Its node is an array, its kernels are made for that.
#
# Not a matter of taste: the cost of one node. Count what PyTorch would have to launch if each number were a
# tensor of its own, as here:

# %%
graph = toposort(nn.losses.cross_entropy([model(x) for x in xs], ys))
scalars = sum(node.op is not None for node in graph)
arrays = 1 + 2 * len(model.layers)  # linear and tanh of each layer, and the loss
print("operations as scalars:", scalars)
print("operations as arrays: ", arrays)

# %% [markdown]
# ## Exercises
#
# **1.** In PyTorch, what is `z.grad` of an interior node after `backward()`? Why can the equations of
# notebook 6 not be read off there without preparation?
#
# <details><summary>Solution</summary>
#
# It is `None` (with a warning): interior gradients are freed as soon as they have been passed on, to save
# memory. Call `z.retain_grad()` first.
#
# ```python
# if torch:
#     t = torch.tensor(0.5, requires_grad=True)
#     z = t * 2.0
#     z.retain_grad()
#     z.tanh().backward()
#     v = Value(0.5)
#     node = v * 2.0
#     node.tanh().backward()
#     assert abs(z.grad.item() - node.grad) < 1e-15
# ```
#
# </details>
#
# **2.** `math.sin(tensor)` drops the gradient silently in PyTorch too. Show it, and compare with notebook 2.
#
# <details><summary>Solution</summary>
#
# ```python
# import math
#
# from autograd import grad
#
# if torch:
#     t = torch.tensor(1.0, requires_grad=True)
#     (t * math.sin(t.item())).backward()
#     assert abs(t.grad.item() - math.sin(1.0)) < 1e-15  # the term t cos t is missing
# v = Value(1.0)
# (v * math.sin(v)).backward()
# assert abs(v.grad - math.sin(1.0)) < 1e-15
# assert abs(grad(lambda x: x * ops.sin(x))(1.0) - (math.sin(1.0) + math.cos(1.0))) < 1e-15
# ```
#
# </details>
#
# ## What has been shown

# %%
assert all(here < 1e-15 for here, _ in errors.values())
assert ours == [0.0, 0.0]
assert torch is None or abs(w.grad - tw.grad.item()) < 1e-15  # (15.1)
assert gap < 1e-14
assert hessian_gap < 1e-14
assert all(difference < 1e-12 for difference in apart.values())
assert scalars > 30 * arrays
