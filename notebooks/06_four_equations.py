# %% [markdown]
# # 6. The four equations of backpropagation
#
# **Question.** Textbooks compress all of backpropagation into four equations between vectors and matrices.
# Where do they come from, and does a graph of scalars that has never heard of layers obey them?
#
# They are derived here, once, for a network of logistic neurons with quadratic cost. Later lessons use them.

# %%
import math
import random

import nn
from autograd import Value, draw, explain, jvp, toposort
from nn.course import check_exercise

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
# multiplication away. First, $\sigma'$ by the quotient rule:
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
z = [None, *[[a.parents[0] for a in layer] for layer in activations[1:]]]
W = [None, *[[[w.data for w in n.w] for n in layer.neurons] for layer in model.layers]]
dW = [None, *[[[w.grad for w in n.w] for n in layer.neurons] for layer in model.layers]]
db = [None, *[[n.b.grad for n in layer.neurons] for layer in model.layers]]
delta = [None, *[[node.grad for node in z[l]] for l in (1, 2)]]
for l in (1, 2):
    print(f"delta[{l}] =", [f"{d:+.5f}" for d in delta[l]])


def sigma_prime(node):  # (6.4)
    a = 1.0 / (1.0 + math.exp(-node.data))
    return a * (1.0 - a)

# %% [markdown]
# ## BP1: the error of the last layer
#
# $z^L_j$ reaches $C$ only through $a^L_j$, so by the chain rule
#
# $$ \delta^L_j = \frac{\partial C}{\partial a^L_j}\,\sigma'(z^L_j) = (a^L_j - y_j)\,\sigma'(z^L_j).
#    \tag{BP1} $$
#
# ## BP2: the error of a layer from the next one
#
# $z^l_j$ reaches $C$ through *every* neuron $k$ of the next layer. Its consumers add up, (3.1):
#
# $$ \delta^l_j =
#    \sum_k \frac{\partial C}{\partial z^{l+1}_k}\,\frac{\partial z^{l+1}_k}{\partial a^l_j}\,
#    \frac{\partial a^l_j}{\partial z^l_j}
#    = \Big(\sum_k W^{l+1}_{kj}\,\delta^{l+1}_k\Big)\,\sigma'(z^l_j). \tag{BP2} $$
#
# **Predict.** The sum runs over the *first* index of $W$. Which matrix stands in the textbooks' form,
# $W\delta$ or $W^T\delta$?

# %%
bp1 = [(activations[2][j].data - y[j]) * sigma_prime(z[2][j]) for j in range(2)]
bp2 = [sum(W[2][k][j] * delta[2][k] for k in range(2)) * sigma_prime(z[1][j]) for j in range(3)]
for name, hand, engine in (("BP1", bp1, delta[2]), ("BP2", bp2, delta[1])):
    for j, (a, b) in enumerate(zip(hand, engine)):
        print(f"{name}, j = {j}: by hand {a:+.8f}   engine {b:+.8f}")

# %% [markdown]
# The transposed one: $\delta^l = ((W^{l+1})^T \delta^{l+1}) \odot \sigma'(z^l)$, where $\odot$ multiplies
# element by element. The transposition is no trick; it is the graph's arrows, walked backwards.
#
# ## BP3 and BP4: from errors to gradients
#
# In (6.1) the bias enters with local derivative 1, and the weight with local derivative $a^{l-1}_k$:
#
# $$ \frac{\partial C}{\partial b^l_j} = \delta^l_j, \tag{BP3} $$
#
# $$ \frac{\partial C}{\partial W^l_{jk}} = a^{l-1}_k\,\delta^l_j. \tag{BP4} $$

# %%
pairs = [(delta[l][j], db[l][j]) for l in (1, 2) for j in range(len(z[l]))]
weights = [
    (activations[l - 1][k].data * delta[l][j], dW[l][j][k])
    for l in (1, 2)
    for j in range(len(z[l]))
    for k in range(len(activations[l - 1]))
]
print("BP3:", all(math.isclose(a, b, rel_tol=1e-12) for a, b in pairs))
print("BP4:", all(math.isclose(a, b, rel_tol=1e-12) for a, b in weights), f"({len(weights)} weights)")

