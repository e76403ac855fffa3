# %% [markdown]
# # 12. Activations, vanishing gradients, initialisation
#
# **Question.** Deeper networks can express more, so why did deep networks not train for decades? And why
# does the size of the *random numbers you start from* decide whether they do?

# %%
import math
import random

import nn
from autograd import Value, gradients, relu, sigmoid, tanh
from nn.course import check_exercise
from nn.plot import beside, chart

# %% [markdown]
# ## Activations and their slopes
#
# What flows back through a neuron is multiplied by $f'(z)$. The logistic function's slope (6.4) is largest
# at 0, and there
#
# $$ \sigma'(z) \le \sigma'(0) = \tfrac14, \qquad \tanh'(z) \le \tanh'(0) = 1,
#    \qquad \mathrm{relu}'(z) \in \{0, 1\}. \tag{12.1} $$

# %%
zs = [0.1 * i for i in range(-40, 41)]
nodes = {f.name: [(v, f(v)) for v in map(Value, zs)] for f in (sigmoid, tanh, relu)}
slopes = {name: (zs, [gradients(a, v) for v, a in pairs]) for name, pairs in nodes.items()}
chart(slopes, title="slopes", x="z", y="f'(z)")

# %% [markdown]
# ## A chain of neurons
#
# One neuron in each of $n$ layers, $a_l = f(w a_{l-1})$. By the chain rule
#
# $$ \frac{\partial a_n}{\partial a_0} = \prod_{l=1}^{n} w\,f'(z_l), \tag{12.2} $$
#
# a product of $n$ factors: if they stay below one, it vanishes exponentially; if they stay above one, it
# explodes.
#
# **Predict.** Thirty logistic layers with $w = 1$. Of which size is the derivative: $10^{-3}$, $10^{-9}$,
# $10^{-19}$? And does $w = 4$ help?

# %%
def slope_through(activation, weight, depth, start=0.5):
    a = first = Value(start)
    for _ in range(depth):
        a = activation(weight * a)
    return gradients(a, first)


depths = range(1, 31)
chains = ((sigmoid, 1.0), (sigmoid, 4.0), (tanh, 1.0), (relu, 1.0), (relu, 1.5))
curves = {f"{f.name}, w = {w}": (depths, [slope_through(f, w, n) for n in depths]) for f, w in chains}
chart(curves, x="depth", y="derivative", log="y")

# %% [markdown]
# Ten logistic layers shrink a gradient at least by $4^{-10} \approx 10^{-6}$; and large weights saturate the
# neurons, which makes $f'$ smaller still.
#
# ## A real network: gradient by layer
#
# Eight hidden layers of 16; the mean size of the gradients of each layer's weights, from the input to the
# output:

# %%
rng = random.Random(1)
batch = [([rng.gauss(0, 1) for _ in range(4)], rng.gauss(0, 1)) for _ in range(8)]


def layer_means(activation, init):
    model = nn.MLP(4, [16] * 8 + [1], activation=activation, init=init, rng=0)
    nn.losses.mse_loss([model(x) for x, _ in batch], [y for _, y in batch]).backward()
    return [sum(abs(w.grad) for w in layer.weights()) / len(layer.weights()) for layer in model.layers]


means_sigmoid = layer_means("sigmoid", "xavier_normal")
means_relu = layer_means("relu", "kaiming_normal")
means = {"sigmoid": (range(9), means_sigmoid), "relu": (range(9), means_relu)}
chart(means, x="layer", y="gradient", log="y")

# %% [markdown]
# ## How large should the first weights be?
#
# Let the inputs of a neuron be independent with mean 0 and variance $v$, and its $n$ weights independent
# with mean 0 and variance $s^2$. Variances of independent terms add:
#
# $$ \operatorname{Var}(z) = \sum_{k=1}^{n} \operatorname{Var}(w_k)\,\mathrm{E}(a_k^2) =
#    n\,s^2\,\mathrm{E}(a^2). \tag{12.3} $$
#
# *Forward.* If $f$ is about the identity near 0 (tanh), the size stays the same from layer to layer if
# $n s^2 = 1$. relu throws half of the square away, $\mathrm{E}(a^2) = \frac12 \operatorname{Var}(z)$, so it
# needs
#
# $$ s^2 = \frac{1}{n} \;\;(\text{tanh}), \qquad s^2 = \frac{2}{n} \;\;(\text{relu, Kaiming}). \tag{12.4} $$
#
# *Backward.* By BP2, $\delta^l_j$ is a sum over the $n_{\text{out}}$ neurons after it, so the same argument
# asks for $n_{\text{out}} s^2 = 1$. Xavier's rule takes the middle of both wishes:
#
# $$ s^2 = \frac{2}{n_{\text{in}} + n_{\text{out}}}. \tag{12.5} $$
#
# Measured: the size of the activations, layer by layer, with weights too small, as in (12.4), and too large.

