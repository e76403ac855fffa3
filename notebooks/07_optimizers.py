# %% [markdown]
# # 7. Batches and optimizers
#
# **Question.** A network of 25 parameters, one sample, one target. How many ways are there to walk downhill,
# and which one is fastest?

# %%
import random

import nn
from autograd import Value, draw, no_grad, sigmoid
from nn.course import check_exercise
from nn.plot import beside, chart

# %% [markdown]
# ## The network
#
# Two inputs, two hidden layers of three logistic neurons, one output; weights and biases uniform in
# $[0, 1)$, input $x = (5, 7)$, target $y = 0.6$, and with $a^0 = x$
#
# $$ z^l = W^l a^{l-1} + b^l, \qquad a^l = \sigma(z^l) \quad (l = 1, 2, 3), \qquad \hat y = a^3,
#    \qquad L = (\hat y - y)^2. \tag{7.1} $$

# %%
def network(seed):
    rng = random.Random(seed)
    model = nn.MLP(2, [3, 3, 1], activation="sigmoid", output="sigmoid", rng=rng)
    for p in model.parameters():
        p.data = rng.random()
    return model


model = network(0)
x, y = [Value(5.0, "x0"), Value(7.0, "x1")], 0.6
a1 = model.layers[0].outputs(x)
a2 = model.layers[1].outputs(a1)
prediction = model.layers[2](a2)
loss = nn.losses.mse_loss(prediction, y)
loss.label = "L"
loss.backward()
draw(loss, view="network")

# %% [markdown]
# ## Every derivative, by the four equations
#
# BP1 to BP4 of lesson 6, for the cost of (7.1):
#
# $$ \delta^3 = 2(\hat y - y)\,\sigma'(z^3), \qquad
#    \delta^l = (W^{l+1})^T \delta^{l+1} \odot \sigma'(z^l), \qquad
#    \frac{\partial L}{\partial W^l} = \delta^l (a^{l-1})^T,
#    \qquad \frac{\partial L}{\partial b^l} = \delta^l. \tag{7.2} $$
#
# One point of care: where a neuron is saturated, $a = 0.99999$, the difference $1 - a$ in (6.4) has lost
# most of its digits. Since $1 - \sigma(z) = \sigma(-z)$, the same without a difference is
# $\sigma'(z) = \sigma(z)\,\sigma(-z)$.
#
# **Predict.** The inputs are large, so the first layer is saturated. By how much is its error smaller than
# that of the last: ten times, a thousand times, more?

# %%
def sigma_prime(node):
    z = node.parents[0].data  # the activation's only parent is its pre-activation
    return sigmoid(z) * sigmoid(-z)


W2, W3 = ([[w.data for w in n.w] for n in layer.neurons] for layer in model.layers[1:])
delta3 = [2 * (prediction.data - y) * sigma_prime(prediction)]
delta2 = [W3[0][j] * delta3[0] * sigma_prime(a2[j]) for j in range(3)]
delta1 = [sum(W2[k][j] * delta2[k] for k in range(3)) * sigma_prime(a1[j]) for j in range(3)]
hand = []
for delta, below in ((delta1, x), (delta2, a1), (delta3, a2)):
    for d in delta:
        hand += [d * a.data for a in below] + [d]  # weights, then the bias, of each neuron
engine = [p.grad for p in model.parameters()]
apart = max(abs(a - b) / abs(b) for a, b in zip(hand, engine))
print("errors:", "  ".join(f"{d:.2e}" for d in delta3 + delta2 + delta1))
print("the", len(hand), "gradients agree to 12 digits:", apart < 1e-12)

# %% [markdown]
# Many thousand times: the first layer learns hardly anything, the last one does the work.
#
# ## One hundred steps
#
# Gradient descent with learning rate 0.1:

