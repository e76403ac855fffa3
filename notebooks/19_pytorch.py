# %% [markdown]
# # 19. This engine beside PyTorch
#
# **Question.** If you know this engine, what do you know about PyTorch? Where do the two agree to the last
# digits, where do they differ, and which one should you use for what?
#
# This lesson is optional. Without PyTorch (`pip install torch`) it runs too, without its comparisons.

# %%
import random

import nn
from autograd import Value, gradients, hessian, ops, tanh, toposort
from autograd.testing import oracle
from nn.course import check_exercise
from nn.plot import chart

try:
    import torch
except ImportError:
    torch = None
    print("PyTorch is not installed: every comparison below is skipped.")
else:
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)

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
# | functions of functions | `grad(f)`, `hessian(f)` | `torch.func.grad(f)`, `torch.func.hessian(f)` |
# | a node is | one number | an array |
#
# The last line is the real difference. An array as a node makes a large network fast; a number as a node
# lets you see everything. Here is the chain rule
#
# $$ \frac{dL}{dw} = 2\,(\tanh(wx + b) - y) \cdot (1 - \tanh^2(wx + b)) \cdot x \tag{19.1} $$
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

# %% [markdown]
# ## A network and the optimizers
#
# A 3-8-8-2 network with tanh, cross-entropy over 12 examples, the same numbers in both. The optimizers have
# PyTorch's definitions, down to where $\epsilon$ stands. Gradients first, then fifty steps of each:

# %% tags=["folded"]
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


cost = nn.losses.cross_entropy([model(x) for x in xs], ys)
cost.backward()
gap = 0.0
if torch:
    network = to_torch(model)
    torch.nn.functional.cross_entropy(network(torch.tensor(xs)), torch.tensor(ys)).backward()
    theirs = []
    for linear in network[::2]:
        for row, bias in zip(linear.weight.grad.tolist(), linear.bias.grad.tolist()):
            theirs += [*row, bias]
    gap = max(abs(p.grad - g) for p, g in zip(model.parameters(), theirs))
    print(len(model.parameters()), "gradients agree to 14 decimals:", gap < 1e-14)
makers = {
    "momentum": (
        lambda p: nn.optim.SGD(p, lr=0.1, momentum=0.9),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    ),
    "AdaGrad": (lambda p: nn.optim.AdaGrad(p, lr=0.1), lambda p: torch.optim.Adagrad(p, lr=0.1)),
    "RMSProp": (lambda p: nn.optim.RMSProp(p, lr=0.01), lambda p: torch.optim.RMSprop(p, lr=0.01)),
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
    print(f"{name:9}", f"losses within 1e-12 of PyTorch: {apart[name] < 1e-12}" if torch else "")
chart({name: (range(50), c) for name, c in curves.items()}, x="step", y="loss")

# %% [markdown]
# ## Where they differ: accuracy at the edges
#
# Both use doubles here. But a derivative can be written in a way that loses its digits. **Predict.** At
# which of these points does a textbook's formula lose all of them? Relative errors against exact values:

# %%
points = {"tanh": 18.0, "sigmoid": 40.0, "expm1": -40.0, "softplus": -50.0}
errors = {}
for name, at in points.items():
    op = getattr(ops, name)
    truth = float(oracle.derivative(op, [at], 0))
    errors[name] = [abs(gradients(op(v := Value(at)), v) / truth - 1)]
    if torch:
        t = torch.tensor(at, requires_grad=True)
        (getattr(torch, name) if hasattr(torch, name) else getattr(torch.nn.functional, name))(t).backward()
        errors[name].append(abs(t.grad.item() / truth - 1))
    shown = ["below 1e-15" if x < 1e-15 else f"{x:.0e}" for x in errors[name]]
    print(f"{name + '(' + str(at) + ')':>16}  here {shown[0]}", f"  PyTorch {shown[1]}" if torch else "")

# %% [markdown]
# An error of 1 means that no digit is left, usually because the derivative was rounded to 0 by a
# subtraction, as in $1 - \tanh^2$. For training that seldom matters. For checking other programs, and for
# higher derivatives, it does.
#
# Conventions agree where a choice had to be made: $\mathrm{relu}'(0) = 0$, $|x|'(0) = 0$, and a maximum of
# two equal numbers gives one half to each. Both nest, for higher derivatives:

# %%
def f(v):
    return tanh(v[0] * v[1]) + v[0] ** 3 * v[1]


H = hessian(f)([0.7, -0.4])
print("here   ", [[round(h, 10) for h in row] for row in H])
hessian_gap = 0.0
if torch:
    at = torch.tensor([0.7, -0.4])
    there = torch.func.hessian(lambda v: torch.tanh(v[0] * v[1]) + v[0] ** 3 * v[1])(at).tolist()
    hessian_gap = max(abs(a - b) for row, other in zip(H, there) for a, b in zip(row, other))
    print("PyTorch", [[round(h, 10) for h in row] for row in there])

# %% [markdown]
# ## Which one for what?
#
# - **To understand, teach, debug a formula, check another program, differentiate to any order with full
#   accuracy:** this engine. Every number has a name, a picture and a derivation.
# - **For small models and scalar programs** (hundreds to a million nodes): this engine, compiled.
# - **For large models, images, GPUs:** PyTorch. Its node is an array, its kernels are made for that.
#
# Not a matter of taste: the cost of one node. Count the operations of the network above:

# %%
graph = toposort(nn.losses.cross_entropy([model(x) for x in xs], ys))
scalars = sum(node.op is not None for node in graph)
print("operations as scalars:", scalars, "  as arrays:", 1 + 2 * len(model.layers))

# %% [markdown]
# ## Exercises
#
# **19.1** What do both say is the derivative of relu at 0?
#
# <details><summary>Hint 1</summary>
#
# A choice, which is the same in both.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("19.1", answer)

# %% [markdown]
# **19.2** In PyTorch, what is `z.grad` of an interior node after `backward()`? **a** nothing, unless
# `z.retain_grad()` was called · **b** its gradient · **c** zero
#
# <details><summary>Hint 1</summary>
#
# Look at the table above.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("19.2", answer)

# %% [markdown]
# **19.3** $\max(a, b)$ at $a = b = 2$: what is the derivative in $a$?
#
# <details><summary>Hint 1</summary>
#
# Both operands are treated alike.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("19.3", answer)

# %% [markdown]
# ## Summary
#
# - The same ideas and words; a node is a number here, an array there.
# - Values, gradients and optimizers agree; accuracy at the edges does not.
# - Numbers to see and check, arrays for size.

# %% tags=["folded"]
assert all(here < 1e-15 for here, *_ in errors.values())
assert torch is None or abs(w.grad - tw.grad.item()) < 1e-15  # (19.1)
assert gap < 1e-14
assert hessian_gap < 1e-14
assert all(difference < 1e-12 for difference in apart.values())
assert scalars > 200
