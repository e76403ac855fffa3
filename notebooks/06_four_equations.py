# %% [markdown]
# # 6. The four equations of backpropagation
#
# **Question.** Textbooks compress all of backpropagation into four equations between vectors and matrices.
# Where do they come from, and does a graph of scalars that has never heard of layers obey them?
#
# The system is R3: logistic activation $\sigma$ in every layer, quadratic cost. The plan: derive each
# equation on paper, then read both of its sides off the graph.

# %%
# %matplotlib inline
import math
import random

import nn
from autograd import Value, draw, explain, jvp, toposort

# %% [markdown]
# ## Notation, and the one idea
#
# Layer $l = 1, \dots, L$ has weights $W^l_{jk}$ (to neuron $j$ from neuron $k$), biases $b^l_j$ and
#
# $$ z^l_j = \sum_k W^l_{jk} a^{l-1}_k + b^l_j, \qquad a^l_j = \sigma(z^l_j),
#    \qquad \sigma(z) = \frac{1}{1 + e^{-z}}, \tag{6.1} $$
#
# with the input $a^0 = x$ and the cost
#
# $$ C = \tfrac12 \lVert y - a^L \rVert^2. \tag{6.2} $$
#
# The idea is to look neither at weights nor at activations but at the pre-activations, and to give the
# gradient there a name, the **error**:
#
# $$ \delta^l_j = \frac{\partial C}{\partial z^l_j}. \tag{6.3} $$
#
# Everything a neuron does passes through its $z$, so if all $\delta$ are known, everything else is one
# multiplication away.
#
# First, $\sigma'$ by the quotient rule:
#
# $$ \sigma'(z) = \frac{e^{-z}}{(1 + e^{-z})^2} = \sigma(z)\,(1 - \sigma(z)). \tag{6.4} $$

# %%
rng = random.Random(2)
model = nn.MLP(2, [3, 2], activation="sigmoid", output="sigmoid", rng=rng)
for p in model.parameters():
    p.data = rng.uniform(-1.5, 1.5)
x = [Value(0.6, "x0"), Value(-1.1, "x1")]
y = [1.0, 0.0]
activations = [x]
for layer in model.layers:
    activations.append(layer.outputs(activations[-1]))
cost = nn.losses.half_squared_error(activations[-1], y)
cost.label = "C"
cost.backward()
draw(cost)

# %% [markdown]
# The nodes `z` are the `dot` boxes: the only parent of each activation. `backward()` leaves the gradient on
# interior nodes too, so the errors (6.3) are simply there:

# %%
L = len(model.layers)
z = [None, *[[a.parents[0] for a in layer] for layer in activations[1:]]]
W = [None, *[[[w.data for w in n.w] for n in layer.neurons] for layer in model.layers]]
dW = [None, *[[[w.grad for w in n.w] for n in layer.neurons] for layer in model.layers]]
db = [None, *[[n.b.grad for n in layer.neurons] for layer in model.layers]]
delta = [None, *[[node.grad for node in z[l]] for l in range(1, L + 1)]]
for l in range(1, L + 1):
    print(f"delta[{l}] =", [f"{d:+.5f}" for d in delta[l]])


def sigma_prime(node):  # (6.4)
    a = 1.0 / (1.0 + math.exp(-node.data))
    return a * (1.0 - a)


def close(hand, engine):
    return abs(hand - engine) <= 1e-12 * max(abs(hand), abs(engine))


# %% [markdown]
# ## BP1: the error of the last layer
#
# $z^L_j$ reaches $C$ only through $a^L_j$, so by the chain rule
#
# $$ \delta^L_j = \frac{\partial C}{\partial a^L_j}\,\sigma'(z^L_j) = (a^L_j - y_j)\,\sigma'(z^L_j).
#    \tag{BP1} $$

# %%
bp1 = [(activations[L][j].data - y[j]) * sigma_prime(z[L][j]) for j in range(2)]
for j in range(2):
    print(f"j = {j}: (a - y) sigma'(z) = {bp1[j]:+.8f}   delta = {delta[L][j]:+.8f}")

# %% [markdown]
# ## BP2: the error of a layer from the next one
#
# $z^l_j$ reaches $C$ through *every* neuron $k$ of the next layer. Its consumers add up, (3.1):
#
# $$ \delta^l_j =
#    \sum_k \frac{\partial C}{\partial z^{l+1}_k}\,\frac{\partial z^{l+1}_k}{\partial a^l_j}\,
#    \frac{\partial a^l_j}{\partial z^l_j}
#    = \Big(\sum_k W^{l+1}_{kj}\,\delta^{l+1}_k\Big)\,\sigma'(z^l_j). \tag{BP2} $$
#
# The sum runs over the *first* index of $W$: that is the transposed matrix of the textbooks,
# $\delta^l = ((W^{l+1})^T \delta^{l+1}) \odot \sigma'(z^l)$, where $\odot$ multiplies element by element. The
# transposition is no trick; it is the graph's arrows, walked backwards.

# %%
bp2 = [sum(W[2][k][j] * delta[2][k] for k in range(2)) * sigma_prime(z[1][j]) for j in range(3)]
for j in range(3):
    print(f"j = {j}: (W^T delta)_j sigma'(z) = {bp2[j]:+.8f}   delta = {delta[1][j]:+.8f}")

# %% [markdown]
# ## BP3 and BP4: from errors to gradients
#
# In (6.1) the bias enters with local derivative 1, and the weight with local derivative $a^{l-1}_k$:
#
# $$ \frac{\partial C}{\partial b^l_j} = \delta^l_j, \tag{BP3} $$
# $$ \frac{\partial C}{\partial W^l_{jk}} = a^{l-1}_k\,\delta^l_j. \tag{BP4} $$