# %%
def train(model, samples, optimizer, steps, rng=None, batch_size=None, every=1):
    """Return the mean loss over all samples before every step, or every few."""
    track = []
    for step in range(steps):
        if step % every == 0:
            with no_grad():  # only looking
                track.append(sum((model(x).data - y) ** 2 for x, y in samples) / len(samples))
        batch = samples if batch_size is None else rng.sample(samples, batch_size)
        loss = nn.losses.mse_loss([model(x) for x, _ in batch], [y for _, y in batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return track


single = [([5.0, 7.0], 0.6)]
model = network(0)
track = train(model, single, nn.optim.SGD(model.parameters(), lr=0.1), 100)
print("loss before steps 0, 20, ..., 99:", [f"{track[k]:.5f}" for k in (0, 20, 40, 60, 80, 99)])

# %% [markdown]
# ## Batch, stochastic, mini-batch
#
# With $n$ samples the loss is a mean, and so is its gradient:
#
# $$ L = \frac1n \sum_i (\hat y_i - y_i)^2,
#    \qquad \frac{\partial L}{\partial w} = \frac2n \sum_i (\hat y_i -
#    y_i)\,\frac{\partial \hat y_i}{\partial w}. \tag{7.3} $$
#
# A mean can be estimated from a few samples. One at a time (*stochastic*) is cheap and noisy; all of them
# (*batch*) is exact and expensive; a few (*mini-batch*) lies between. The estimate is right on average. We
# count cost fairly, in examples looked at:

# %% tags=["folded"]
def fresh():
    return nn.MLP(2, [3, 3, 1], activation="sigmoid", output="sigmoid", init="xavier_normal", rng=1)


rng = random.Random(5)
inputs = [[rng.uniform(-2, 2), rng.uniform(-2, 2)] for _ in range(32)]
samples = [(p, 0.5 + 0.4 * p[0] * p[1] / 4) for p in inputs]
curves = {}
for name, size in (("batch: 32", 32), ("mini-batch: 4", 4), ("stochastic: 1", 1)):
    m = fresh()
    sgd = nn.optim.SGD(m.parameters(), lr=2.0)
    curve = train(m, samples, sgd, 3200 // size, random.Random(0), size, every=32 // size)
    curves[name] = ([32 * i for i in range(len(curve))], curve)
chart(curves, x="examples looked at", y="loss", log="y")

# %% [markdown]
# The batch has made 100 careful steps, the stochastic walk 3200 careless ones, and gets farthest; but it
# never settles. A learning rate that shrinks with time (a *schedule*) would let it.
#
# ## Optimizers
#
# All use nothing but the gradient $g$. *Momentum* keeps a velocity, a fading sum of past gradients:
#
# $$ v \leftarrow \mu v + g, \qquad w \leftarrow w - \eta v. \tag{7.4} $$
#
# *AdaGrad* gives each parameter its own step, smaller where its gradients have been large:
#
# $$ s \leftarrow s + g^2, \qquad w \leftarrow w - \eta\,\frac{g}{\sqrt{s} + \epsilon}. \tag{7.5} $$
#
# *Adam* does both with fading averages, and corrects them for having started at zero ($t$ counts the steps):
#
# $$ m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad s \leftarrow \beta_2 s + (1 - \beta_2) g^2, \quad
#    w \leftarrow w - \eta\,\frac{m / (1 - \beta_1^t)}{\sqrt{s / (1 - \beta_2^t)} + \epsilon}. \tag{7.6} $$
#
# On its first step Adam moves every parameter by $\eta$, however large or small its gradient: the size
# cancels. Now on the single sample, and on the 32 samples:

# %%
makers = {
    "gradient descent": lambda p: nn.optim.SGD(p, lr=0.1),
    "Momentum": lambda p: nn.optim.SGD(p, lr=0.1, momentum=0.9),
    "AdaGrad": lambda p: nn.optim.AdaGrad(p, lr=0.1),
    "Adam": lambda p: nn.optim.Adam(p, lr=0.1),
}

# %% tags=["folded"]
left, right, ends = {}, {}, {}
for name, make in makers.items():
    m = network(0)
    left[name] = (range(100), train(m, single, make(m.parameters()), 100))
    m = fresh()
    right[name] = (range(150), train(m, samples, make(m.parameters()), 150))
    ends[name] = left[name][1][-1], right[name][1][-1]
beside(
    chart(left, title="one sample", x="step", y="loss", log="y", size=(430, 300)),
    chart(right, title="32 samples", x="step", y="loss", log="y", size=(430, 300)),
)

# %% [markdown]
# There is no winner for all tasks. Momentum and Adam gather speed and swing through the target; AdaGrad,
# whose steps only ever shrink, lands on the single sample without a swing. The 32 samples have a long flat
# valley: there Adam, which stretches small gradients, is through first.
#
# ## Exercises
#
# **7.1** Under a constant gradient 1, with $\mu = 0.9$ and $\eta = 0.01$: to which length do momentum's
# steps tend?
#
# <details><summary>Hint 1</summary>
#
# $v$ tends to $1 + \mu + \mu^2 + \dots$
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $\eta / (1 - \mu)$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("7.1", answer)

# %% [markdown]
# **7.2** How far does Adam move a parameter on its first step, with $\eta = 0.02$ and the gradient $0.001$?
#
# <details><summary>Hint 1</summary>
#
# Put $t = 1$ into (7.6).
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $m/(1-\beta_1) = g$ and $s/(1-\beta_2) = g^2$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("7.2", answer)

# %% [markdown]
# **7.3** Write AdaGrad's step (7.5), with $\epsilon = 0$, as a function of $(w, g, s, \eta)$ that returns
# the new $w$.
#
# <details><summary>Hint 1</summary>
#
# First $s$, then $w$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `w - eta * g / (s + g * g) ** 0.5`.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("7.3", answer)

# %% [markdown]
# ## Summary
#
# - A mean gradient can be estimated from a few samples; noise is the price.
# - Momentum remembers directions, AdaGrad remembers sizes, Adam both.
# - Which one is fastest depends on the landscape.

# %% tags=["folded"]
assert apart < 1e-12  # (7.2)
assert len(hand) == 25
assert track[-1] < 1e-3
assert all(end < 0.05 for end, _ in ends.values())
