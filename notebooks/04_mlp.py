# %% [markdown]
# # 4. From a neuron to a network
#
# **Question.** Two crescents of points lie in the plane, one hooked into the other. No straight line parts
# them. Can a program that only knows how to walk downhill find a curve that does?

# %%
# %matplotlib inline
import matplotlib.pyplot as plt

import nn
from autograd import Value, draw, explain
from nn.data import make_moons
from nn.plot import plot_decision_boundary, plot_loss

points, labels = make_moons(100, noise=0.1, rng=3)
figure, ax = plt.subplots(figsize=(5.2, 3.4))
for k, colour, marker in ((0, "#0072B2", "o"), (1, "#D55E00", "^")):
    ax.scatter(
        points[labels == k, 0], points[labels == k, 1], c=colour, marker=marker, s=22, label=f"class {k}"
    )
ax.set(xlabel="x0", ylabel="x1")
ax.legend(fontsize=8)
ax.grid(alpha=0.3)

# %% [markdown]
# ## One neuron
#
# A neuron weighs its inputs, adds a bias, and bends the result with an activation $f$:
#
# $$ z = \sum_k w_k x_k + b, \qquad a = f(z). \tag{4.1} $$
#
# With $f = \mathrm{relu}$, that is $f(z) = \max(z, 0)$, and `granular=True` every product and sum is a box of
# its own:

# %%
neuron = nn.Neuron(2, granular=True)
neuron.w[0].data, neuron.w[1].data, neuron.b.data = 0.8, -0.6, 0.2
inputs = [Value(1.0, "x0"), Value(-0.5, "x1")]
out = neuron(inputs)
out.backward()
draw(out)

# %% [markdown]
# From (4.1) by the chain rule, for one neuron whose output is the loss:
#
# $$ \frac{\partial a}{\partial w_k} = f'(z)\, x_k, \qquad
#    \frac{\partial a}{\partial b} = f'(z), \qquad
#    \frac{\partial a}{\partial x_k} = f'(z)\, w_k. \tag{4.2} $$
#
# The inputs get a gradient too. For a neuron inside a network that is what matters:
# $\partial a / \partial x_k$ is what it passes back to the neurons before it.

# %%
active = 1.0 if out.data > 0 else 0.0
for k in range(2):
    print(f"w{k}: f'(z) x{k} = {active * inputs[k].data:+.4f}   engine {neuron.w[k].grad:+.4f}")
    print(f"x{k}: f'(z) w{k} = {active * neuron.w[k].data:+.4f}   engine {inputs[k].grad:+.4f}")

# %% [markdown]
# ### Why the activation?
#
# Because without it depth is worthless. Two layers without a bend are one layer:
#
# $$ W_2 (W_1 x + b_1) + b_2 = (W_2 W_1)\, x + (W_2 b_1 + b_2). \tag{4.3} $$
#
# ## Layers and networks
#
# A layer is neurons side by side over the same inputs; a multilayer perceptron is layers in a row, the last
# one linear. By default a neuron is drawn as one `dot` node, $\sum_k w_k x_k + b \cdot 1$. Here is a tiny
# network, each neuron in its own frame:

# %%
small = nn.MLP(2, [2, 1], rng=4)
score = small([Value(1.0, "x0"), Value(-0.5, "x1")])
score.label = "score"
score.backward()
draw(score)

# %% [markdown]
# The network for the crescents has 337 parameters. `depth=1` folds each layer into one box:

# %%
model = nn.MLP(2, [16, 16, 1], rng=7)
print(model.summary())
draw(model([1.0, -0.5]), depth=1)

# %% [markdown]
# ## A loss
#
# One number must say how wrong the network is. Let $s_i$ be its output (the score) for point $i$, and
# $t_i = \pm 1$ the class. The sign of the score is the answer. The hinge loss wants the right sign, with a
# margin of 1, and a small penalty keeps the weights from growing:
#
# $$ C = \frac{1}{N}\sum_i \max(0,\, 1 - t_i s_i) + \frac{\lambda}{2} \sum w^2. \tag{4.4} $$
#
# ## The training loop
#
# Five lines, and every training of every network is some version of them: forward, forget the old gradients,
# backward, step, repeat. The step is (1.7) for each parameter $p$:
#
# $$ p \leftarrow p - \eta\,\frac{\partial C}{\partial p}. \tag{4.5} $$

