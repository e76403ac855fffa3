# %% [markdown]
# # 7. Batches and optimizers
#
# **Question.** A network of 25 parameters, one sample, one target. How many ways are there to walk downhill,
# and which one is fastest?
#
# The system is R4, a 2-3-3-1 network of logistic neurons. First every one of its derivatives by hand, then
# the walk, then three regimes (batch, stochastic, mini-batch), then Momentum, AdaGrad and Adam.

# %%
# %matplotlib inline
import random

import matplotlib.pyplot as plt

import nn
from autograd import Value, draw, no_grad, sigmoid

# %% [markdown]
# ## The network
#
# Weights and biases uniform in $[0, 1)$, input $x = (5, 7)$, target $y = 0.6$, and with $a^0 = x$
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
draw(loss, depth=2)

# %% [markdown]
# With `depth=2` each neuron is one box, holding its weights, sum and activation: a textbook's picture, drawn
# from the graph. Along the arrows from the inputs the local derivative is the weight; between layers it is
# the weight too, since that is what (7.1) multiplies with, and below it stands what flows back. Look how
# small that becomes on the left.
#
# ## Every derivative, by hand
#
# From the outside in, with $\sigma'$ from (6.4) and $\odot$ element by element:
#
# $$ \frac{\partial L}{\partial \hat y} = 2(\hat y - y), \qquad \delta^3 = 2(\hat y - y)\,\sigma'(z^3),
#    \tag{7.2} $$
# $$ \delta^2 = (W^3)^T \delta^3 \odot \sigma'(z^2),
#    \qquad \delta^1 = (W^2)^T \delta^2 \odot \sigma'(z^1), \tag{7.3} $$
# $$ \frac{\partial L}{\partial W^l} = \delta^l (a^{l-1})^T,
#    \qquad \frac{\partial L}{\partial b^l} = \delta^l, \qquad
#    \frac{\partial L}{\partial x} = (W^1)^T \delta^1. \tag{7.4} $$
#
# One point of care. (6.4) says $\sigma' = a (1 - a)$, but where a neuron is saturated, $a = 0.99999$, the
# difference $1 - a$ has lost most of its digits before we look at it. Since $1 - \sigma(z) = \sigma(-z)$, the
# same thing without a difference is $\sigma'(z) = \sigma(z)\,\sigma(-z)$. With $a(1 - a)$ the first layer's
# gradients below would agree with the engine to 10 digits only, and the engine would be the one who is right.

# %%
def sigma_prime(node):
    z = node.parents[0].data  # the activation's only parent is its pre-activation
    return sigmoid(z) * sigmoid(-z)


W1, W2, W3 = ([[w.data for w in n.w] for n in layer.neurons] for layer in model.layers)
A1, A2, Y = [v.data for v in a1], [v.data for v in a2], prediction.data
delta3 = [2 * (Y - y) * sigma_prime(prediction)]  # (7.2)
delta2 = [W3[0][j] * delta3[0] * sigma_prime(a2[j]) for j in range(3)]  # (7.3)
delta1 = [sum(W2[k][j] * delta2[k] for k in range(3)) * sigma_prime(a1[j]) for j in range(3)]
hand = []
for delta, below in ((delta1, [5.0, 7.0]), (delta2, A1), (delta3, A2)):
    for d in delta:
        hand += [d * a for a in below] + [d]  # (7.4), weights then bias of each neuron
engine = [p.grad for p in model.parameters()]
print("  ".join(f"{d:.2e}" for d in delta3 + delta2 + delta1))
print(
    "largest relative difference of the",
    len(hand),
    "gradients is below 1e-12:",
    max(abs(a - b) / abs(b) for a, b in zip(hand, engine)) < 1e-12,
)
hand_dx = [sum(W1[j][k] * delta1[j] for j in range(3)) for k in range(2)]
print("dL/dx:", [f"{d:.3e}" for d in hand_dx], [f"{v.grad:.3e}" for v in x])

# %% [markdown]
# The errors shrink fast on the way back: $5 w_1 + 7 w_2 + b$ is large, the first layer sits in the flat part
# of $\sigma$, and $a(1-a)$ is almost zero there. It learns hardly anything, and the last layer does the work.
#
# ## One hundred steps
#
# Gradient descent with learning rate 0.1:

