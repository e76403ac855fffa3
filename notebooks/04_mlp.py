# %% [markdown]
# # 4. From a neuron to a network
#
# **Question.** Two crescents of points lie in the plane, one hooked into the other. No straight line parts
# them. Can a program that only knows how to walk downhill find a curve that does?

# %%
import nn
from autograd import Value, draw
from nn.course import check_exercise
from nn.plot import beside, chart, regions

points, labels = nn.data.make_moons(100, noise=0.1, rng=3)

# %% [markdown]
# ## One neuron
#
# A neuron weighs its inputs, adds a bias, and bends the result with an activation $f$:
#
# $$ z = \sum_k w_k x_k + b, \qquad a = f(z). \tag{4.1} $$
#
# With $f = \mathrm{relu}$, that is $f(z) = \max(z, 0)$, and `granular=True` every product and sum is a box
# of its own:

# %%
neuron = nn.Neuron(2, granular=True)
neuron.w[0].data, neuron.w[1].data, neuron.b.data = 0.8, -0.6, 0.2
inputs = [Value(1.0, "x0"), Value(-0.5, "x1")]
out = neuron(inputs)
out.label = "a"
out.backward()
draw(out)

# %% [markdown]
# From (4.1) by the chain rule, for one neuron whose output is the loss:
#
# $$ \frac{\partial a}{\partial w_k} = f'(z)\, x_k, \qquad
#    \frac{\partial a}{\partial b} = f'(z), \qquad
#    \frac{\partial a}{\partial x_k} = f'(z)\, w_k. \tag{4.2} $$
#
# The inputs get a gradient too. Inside a network that is what matters: $\partial a / \partial x_k$ is what a
# neuron passes back to the neurons before it.
#
# **Predict.** The neuron is switched on ($z > 0$). Which of its two weights gets the larger gradient, that
# of $x_0 = 1$ or that of $x_1 = -0.5$?

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
# one linear. Here is the one for the crescents as textbooks draw it: circles are neurons, lines are weights,
# colour is their sign.

# %%
model = nn.MLP(2, [16, 16, 1], rng=7)
print(model.summary())
draw(model)

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
before = regions(model, points, labels, title="before training")
losses = []
for step in range(80):
    scores = [model(point) for point in points]
    loss = nn.losses.hinge_loss(scores, targets) + nn.losses.l2_penalty(model, 2e-4)
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= (1.0 - 0.9 * step / 80) * p.grad
    losses.append(loss.data)
right = sum((s.data > 0) == (t > 0) for s, t in zip(scores, targets))
print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}, {right} of {len(targets)} right")
beside(before, regions(model, points, labels, title="after training"))

# %% [markdown]
# The curve is made of straight pieces: each hidden relu neuron contributes one fold, where its $z$ changes
# sign. And the loss, step by step:

# %%
chart({"loss": (range(80), losses)}, x="step", y="loss", log="y")

# %% [markdown]
# ## The loop as a function
#
# `nn.fit` is this loop with everything that a real training wants around it: batches, optimizers, metrics,
# validation, checkpoints. Twelve neurons, batches of 25:

# %%
fitted = nn.MLP(2, [12, 1], activation="tanh", rng=1)
history = nn.fit(
    fitted, (points, labels), nn.losses.binary_cross_entropy_with_logits,
    nn.optim.Adam(fitted.parameters(), lr=0.1), epochs=60, batch_size=25,
    metrics=["accuracy"], progress=False, rng=0,
)  # fmt: skip
print(f"loss {history['loss'][0]:.3f} -> {history['loss'][-1]:.3f}, accuracy {history['accuracy'][-1]:.2f}")

# %% [markdown]
# ## Exercises
#
# **4.1** How many parameters has a perceptron with 3 inputs, 5 hidden neurons and 2 outputs?
#
# <details><summary>Hint 1</summary>
#
# A neuron of a layer has a weight for each neuron before it, and one bias.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $5 \cdot (3 + 1) + 2 \cdot (5 + 1)$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("4.1", answer)

# %% [markdown]
# **4.2** The relu neuron above with the bias $-2$ in place of $0.2$: what is $\partial a/\partial w_0$?
#
# <details><summary>Hint 1</summary>
#
# Compute $z$ first.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The derivative of relu is a switch, $[z > 0]$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("4.2", answer)

# %% [markdown]
# **4.3** Check (4.3) for single numbers: write a function of $(w_1, b_1, w_2, b_2)$ that returns the list of
# weight and bias of the one linear neuron that equals both.
#
# <details><summary>Hint 1</summary>
#
# Expand $w_2 (w_1 x + b_1) + b_2$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Begin with `def answer(w1, b1, w2, b2):`.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("4.3", answer)

# %% [markdown]
# ## Summary
#
# - A neuron: a weighted sum, then a bend; without the bend, layers collapse into one.
# - A loss says in one number how wrong the network is.
# - Training: forward, zero, backward, step.

# %% tags=["folded"]
assert all(abs(neuron.w[k].grad - active * inputs[k].data) < 1e-15 for k in range(2))  # (4.2)
assert all(abs(inputs[k].grad - active * neuron.w[k].data) < 1e-15 for k in range(2))
assert losses[-1] < 0.25 * losses[0]
assert right >= 95
assert history["accuracy"][-1] >= 0.95
