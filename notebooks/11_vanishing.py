# %% [markdown]
# # 11. Activations, vanishing gradients, initialisation
#
# **Question.** Deeper networks can express more, so why did deep networks not train for decades? And why does
# the size of the *random numbers you start from* decide whether they do?

# %%
# %matplotlib inline
import math
import random

import matplotlib.pyplot as plt

import nn
from autograd import Value, gradients, relu, sigmoid, tanh

# %% [markdown]
# ## Activations and their slopes
#
# What flows back through a neuron is multiplied by $f'(z)$. So look at the dashed lines:

# %%
figure, axes = plt.subplots(2, 3, figsize=(9.6, 5.0), layout="constrained", sharex=True)
for ax, name in zip(axes.flat, ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu")):
    nn.plot.plot_activation(name, ax=ax, low=-4.0, high=4.0, steps=161)
    ax.get_legend().remove()
    ax.set(xlabel="", ylabel="")
plt.show()

# %% [markdown]
# The logistic function's slope (6.4) is largest at 0, and there
#
# $$ \sigma'(z) \le \sigma'(0) = \tfrac14, \qquad \tanh'(z) \le \tanh'(0) = 1,
#    \qquad \mathrm{relu}'(z) \in \{0, 1\}. \tag{11.1} $$
#
# ## A chain of neurons
#
# One neuron in each of $n$ layers, $a_l = f(w a_{l-1})$. By the chain rule
#
# $$ \frac{\partial a_n}{\partial a_0} = \prod_{l=1}^{n} w\,f'(z_l), \tag{11.2} $$
#
# a product of $n$ factors: if they stay below one, it vanishes exponentially; if they stay above one, it
# explodes.


# %%
def slope_through(activation, weight, depth, start=0.5):
    """Return the derivative of the last activation with respect to the first."""
    a = first = Value(start)
    for _ in range(depth):
        a = activation(weight * a)
    return gradients(a, first)


depths = range(1, 31)
figure, ax = plt.subplots(figsize=(6.4, 3.6))
for f, w, colour, style in (
    (sigmoid, 1.0, "#D55E00", "-"),
    (sigmoid, 4.0, "#D55E00", ":"),
    (tanh, 1.0, "#0072B2", "-"),
    (tanh, 0.5, "#0072B2", ":"),
    (relu, 1.0, "#009E73", "-"),
    (relu, 1.5, "#009E73", ":"),
):
    ax.semilogy(
        depths,
        [slope_through(f, w, n) for n in depths],
        color=colour,
        linestyle=style,
        label=f"{f.name}, w = {w}",
    )
ax.set(xlabel="depth", ylabel="derivative through the chain", ylim=(1e-21, 1e7))
ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))
ax.grid(alpha=0.3)

# %% [markdown]
# Ten logistic layers shrink a gradient at least by $4^{-10} \approx 10^{-6}$ unless the weights are large;
# and large weights saturate the neurons, which makes $f'$ smaller still (the dotted line).
#
# ## A real network: gradient by layer
#
# Eight hidden layers of 16. The bars show the gradients in each layer, from the input (left) to the output.


# %%
def deep(activation, init, seed=0, depth=8):
    return nn.MLP(4, [16] * depth + [1], activation=activation, init=init, rng=seed)


rng = random.Random(1)
batch = [([rng.gauss(0, 1) for _ in range(4)], rng.gauss(0, 1)) for _ in range(8)]


def layer_means(model):
    """Return the mean absolute gradient of the weights of each layer."""
    model.zero_grad()
    nn.losses.mse_loss([model(x) for x, _ in batch], [y for _, y in batch]).backward()
    return [sum(abs(w.grad) for w in layer.weights()) / len(layer.weights()) for layer in model.layers]


figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained", sharey=True)
vanished = deep("sigmoid", "xavier_normal")
means_sigmoid = layer_means(vanished)
nn.plot.plot_grad_flow(vanished, ax=left).set_title(
    "sigmoid: first / last layer " + f"{means_sigmoid[0] / means_sigmoid[-1]:.0e}"
)
healthy = deep("relu", "kaiming_normal")
means_relu = layer_means(healthy)
nn.plot.plot_grad_flow(healthy, ax=right).set_title(
    "relu: first / last layer " + f"{means_relu[0] / means_relu[-1]:.1f}"
)
for ax in (left, right):
    ax.tick_params(axis="x", rotation=40)
right.get_legend().remove()
plt.show()

# %% [markdown]
# ## How large should the first weights be?
#
# Let the inputs of a neuron be independent with mean 0 and variance $v$, and its $n$ weights independent with
# mean 0 and variance $s^2$. Variances of independent terms add:
#
# $$ \operatorname{Var}(z) = \sum_{k=1}^{n} \operatorname{Var}(w_k)\,\mathrm{E}(a_k^2) =
#    n\,s^2\,\mathrm{E}(a^2). \tag{11.3} $$
#
# *Forward.* If $f$ is about the identity near 0 (tanh), the size stays the same from layer to layer if
# $n s^2 = 1$. relu throws half of the square away, $\mathrm{E}(a^2) = \frac12 \operatorname{Var}(z)$, so it
# needs
#
# $$ s^2 = \frac{1}{n} \;\;(\text{tanh}), \qquad s^2 = \frac{2}{n} \;\;(\text{relu, Kaiming}). \tag{11.4} $$
#
# *Backward.* By BP2, $\delta^l_j$ is a sum over the $n_{\text{out}}$ neurons after it, so the same argument
# asks for $n_{\text{out}} s^2 = 1$. Xavier's rule takes the middle of both wishes:
#
# $$ s^2 = \frac{2}{n_{\text{in}} + n_{\text{out}}}. \tag{11.5} $$
#
# Measure (11.3): spread of the activations, layer by layer, with weights too small, as in (11.4), and too
# large.


