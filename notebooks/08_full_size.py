# %% [markdown]
# # 8. A two-layer network at full size
#
# **Question.** 64 examples, 1000 inputs, 100 hidden neurons, 10 outputs: 101,000 weights, 6.5 million
# multiplications for one look at the data. Can an engine that treats every number as a node of its own
# really train that, and does it still give the right gradient?

# %%
import random

import numpy as np

import nn
from autograd import compile, draw, toposort
from nn.course import check_exercise
from nn.plot import chart

# %% [markdown]
# ## On paper
#
# No biases, everything drawn from the standard normal distribution. Let $i$ count the examples, $k$ the
# inputs, $j$ the hidden neurons, $m$ the outputs.
#
# $$ h_{ij} = \sum_k x_{ik} W_{1,kj}, \qquad r_{ij} = \max(h_{ij}, 0),
#    \qquad \hat y_{im} = \sum_j r_{ij} W_{2,jm}, \qquad
#    L = \sum_{i,m} (\hat y_{im} - y_{im})^2. \tag{8.1} $$
#
# Backwards, the square first:
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
# relu is a switch, and then the same again, one layer down:
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
# **Predict.** Every neuron is one node over its 1000 inputs. How many arrows will the graph for 64 examples
# have: thousands, millions or billions?

# %%
rng = random.Random(0)
X = [[rng.gauss(0, 1) for _ in range(1000)] for _ in range(64)]
Y = [[rng.gauss(0, 1) for _ in range(10)] for _ in range(64)]
model = nn.MLP(1000, [100, 10], bias=False, init="normal", rng=rng)
loss = nn.losses.sum_squared_error([model(x) for x in X], Y)
loss.backward()
nodes = toposort(loss)
arrows = sum(len(node.parents) for node in nodes)
print(f"{len(model.parameters()):,} parameters, {len(nodes):,} nodes, {arrows:,} arrows")

# %% [markdown]
# 64 examples times $1000 \cdot 100 + 100 \cdot 10$ weights are 6,464,000 products forward. Now (8.5), with
# NumPy, from the same numbers. (A weight matrix of the formulas has its inputs along the rows.)

# %%
x, y = np.array(X), np.array(Y)
w1, w2 = (np.array([[w.data for w in n.w] for n in layer.neurons]).T for layer in model.layers)


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
    return [np.array([[w.grad for w in n.w] for n in layer.neurons]).T for layer in model.layers]


def distance(a, b):
    """Return the largest difference in units of the largest element."""
    return float(abs(a - b).max() / abs(b).max())


value, *hand = by_hand(w1, w2)
eager = gradients_of(model)
for name, a, b in zip(("W1", "W2"), eager, hand):
    print(f"gradient of {name}: {a.size:7,} numbers, agree to 12 digits: {distance(a, b) < 1e-12}")

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
step(X, Y)
compiled = gradients_of(model)
print(step.source)

# %% [markdown]
# Nobody told the compiler about matrices. Compare with (8.5): `d_z2` is $G_{\hat y}$, `d_layer1_w` is
# $G_{W_2}$, `d_relu_z1` is $G_R$, `d_z1` is $G_H$, `d_layer0_w` is $G_{W_1}$, all transposed, since here a
# row is a neuron and a column is an example. Lesson 9 shows how it finds them.
#
# ## 500 steps, and the same by hand

# %%
losses = step.train(X, Y, nn.optim.SGD(model.parameters(), lr=1e-6), 500)
hand_losses = []
for _ in range(500):
    value, grad_w1, grad_w2 = by_hand(w1, w2)
    hand_losses.append(float(value))
    w1 -= 1e-6 * grad_w1
    w2 -= 1e-6 * grad_w2
for k in (0, 10, 100, 499):
    print(f"iteration {k:3}: engine {losses[k]:12.6g}   by hand {hand_losses[k]:12.6g}")
chart({"engine": (range(500), losses), "by hand": (range(500), hand_losses)}, x="step", y="loss", log="y")

# %% [markdown]
# Tens of millions at the start, far below 1 at the end: with 101,000 weights for 640 targets the network
# learns its noise by heart. Lesson 11 asks what that is worth.
#
# ## Exercises
#
# **8.1** How many weights has a net of 1000 inputs, 100 hidden neurons and 10 outputs without biases?
#
# <details><summary>Hint 1</summary>
#
# One for each pair of neighbouring neurons.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $1000 \cdot 100 + 100 \cdot 10$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("8.1", answer)

# %% [markdown]
# **8.2** $G_{W_1}$ must have the shape of $W_1$, $1000 \times 100$. $X$ is $64 \times 1000$, $G_H$ is
# $64 \times 100$. Which product has the right shape? **a** $X G_H$ · **b** $X^T G_H$ · **c** $G_H^T X$ ·
# **d** $G_H X^T$
#
# <details><summary>Hint 1</summary>
#
# The examples must be what is summed over.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $(1000 \times 64)(64 \times 100)$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("8.2", answer)

# %% [markdown]
# **8.3** How many products are there in the forward pass for all 64 examples?
#
# <details><summary>Hint 1</summary>
#
# One for each weight and example.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("8.3", answer)

# %% [markdown]
# ## Summary
#
# - Four formulas by elements are four matrix products.
# - Scalar by scalar gives the same 101,000 derivatives, to 12 digits.
# - Compiled, the scalar program becomes the hand-written one.

# %% tags=["folded"]
assert len(model.parameters()) == 101_000
assert all(distance(a, b) < 1e-12 for a, b in zip(eager, hand))  # (8.5), scalar by scalar
assert all(distance(a, b) < 1e-12 for a, b in zip(compiled, hand))  # and compiled
assert 1e7 < losses[0] < 1e8
assert losses[-1] < 1.0
assert abs(losses[10] / hand_losses[10] - 1) < 1e-6