# %% [markdown]
# `explain` recognises the layers of a network in a graph, and ends its derivation with the equations and
# their numbers:

# %%
print(explain(cost).to("text").rpartition("\n\n\n")[2].split("BP4")[0])

# %% [markdown]
# What BP4 says about learning: a weight learns slowly if its input is near zero, if its neuron is saturated
# ($\sigma'(z_j) \approx 0$), or if the neurons after it are. Lesson 12 takes this up.
#
# ## Why backwards?
#
# One could also push a small change of *one* weight forwards through the network (`jvp` does that). With $P$
# parameters
#
# $$ \text{forward: } P \text{ sweeps}
#    \qquad \text{backward: } 1 \text{ sweep, of about the price of the forward pass (3.3)}. \tag{6.5} $$
#
# Counted in products of local derivatives, one for each edge in each sweep:

# %%
def counted(width):
    net = nn.MLP(2, [width, width, 1], activation="sigmoid", output="sigmoid", granular=True, rng=0)
    edges = sum(len(node.parents) for node in toposort(net([0.3, 0.7])))
    return len(net.parameters()), edges, edges * len(net.parameters())


for width in (2, 8, 32):
    print("{:5} parameters: {:5} products backward, {:8} forward".format(*counted(width)))

# %% tags=["folded"]
flat = [p.data for p in model.parameters()]
names = ("layer0.n0", "layer0.n1", "layer0.n2", "layer1.n0", "layer1.n1")


def cost_of(parameters):
    parts = [parameters[0:3], parameters[3:6], parameters[6:9], parameters[9:13], parameters[13:17]]
    for n, part in zip(model.layers[0].neurons + model.layers[1].neurons, parts):
        n.w, n.b = part[:-1], part[-1]
    return nn.losses.half_squared_error(model([0.6, -1.1]), y)


by_backward = [p.grad for p in model.parameters()]
one_hot = [[float(i == k) for i in range(len(flat))] for k in range(len(flat))]
by_forward = [jvp(cost_of, (flat,), (direction,))[1] for direction in one_hot]
same = all(math.isclose(a, b, rel_tol=1e-12) for a, b in zip(by_forward, by_backward))
print(len(by_forward), "sweeps forward give what 1 sweep backward gives:", same)

# %% [markdown]
# ## Exercises
#
# **6.1** With the cross-entropy $-\ln(1 - a)$ in place of the quadratic cost (target 0), a saturated neuron
# at $z = 4$ is wrong. What is its error $\partial C/\partial z$?
#
# <details><summary>Hint 1</summary>
#
# $\partial C/\partial a = 1/(1 - a)$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $\sigma'(z) = a(1 - a)$ cancels the denominator.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("6.1", answer)

# %% [markdown]
# **6.2** BP2 stops at layer 1. Write a function of $(W, \delta)$ that returns the list of all
# $\partial C/\partial x_k$, where `W[j][k]` leads to neuron $j$ from input $k$.
#
# <details><summary>Hint 1</summary>
#
# The input has no activation, so no $\sigma'$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Sum over $j$: `sum(W[j][k] * d[j] for j in ...)`.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("6.2", answer)

# %% [markdown]
# **6.3** A weight has the input $0.3$; its neuron has the error $-0.2$. What is the weight's gradient?
#
# <details><summary>Hint 1</summary>
#
# BP4.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("6.3", answer)

# %% [markdown]
# ## Summary
#
# - The error $\delta$ of a neuron is the gradient at its pre-activation.
# - BP1 starts it, BP2 takes it back through $W^T$, BP3 and BP4 turn it into gradients.
# - One sweep backward does what $P$ sweeps forward do.

# %% tags=["folded"]
assert all(abs(a - b) < 1e-14 for a, b in zip(bp1 + bp2, delta[2] + delta[1]))  # BP1, BP2
assert all(math.isclose(a, b, rel_tol=1e-12) for a, b in pairs)  # BP3
assert len(weights) == 12
assert all(math.isclose(a, b, rel_tol=1e-12) for a, b in weights)  # BP4
assert same
assert counted(32)[2] // counted(32)[1] == counted(32)[0]  # (6.5)