# %%
def spreads(activation, scale, depth=10, width=48, seed=3):
    """Return each layer's root mean square activation, weights having deviation ``scale / sqrt(n)``."""
    rng, result = random.Random(seed), []
    rows = [[rng.gauss(0, 1) for _ in range(width)] for _ in range(6)]
    for _ in range(depth):
        weights = [[rng.gauss(0, scale / math.sqrt(width)) for _ in range(width)] for _ in range(width)]
        rows = [[activation(sum(map(float.__mul__, w, a))) for w in weights] for a in rows]
        result.append(math.sqrt(sum(a * a for row in rows for a in row) / (6 * width)))
    return result


measured = {(f.name, s): spreads(f, s) for f in (tanh, relu) for s in (0.7, 1.0, math.sqrt(2.0), 2.2)}
charts = []
for name in ("tanh", "relu"):
    curves = {f"s = {s:.2f}/sqrt(n)": (range(10), c) for (f, s), c in measured.items() if f == name}
    charts.append(chart(curves, title=name, x="layer", y="size", log="y", size=(420, 280)))
beside(*charts)

# %% [markdown]
# tanh cannot explode, since it saturates; but then its slopes are near zero and the *gradients* vanish
# instead. relu does explode.
#
# ## Does it matter for training?

# %% tags=["folded"]
points, labels = nn.data.make_circles(40, rng=2)


def train(activation, init, steps=40):
    model = nn.MLP(2, [12] * 5 + [1], activation=activation, init=init, rng=4)
    optimizer, losses = nn.optim.Adam(model.parameters(), lr=0.01), []
    for _ in range(steps):
        loss = nn.losses.binary_cross_entropy_with_logits([model(p) for p in points], labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    return losses


trained = {
    "sigmoid, Xavier": train("sigmoid", "xavier_normal"),
    "tanh, Xavier": train("tanh", "xavier_normal"),
    "relu, Kaiming": train("relu", "kaiming_normal"),
}
chart({name: (range(40), c) for name, c in trained.items()}, title="five hidden layers", x="step", y="loss")

# %% [markdown]
# The logistic network sits at $\ln 2 \approx 0.693$, the loss of knowing nothing.
#
# ## Exercises
#
# **12.1** What is the largest derivative that can come through ten logistic neurons with weights 1?
#
# <details><summary>Hint 1</summary>
#
# (12.1) in (12.2).
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("12.1", answer)

# %% [markdown]
# **12.2** A relu layer has 64 inputs. Which *deviation* $s$ should its first weights have?
#
# <details><summary>Hint 1</summary>
#
# (12.4) gives the variance.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $\sqrt{2/64}$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("12.2", answer)

# %% [markdown]
# **12.3** All weights and biases of a deep tanh network start at zero. Which parameters move in the first
# step? **a** all · **b** the last bias only · **c** the weights of the last layer
#
# <details><summary>Hint 1</summary>
#
# BP2: what is $W^T \delta$?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# BP4: what is $a$ in the last layer?
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("12.3", answer)

# %% [markdown]
# ## Summary
#
# - A gradient through depth is a product; products vanish or explode.
# - Logistic slopes are at most a quarter; relu's are 0 or 1.
# - First weights of variance $1/n$ or $2/n$ keep sizes level.

# %% tags=["folded"]
assert slope_through(sigmoid, 1.0, 10) <= 0.25**10  # (12.1) in (12.2)
assert slope_through(relu, 1.0, 30) == 1.0
assert means_sigmoid[0] < 1e-4 * means_sigmoid[-1]
assert means_relu[0] > 0.01 * means_relu[-1]
assert 0.4 < measured["relu", math.sqrt(2.0)][-1] < 2.5  # (12.4)
assert measured["relu", 0.7][-1] < 0.01
assert measured["relu", 2.2][-1] > 30.0
assert trained["relu, Kaiming"][-1] < 0.35 < 0.65 < trained["sigmoid, Xavier"][-1]