# %%
targets = [2 * int(label) - 1 for label in labels]


def cost():
    scores = [model(point) for point in points]
    return nn.losses.hinge_loss(scores, targets) + nn.losses.l2_penalty(model, 2e-4), scores


figure, (left, middle, rest) = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
plot_decision_boundary(model, points, labels, steps=40, title="before training", ax=left)
losses = []
for step in range(80):
    loss, scores = cost()
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= (1.0 - 0.9 * step / 80) * p.grad
    losses.append(loss.data)
right = sum((s.data > 0) == (t > 0) for s, t in zip(scores, targets))
print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}, {right} of {len(targets)} right")
plot_decision_boundary(model, points, labels, steps=40, title="after training", ax=middle)
plot_loss(losses, ax=rest)
plt.show()

# %% [markdown]
# The curve is made of straight pieces: each hidden relu neuron contributes one fold, where its $z$ changes
# sign.
#
# ## How much did each weight matter?
#
# `explain` prints the chain rule of this very graph. For the tiny network, the path to a weight of the neuron
# that is switched on:

# %%
print(explain(score, wrt=small.layers[0].neurons[1].w[0]))

# %% [markdown]
# ## The loop as a function
#
# `nn.fit` is this loop with everything that a real training wants around it: batches, optimizers, metrics,
# validation, checkpoints. Twelve neurons, Adam, batches of 25:

# %%
fitted = nn.MLP(2, [12, 1], activation="tanh", rng=1)
history = nn.fit(
    fitted,
    (points, labels),
    nn.losses.binary_cross_entropy_with_logits,
    nn.optim.Adam(fitted.parameters(), lr=0.1),
    epochs=60,
    batch_size=25,
    metrics=["accuracy"],
    progress=False,
    rng=0,
)
print(f"loss {history['loss'][0]:.3f} -> {history['loss'][-1]:.3f}, accuracy {history['accuracy'][-1]:.2f}")

# %% [markdown]
# ## Exercises
#
# **1.** How many parameters has a perceptron with widths $n_0, n_1, \dots, n_L$? Check your formula on
# `model`.
#
# <details><summary>Solution</summary>
#
# A neuron of layer $l$ has $n_{l-1}$ weights and one bias, so $\sum_{l=1}^{L} n_l (n_{l-1} + 1)$.
#
# ```python
# widths = [2, 16, 16, 1]
# assert len(model.parameters()) == sum(n * (m + 1) for m, n in zip(widths, widths[1:])) == 337
# ```
#
# </details>
#
# **2.** Check (4.3): build a network with linear layers only, and the one layer that it equals.
#
# <details><summary>Solution</summary>
#
# ```python
# deep = nn.MLP(2, [3, 1], activation="linear", rng=0)
# hidden, last = deep.layers[0].neurons, deep.layers[1].neurons[0]
# weights = [sum(last.w[j].data * hidden[j].w[k].data for j in range(3)) for k in range(2)]
# bias = sum(last.w[j].data * hidden[j].b.data for j in range(3)) + last.b.data
# for point in ([0.0, 0.0], [1.0, 2.0], [-3.0, 0.5]):
#     flat = weights[0] * point[0] + weights[1] * point[1] + bias
#     assert abs(deep(point).data - flat) < 1e-12
# ```
#
# </details>
#
# ## What has been shown

# %%
assert all(abs(neuron.w[k].grad - active * inputs[k].data) < 1e-15 for k in range(2))  # (4.2)
assert all(abs(inputs[k].grad - active * neuron.w[k].data) < 1e-15 for k in range(2))
assert losses[-1] < 0.25 * losses[0]
assert right >= 95
assert history["accuracy"][-1] >= 0.95