# %%
print("BP3:", all(close(delta[l][j], db[l][j]) for l in (1, 2) for j in range(len(z[l]))))
bp4 = [
    (activations[l - 1][k].data * delta[l][j], dW[l][j][k])
    for l in (1, 2)
    for j in range(len(z[l]))
    for k in range(len(activations[l - 1]))
]
print("BP4:", all(close(hand, engine) for hand, engine in bp4), f"({len(bp4)} weights)")

# %% [markdown]
# ## The engine finds the four equations by itself
#
# `explain` recognises the errors of a network's layers in a graph and ends its derivation with the equations
# and their numbers (`print(derivation)` shows all of it):

# %%
derivation = str(explain(cost))
print(derivation[derivation.index("The errors of the layers") :])

# %% [markdown]
# What BP4 says about learning: a weight learns slowly if its input is near zero ($a_k \approx 0$), if its
# neuron is saturated ($\sigma'(z_j) \approx 0$), or if the neurons after it are. Notebook 11 takes this up.
#
# ## Why backwards?
#
# One could also go forwards: push a small change of *one* weight through the network and see what becomes of
# $C$. The engine does that with `jvp`, one sweep for each direction. The results agree; the work does not.
# With $P$ parameters
#
# $$ \text{forward: } P \text{ sweeps}
#    \qquad \text{backward: } 1 \text{ sweep, of about the price of the forward pass (3.3)}. \tag{6.5} $$
#
# Counted in multiplications of local derivatives (one for each edge of the graph in each sweep):

# %%
def counted(width):
    """Return the number of parameters, of products in one backward, and of products in P forward sweeps."""
    net = nn.MLP(2, [width, width, 1], activation="sigmoid", output="sigmoid", granular=True, rng=0)
    out = net([0.3, 0.7])
    edges = sum(len(node.parents) for node in toposort(out))
    return len(net.parameters()), edges, edges * len(net.parameters())


print(f"{'parameters':>10} {'backward':>10} {'forward':>12} {'ratio':>7}")
for width in (2, 4, 8, 16, 32):
    count, backward, forward = counted(width)
    print(f"{count:10} {backward:10} {forward:12} {forward / backward:7.0f}")

# %% [markdown]
# And that the forward sweeps give the same numbers:

# %%
flat = [p.data for p in model.parameters()]


def cost_of(parameters):
    for p, v in zip(model.layers[0].neurons + model.layers[1].neurons, split(parameters)):
        p.w, p.b = v[:-1], v[-1]
    return nn.losses.half_squared_error(model([0.6, -1.1]), y)


def split(parameters):
    return [parameters[0:3], parameters[3:6], parameters[6:9], parameters[9:13], parameters[13:17]]


by_backward = [p.grad for p in model.parameters()]
by_forward = [
    jvp(cost_of, (flat,), ([float(i == k) for i in range(len(flat))],))[1] for k in range(len(flat))
]
print(
    len(by_forward),
    "sweeps forward against 1 backward; equal:",
    all(close(a, b) for a, b in zip(by_forward, by_backward)),
)

# %% [markdown]
# ## Exercises
#
# **1.** Replace the cost by the binary cross-entropy
# $C = -\sum_j \left(y_j \ln a_j + (1 - y_j) \ln(1 - a_j)\right)$. Show that BP1 becomes $\delta^L = a^L - y$,
# without $\sigma'$, and check it. What does that do for a saturated neuron that is wrong?
#
# <details><summary>Solution</summary>
#
# $\partial C/\partial a_j = (a_j - y_j) / (a_j (1 - a_j))$, and $\sigma'(z_j) = a_j (1 - a_j)$ cancels the
# denominator. A saturated neuron that is wrong gets an error near 1 and learns fast; with the quadratic cost
# its error is near 0.
#
# ```python
# from autograd import gradients
#
# s = [Value(4.0), Value(-0.5)]
# out = [v.sigmoid() for v in s]
# entropy = nn.losses.binary_cross_entropy(out, [0.0, 1.0], reduction="sum")
# for v, a, t in zip(s, out, [0.0, 1.0]):
#     assert abs(gradients(entropy, v) - (a.data - t)) < 1e-12
# quadratic = nn.losses.half_squared_error(out, [0.0, 1.0])
# assert gradients(quadratic, s[0]) < 0.02 < 0.98 < gradients(entropy, s[0])
# ```
#
# </details>
#
# **2.** BP2 stops at layer 1. What is $\partial C / \partial x_k$?
#
# <details><summary>Solution</summary>
#
# BP2 without the $\sigma'$, since the input has no activation: $\partial C/\partial x = (W^1)^T \delta^1$.
#
# ```python
# for k in range(2):
#     hand = sum(W[1][j][k] * delta[1][j] for j in range(3))
#     assert abs(hand - x[k].grad) < 1e-12
# ```
#
# </details>
#
# ## What has been shown

# %%
assert all(close(bp1[j], delta[L][j]) for j in range(2))  # BP1
assert all(close(bp2[j], delta[1][j]) for j in range(3))  # BP2
assert all(close(delta[l][j], db[l][j]) for l in (1, 2) for j in range(len(z[l])))  # BP3
assert len(bp4) == 12
assert all(close(hand, engine) for hand, engine in bp4)  # BP4
assert all(close(a, b) for a, b in zip(by_forward, by_backward))
assert counted(32)[2] // counted(32)[1] == counted(32)[0]  # (6.5)