# %%
def train(model, samples, optimizer, steps, rng, batch_size=None, watch=(), every=1):
    """Run ``steps`` steps; return the mean loss over all samples before each, or every tenth, ..."""
    track = []
    for step in range(steps):
        if step % every == 0:
            with no_grad():  # only looking
                track.append(sum((model(x).data - y) ** 2 for x, y in samples) / len(samples))
        if step in watch:
            print(f"iteration {step:3}: prediction {model(samples[0][0]).data:.4f}   loss {track[-1]:.5f}")
        batch = samples if batch_size is None else rng.sample(samples, batch_size)
        loss = nn.losses.mse_loss([model(x) for x, _ in batch], [y for _, y in batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return track


model = network(0)
single = [([5.0, 7.0], 0.6)]
track = train(
    model, single, nn.optim.SGD(model.parameters(), lr=0.1), 100, None, watch=(0, 20, 40, 60, 80, 99)
)

# %% [markdown]
# Does it depend on the draw of the weights? Of 30 draws:

# %%
ends = []
for seed in range(30):
    m = network(seed)
    t = train(m, single, nn.optim.SGD(m.parameters(), lr=0.1), 100, None)
    ends.append((t[0], t[-1]))
print("draws that end below their start:", sum(end < start for start, end in ends))
print("draws that end below 1e-3:       ", sum(end < 1e-3 for _, end in ends))

# %% [markdown]
# ## Batch, stochastic, mini-batch
#
# With $n$ samples the loss is a mean, and so is its gradient:
#
# $$ L = \frac1n \sum_i (\hat y_i - y_i)^2,
#    \qquad \frac{\partial L}{\partial w} = \frac2n \sum_i (\hat y_i -
#    y_i)\,\frac{\partial \hat y_i}{\partial w}. \tag{7.5} $$
#
# A mean can be estimated from a sample. One example at a time (*stochastic*) is cheap and noisy; all of them
# (*batch*) is exact and expensive; a few (*mini-batch*) lies between. The estimate is right on average,
# whatever its size. We count cost fairly, in examples looked at:

# %%
def samples_of(n, seed):
    rng = random.Random(seed)
    points = [[rng.uniform(-2, 2), rng.uniform(-2, 2)] for _ in range(n)]
    return [(p, 0.5 + 0.4 * p[0] * p[1] / 4) for p in points]


def fresh(seed=1):
    return nn.MLP(2, [3, 3, 1], activation="sigmoid", output="sigmoid", init="xavier_normal", rng=seed)


samples = samples_of(32, 5)
budget = 3200  # examples
curves = {}
for name, size in (("batch: 32", 32), ("mini-batch: 4", 4), ("stochastic: 1", 1)):
    m = fresh()
    curves[name] = train(
        m,
        samples,
        nn.optim.SGD(m.parameters(), lr=2.0),
        budget // size,
        random.Random(0),
        size,
        every=32 // size,
    )
figure, ax = plt.subplots(figsize=(6.4, 3.4))
for (name, curve), colour in zip(curves.items(), ("#0072B2", "#009E73", "#D55E00")):
    ax.plot([32 * i for i in range(len(curve))], curve, color=colour, linewidth=1.0, label=name)
ax.set(xlabel="examples looked at", ylabel="mean loss over all samples", yscale="log")
ax.legend(fontsize=8)
ax.grid(alpha=0.3)

# %% [markdown]
# All three have looked at 3200 examples. The batch has made 100 careful steps, the stochastic walk 3200
# careless ones, and gets farthest; but it never settles. A learning rate that shrinks with time
# (a *schedule*) would let it.
#
# ## Optimizers
#
# All of them use nothing but the gradient $g$. In each the operations act on every parameter $w$ alone.
#
# *Momentum* keeps a velocity, a fading sum of past gradients:
#
# $$ v \leftarrow \mu v + g, \qquad w \leftarrow w - \eta v. \tag{7.6} $$
#
# *AdaGrad* gives each parameter its own step, smaller where its gradients have been large:
#
# $$ s \leftarrow s + g^2, \qquad w \leftarrow w - \eta\,\frac{g}{\sqrt{s} + \epsilon}. \tag{7.7} $$
#
# *Adam* does both with fading averages, and corrects them for having started at zero ($t$ counts the steps):
#
# $$ m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad s \leftarrow \beta_2 s + (1 - \beta_2) g^2, \quad
#    w \leftarrow w - \eta\,\frac{m / (1 - \beta_1^t)}{\sqrt{s / (1 - \beta_2^t)} + \epsilon}. \tag{7.8} $$
#
# One step of each by hand, on $f(w) = w^2$ from $w = 1$, where $g = 2$:

# %%
def one_step(make):
    w = Value(1.0)
    optimizer = make([w])
    (w * w).backward()
    optimizer.step()
    return w.data


eps, eta = 1e-8, 0.1
by_hand = {
    "Momentum": 1 - eta * 2,
    "AdaGrad": 1 - eta * 2 / (4**0.5 + 1e-10),
    "Adam": 1 - eta * ((0.1 * 2) / 0.1) / ((0.001 * 4 / 0.001) ** 0.5 + eps),
}
by_engine = {
    "Momentum": one_step(lambda p: nn.optim.SGD(p, lr=eta, momentum=0.9)),
    "AdaGrad": one_step(lambda p: nn.optim.AdaGrad(p, lr=eta)),
    "Adam": one_step(lambda p: nn.optim.Adam(p, lr=eta)),
}
for name, number in by_hand.items():
    print(f"{name:9} by hand {number:.8f}   engine {by_engine[name]:.8f}")

# %% [markdown]
# On the first step Adam moves every parameter by $\eta$, however large or small its gradient: the size
# cancels.
#
# Now on R4's single sample, and on the 32 samples:

# %%
makers = {
    "gradient descent": lambda p: nn.optim.SGD(p, lr=0.1),
    "Momentum": lambda p: nn.optim.SGD(p, lr=0.1, momentum=0.9),
    "AdaGrad": lambda p: nn.optim.AdaGrad(p, lr=0.1),
    "Adam": lambda p: nn.optim.Adam(p, lr=0.1),
}
figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.4), layout="constrained")
ends = {}
for (name, make), colour in zip(makers.items(), ("black", "#0072B2", "#009E73", "#D55E00")):
    m = network(0)
    curve = train(m, single, make(m.parameters()), 100, None)
    left.semilogy(curve, color=colour, label=name)
    m = fresh()
    curve32 = train(m, samples, make(m.parameters()), 150, None)
    right.semilogy(curve32, color=colour, label=name)
    ends[name] = curve[-1], curve32[-1]
    print(f"{name:17} one sample: {curve[0]:.4f} -> {curve[-1]:.1e}     ", end="")
    print(f"32 samples: {curve32[0]:.4f} -> {curve32[-1]:.5f}")
