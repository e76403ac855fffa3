# %% [markdown]
# # 8. A two-layer network at full size
#
# **Question.** 64 examples, 1000 inputs, 100 hidden neurons, 10 outputs: 101,000 weights, 6.5 million
# multiplications for one look at the data. Can an engine that treats every number as a node of its own really
# train that, and does it still give the right gradient?
#
# The system is R5: $h = x W_1$, $h_{\text{relu}} = \max(h, 0)$, $\hat y = h_{\text{relu}} W_2$, no biases,
# everything drawn from the standard normal distribution. First on paper, then small, then at full size.

# %%
# %matplotlib inline
import random
import time

import matplotlib.pyplot as plt
import numpy as np

import nn
from autograd import compile, draw, toposort

# %% [markdown]
# ## On paper
#
# Let $i$ count the examples, $k$ the inputs, $j$ the hidden neurons, $m$ the outputs.
#
# $$ h_{ij} = \sum_k x_{ik} W_{1,kj}, \qquad r_{ij} = \max(h_{ij}, 0),
#    \qquad \hat y_{im} = \sum_j r_{ij} W_{2,jm}, \qquad
#    L = \sum_{i,m} (\hat y_{im} - y_{im})^2. \tag{8.1} $$
#
# Backwards, one formula for each of the four. The square:
#
# $$ \frac{\partial L}{\partial \hat y_{im}} = 2(\hat y_{im} - y_{im}). \tag{8.2} $$
#
# $W_{2,jm}$ occurs in $\hat y_{im}$ for every example $i$, with the factor $r_{ij}$; $r_{ij}$ occurs in
# $\hat y_{im}$ for every output $m$, with the factor $W_{2,jm}$:
#
# $$ \frac{\partial L}{\partial W_{2,jm}} = \sum_i r_{ij}\,\frac{\partial L}{\partial \hat y_{im}}, \qquad
#    \frac{\partial L}{\partial r_{ij}} = \sum_m \frac{\partial L}{\partial \hat y_{im}}\,W_{2,jm}.
#    \tag{8.3} $$
#
# relu is a switch, and then (8.3) again, one layer down:
#
# $$ \frac{\partial L}{\partial h_{ij}} = [h_{ij} > 0]\,\frac{\partial L}{\partial r_{ij}}, \qquad
#    \frac{\partial L}{\partial W_{1,kj}} = \sum_i x_{ik}\,\frac{\partial L}{\partial h_{ij}}. \tag{8.4} $$
#
# Each sum over a middle index is a product of matrices, so in matrix form:
#
# $$ G_{\hat y} = 2(\hat Y - Y), \quad G_{W_2} = R^T G_{\hat y}, \quad G_R = G_{\hat y} W_2^T,
#    \quad G_H = G_R \odot [H > 0], \quad G_{W_1} = X^T G_H. \tag{8.5} $$
#
# ## Small, to see it
#
# Three inputs, two hidden neurons, two outputs, one example:

# %%
tiny = nn.MLP(3, [2, 2], bias=False, init="normal", rng=4)
loss = nn.losses.sum_squared_error(tiny([1.0, -0.5, 2.0]), [0.3, -1.0])
loss.label = "L"
loss.backward()
draw(loss)

# %% [markdown]
# ## Full size, scalar by scalar
#
# The same two lines. Every neuron is one `dot` node over its 1000 inputs, so the graph has few nodes and very
# many arrows.

# %%
rng = random.Random(0)
X = [[rng.gauss(0, 1) for _ in range(1000)] for _ in range(64)]
Y = [[rng.gauss(0, 1) for _ in range(10)] for _ in range(64)]
model = nn.MLP(1000, [100, 10], bias=False, init="normal", rng=rng)
loss = nn.losses.sum_squared_error([model(x) for x in X], Y)
loss.backward()
nodes = toposort(loss)
print(f"loss                   {loss.data:,.0f}")
print(f"parameters             {len(model.parameters()):,}")
print(f"nodes                  {len(nodes):,}")
print(f"arrows                 {sum(len(node.parents) for node in nodes):,}")

# %% [markdown]
# 64 examples times $1000 \cdot 100 + 100 \cdot 10$ weights are 6,464,000 products forward; backward adds as
# many for the weights. Now (8.5), with NumPy, from the same numbers. A weight matrix of the formulas has its
# inputs along the rows, the transpose of "one row for each neuron":

# %%
x, y = np.array(X), np.array(Y)
w1 = np.array([[w.data for w in neuron.w] for neuron in model.layers[0].neurons]).T
w2 = np.array([[w.data for w in neuron.w] for neuron in model.layers[1].neurons]).T


def by_hand(w1, w2):
    """Return the loss and both gradients: (8.1) and (8.5)."""
    h = x @ w1
    r = np.maximum(h, 0)
    error = r @ w2 - y
    grad_y = 2 * error
    grad_w2 = r.T @ grad_y
    grad_h = np.where(h > 0, grad_y @ w2.T, 0)
    return (error**2).sum(), x.T @ grad_h, grad_w2


def gradients_of(model):
    return [np.array([[w.grad for w in neuron.w] for neuron in layer.neurons]).T for layer in model.layers]