# %%
def spreads(activation, scale, depth=10, width=64, seed=3):
    """Return each layer's root mean square activation, weights having deviation ``scale / sqrt(n)``."""
    rng = random.Random(seed)
    rows = [[rng.gauss(0, 1) for _ in range(width)] for _ in range(8)]
    result = []
    for _ in range(depth):
        weights = [[rng.gauss(0, scale / math.sqrt(width)) for _ in range(width)] for _ in range(width)]
        rows = [
            [
                activation(math.sumprod(w, a))
                if hasattr(math, "sumprod")
                else activation(sum(map(float.__mul__, w, a)))
                for w in weights
            ]
            for a in rows
        ]
        result.append(math.sqrt(sum(a * a for row in rows for a in row) / (8 * width)))
    return result


figure, axes = plt.subplots(1, 2, figsize=(9.6, 3.3), layout="constrained", sharey=True)
measured = {}
for ax, activation, scales in zip(axes, (tanh, relu), ((0.5, 1.0, 3.0), (0.7, math.sqrt(2.0), 2.2))):
    for scale, colour in zip(scales, ("#0072B2", "#009E73", "#D55E00")):
        measured[activation.name, scale] = curve = spreads(activation, scale)
        ax.semilogy(range(1, 11), curve, "o-", markersize=3, color=colour, label=f"s = {scale:.2f} / sqrt(n)")
    ax.set(title=activation.name, xlabel="layer")
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8)
axes[0].set_ylabel("size of the activations")
plt.show()

# %% [markdown]
# tanh cannot explode, since it saturates; but then its slopes are near zero and the *gradients* vanish
# instead. relu does explode.
#
# ## Does it matter for training?

# %%
points, labels = nn.data.make_circles(40, rng=2)


def train(activation, init, steps=40):
    model = nn.MLP(2, [12] * 5 + [1], activation=activation, init=init, rng=4)
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(steps):
        loss = nn.losses.binary_cross_entropy_with_logits([model(p) for p in points], labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    return losses


curves = {
    "sigmoid, small normal": train(
        "sigmoid", lambda nin, nout, rng=None: nn.init.normal(nin, nout, std=0.01, rng=rng)
    ),
    "sigmoid, Xavier": train("sigmoid", "xavier_normal"),
    "tanh, Xavier": train("tanh", "xavier_normal"),
    "relu, Kaiming": train("relu", "kaiming_normal"),
}
figure, ax = plt.subplots(figsize=(6.4, 3.4))
nn.plot.plot_loss(curves, ax=ax, title="five hidden layers, the same data and optimizer")
ax.lines[1].set_linestyle("--")  # it lies on the first
ax.legend(fontsize=8)
plt.show()

# %% [markdown]
# The two logistic networks sit at $\ln 2 \approx 0.693$, the loss of knowing nothing.
#
# ## Exercises
#
# **1.** A relu neuron can *die*: if its bias is very negative, it is off for every input. What is its
# gradient then, and can training revive it? What does leaky relu change?
#
# <details><summary>Solution</summary>
#
# $f'(z) = 0$ for every input, so all of its gradients are zero and it never moves again. Leaky relu has the
# slope 0.01 there: slow, but not dead.
#
# ```python
# for activation, dead in (("relu", True), ("leaky_relu", False)):
#     neuron = nn.Neuron(4, activation=activation, rng=0)
#     neuron.b.data = -50.0
#     for x, _ in batch:
#         neuron(x).backward()
#     assert all(w.grad == 0.0 for w in neuron.w) == dead
# ```
#
# </details>
#
# **2.** What happens if all weights start at zero? Try it, and explain with BP2 and BP4.
#
# <details><summary>Solution</summary>
#
# By BP2 the errors of the hidden layers are $W^T \delta = 0$, by BP4 the last layer's weights get $a\,\delta$
# with $a = f(0) = 0$: only the last bias moves. With equal, nonzero weights all neurons of a layer would get
# equal gradients and stay equal for ever. Randomness breaks the symmetry.
#
# ```python
# flat = nn.MLP(4, [8, 8, 1], activation="tanh", init="zeros")
# layer_means(flat)
# moving = [name for name, p in flat.named_parameters() if p.grad != 0.0]
# assert moving == ["layer2.n0.b"]
# ```
#
# </details>
#
# ## What has been shown

# %%
assert slope_through(sigmoid, 1.0, 10) <= 0.25**10  # (11.1) in (11.2)
assert slope_through(relu, 1.0, 30) == 1.0
assert slope_through(relu, 1.5, 30) == 1.5**30
assert means_sigmoid[0] < 1e-4 * means_sigmoid[-1]
assert means_relu[0] > 0.01 * means_relu[-1]
assert 0.5 < measured["relu", math.sqrt(2.0)][-1] < 2.0  # (11.4)
assert measured["relu", 0.7][-1] < 0.01
assert measured["relu", 2.2][-1] > 30.0
assert curves["relu, Kaiming"][-1] < 0.35 < 0.65 < curves["sigmoid, small normal"][-1]