left.set(title="one sample (R4)", xlabel="step", ylabel="loss")
right.set(title="32 samples", xlabel="step")
right.legend(fontsize=8)
plt.show()

# %% [markdown]
# There is no winner for all tasks. Momentum and Adam gather speed and swing through the target; on the single
# sample AdaGrad, whose steps only ever shrink, lands without a swing. On the 32 samples the landscape has a
# long flat valley: there Adam, which stretches small gradients, is through first.
#
# ## Exercises
#
# **1.** Show that with a constant gradient $g$ momentum's steps tend to $\eta g / (1 - \mu)$: with
# $\mu = 0.9$, ten times as long.
#
# <details><summary>Solution</summary>
#
# $v = g(1 + \mu + \mu^2 + \dots) \to g / (1 - \mu)$.
#
# ```python
# w = Value(0.0)
# optimizer = nn.optim.SGD([w], lr=0.01, momentum=0.9)
# for _ in range(300):
#     w.grad = 1.0
#     before = w.data
#     optimizer.step()
# assert abs((before - w.data) - 0.01 / (1 - 0.9)) < 1e-9
# ```
#
# </details>
#
# **2.** Check (7.5): the gradient of the batch equals the mean of the gradients of its samples.
#
# <details><summary>Solution</summary>
#
# ```python
# m = fresh()
# nn.losses.mse_loss([m(x) for x, _ in samples], [y for _, y in samples]).backward()
# whole = [p.grad for p in m.parameters()]
# m.zero_grad()
# for point, target in samples:  # gradients accumulate
#     nn.losses.mse_loss(m(point), target).backward()
# assert all(abs(p.grad / len(samples) - g) < 1e-12 for p, g in zip(m.parameters(), whole))
# ```
#
# </details>
#
# ## What has been shown

# %%
assert max(abs(a - b) / abs(b) for a, b in zip(hand, engine)) < 1e-12  # (7.2) to (7.4)
assert all(abs(a - v.grad) <= 1e-12 * abs(a) for a, v in zip(hand_dx, x))
assert len(hand) == 25
assert all(abs(by_hand[name] - by_engine[name]) < 1e-12 for name in by_hand)  # (7.6) to (7.8)
assert track[-1] < 1e-3
assert all(end < 0.05 for end, _ in ends.values())