def distance(a, b):
    """Return the largest difference in units of the largest element."""
    return float(abs(a - b).max() / abs(b).max())


value, *hand = by_hand(w1, w2)
eager = gradients_of(model)
for name, a, b in zip(("w1", "w2"), eager, hand):
    print(f"grad {name}: {a.size:7,} numbers, agree to 12 digits: {distance(a, b) < 1e-12}")

# %% [markdown]
# ## From minutes to seconds: compile
#
# The training has 500 steps. Scalar by scalar that is many minutes; but every step is the same computation
# with other numbers. `compile` looks at the graph *of one example*, finds out what repeats, and writes the
# program that does it for the whole batch:

# %%
def example(x, y):
    return nn.losses.sum_squared_error(model(x), y)


step = compile(example, model.parameters(), batch=True, reduction="sum")
model.zero_grad()
print("loss, compiled:", f"{step(X, Y):,.0f}")
compiled = gradients_of(model)
print(step.source)

# %% [markdown]
# Nobody told the compiler about matrices. Compare with (8.5), line by line: `d_z2` is $G_{\hat y}$,
# `d_layer1_w` is $G_{W_2}$, `d_relu_z1` is $G_R$, `d_z1` is $G_H$, `d_layer0_w` is $G_{W_1}$, all transposed,
# since here a row is a neuron and a column is an example. Notebook 9 shows how it finds them.
#
# ## 500 steps, and the same by hand

# %%
losses = step.train(X, Y, nn.optim.SGD(model.parameters(), lr=1e-6), 500)
hand_losses = []
for _ in range(500):
    value, grad_w1, grad_w2 = by_hand(w1, w2)
    hand_losses.append(value)
    w1 -= 1e-6 * grad_w1
    w2 -= 1e-6 * grad_w2
print("iteration          engine         by hand")
for k in (0, 1, 2, 5, 10, 20, 50, 100, 200, 300, 400, 499):
    print(f"{k:9} {losses[k]:15.6g} {hand_losses[k]:15.6g}")
figure, ax = plt.subplots(figsize=(6.4, 3.6))
ax.semilogy(losses, color="#0072B2", linewidth=2.5, label="engine")
ax.semilogy(hand_losses, color="#D55E00", linewidth=1.0, linestyle="--", label="by hand in NumPy")
ax.set(xlabel="iteration", ylabel="sum of squared errors", title="64 x 1000 x 100 x 10, learning rate 1e-6")
ax.legend()
ax.grid(alpha=0.3)

# %% [markdown]
# Tens of millions at the start, far below 1 at the end: with 101,000 weights for 640 targets the network
# learns its noise by heart.
#
# The next cell measures a step of each on *your* machine, alternating, so that both see the same
# disturbances. (Its numbers are not stored with this notebook.)

# %% tags=["timing"]
optimizer = nn.optim.SGD(model.parameters(), lr=1e-9)
ratios = []
for _ in range(7):
    start = time.perf_counter()
    step.train(X, Y, optimizer, 20)
    middle = time.perf_counter()
    for _ in range(20):
        value, grad_w1, grad_w2 = by_hand(w1, w2)
        w1 -= 1e-9 * grad_w1
        w2 -= 1e-9 * grad_w2
    ratios.append((middle - start) / (time.perf_counter() - middle))
print(f"compiled step / step by hand: {sorted(ratios)[3]:.2f} (median of 7)")

# %% [markdown]
# ## Exercises
#
# **1.** The shape test. In (8.5), $G_{W_1}$ must have the shape of $W_1$. Which orders of the factors $X$
# ($64 \times 1000$) and $G_H$ ($64 \times 100$), with or without transposition, give $1000 \times 100$?
# (Often that alone tells you the formula.)
#
# <details><summary>Solution</summary>
#
# Only $X^T G_H$: the batch index must be the one that is summed over.
#
# ```python
# assert (x.T @ np.zeros((64, 100))).shape == (1000, 100)
# ```
#
# </details>
#
# **2.** What happens with the learning rate $10^{-5}$? Try a few steps by hand and explain with exercise 2 of
# notebook 1.
#
# <details><summary>Solution</summary>
#
# The steps are longer than the valley is wide; the loss explodes.
#
# ```python
# gen = np.random.default_rng(0)
# v1, v2 = gen.standard_normal((1000, 100)), gen.standard_normal((100, 10))
# with np.errstate(all="ignore"):
#     for _ in range(8):
#         cost, g1, g2 = by_hand(v1, v2)
#         v1, v2 = v1 - 1e-5 * g1, v2 - 1e-5 * g2
#     assert not by_hand(v1, v2)[0] < 1e9
# ```
#
# </details>
#
# ## What has been shown

# %%
assert len(model.parameters()) == 101_000
assert all(distance(a, b) < 1e-12 for a, b in zip(eager, hand))  # (8.5), scalar by scalar
assert all(distance(a, b) < 1e-12 for a, b in zip(compiled, hand))  # and compiled
assert 1e7 < losses[0] < 1e8
assert losses[-1] < 1.0
assert len(losses) == 500
assert abs(losses[10] / hand_losses[10] - 1) < 1e-6
