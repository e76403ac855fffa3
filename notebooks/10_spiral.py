# %% [markdown]
# # 10. The spiral
#
# **Question.** Three arms of a spiral, wound into one another. A straight line gets half of the points
# right. What does one hidden layer make of it, and how close does the engine come to the loop that people
# write by hand?

# %%
import math

import numpy as np

import nn
from autograd import compile
from nn.course import check_exercise
from nn.plot import beside, chart, regions

points, labels = nn.data.make_spiral(300, noise=0.2, rng=0)

# %% [markdown]
# Arm $j$ has 100 points with radius $r$ from 0 to 1 and angle $t$ from $4j$ to $4(j + 1)$, plus a little
# noise:
#
# $$ x = (r \sin t,\; r \cos t). \tag{10.1} $$
#
# ## The system
#
# $N = 300$ points $x_i$ with one-hot targets $y_i$, 100 hidden neurons:
#
# $$ H = \mathrm{relu}(X W_1 + b_1), \qquad S = H W_2 + b_2,
#    \qquad p_{ik} = \frac{e^{S_{ik}}}{\sum_m e^{S_{im}}}, \tag{10.2} $$
#
# $$ C = -\frac1N \sum_{i,k} y_{ik} \ln p_{ik} + \frac{\lambda}{2} \Big(\sum W_1^2 + \sum W_2^2\Big),
#    \qquad \lambda = 10^{-3}. \tag{10.3} $$
#
# ## The gradients by hand
#
# Softmax with cross-entropy gives $p - y$ for one example, (5.4); the mean divides by $N$:
#
# $$ G_S = \frac{1}{N}(P - Y). \tag{10.4} $$
#
# The rest is (8.3) and (8.4) again, with biases (each is added in every row, so its gradient is a sum of
# rows) and with $\lambda W$ from the penalty:
#
# $$ G_{W_2} = H^T G_S + \lambda W_2, \qquad G_{b_2} = \sum_i G_{S,i},
#    \qquad G_H = (G_S W_2^T) \odot [H > 0], \tag{10.5} $$
#
# $$ G_{W_1} = X^T G_H + \lambda W_1, \qquad G_{b_1} = \sum_i G_{H,i}. \tag{10.6} $$

# %%
Y = np.array(nn.data.one_hot(labels.tolist(), 3))


def by_hand(w1, b1, w2, b2, reg=1e-3, of=np.asarray):
    """Return the cost and its gradients: (10.2) to (10.6). With ``of=np.abs`` sums are of absolute values."""
    hidden = np.maximum(points @ w1 + b1, 0)
    scores = hidden @ w2 + b2
    e = np.exp(scores - scores.max(axis=1, keepdims=True))  # (5.5)
    p = e / e.sum(axis=1, keepdims=True)
    cost = -np.log(p[range(300), labels]).mean() + reg / 2 * ((w1**2).sum() + (w2**2).sum())
    ds = (p - Y) / 300
    dh = np.where(hidden > 0, ds @ w2.T, 0)
    ds, dh, w1, w2 = of(ds), of(dh), of(w1), of(w2)
    return cost, of(points).T @ dh + reg * w1, dh.sum(axis=0), hidden.T @ ds + reg * w2, ds.sum(axis=0)

# %% [markdown]
# ## The same, scalar by scalar
#
# One line for the model, one for the loss of an example, one for the penalty. Biases start at zero, weights
# at 0.01 times a standard normal.
#
# **Predict.** With weights that small all scores are nearly equal. What is the cost at the start?
#
# (At the start the sums over 300 points cancel almost completely. Twelve digits can only be asked of the
# *terms* that are summed, so differences are measured in units of the sum of their absolute values.)

# %%
def small_normal(nin, nout, rng=None):
    return nn.init.normal(nin, nout, std=0.01, rng=rng)


model = nn.MLP(2, [100, 3], init=small_normal, rng=0)
cost = nn.losses.cross_entropy([model(x) for x in points.tolist()], labels.tolist())
cost = cost + nn.losses.l2_penalty(model, 1e-3)
cost.backward()
print(f"cost {cost.data:.6f}, ln 3 = {math.log(3):.6f}")

# %% tags=["folded"]
def arrays(attribute):
    """Return w1, b1, w2, b2 as the formulas have them: ``attribute`` is data or grad."""
    result = []
    for layer in model.layers:
        result.append(np.array([[getattr(w, attribute) for w in n.w] for n in layer.neurons]).T)
        result.append(np.array([getattr(n.b, attribute) for n in layer.neurons]))
    return result


def agree(a, b, scale):
    return bool((abs(a - b) <= 1e-12 * scale).all())


_, *hand = by_hand(*arrays("data"))
_, *scales = by_hand(*arrays("data"), of=np.abs)
eager = arrays("grad")
for name, a, b, scale in zip(("w1", "b1", "w2", "b2"), eager, hand, scales):
    print(f"gradient of {name}: {a.size:3} numbers, agree to 12 digits: {agree(a, b, scale)}")

# %% [markdown]
# ## 10,000 steps
#
# Compiled, since it is the same step 10,000 times. `batch=True` says that `loss` is the loss of *one*
# example:

# %%
def loss(x, y):
    return nn.losses.cross_entropy(model(x), y)


step = compile(loss, model.parameters(), batch=True, penalty=lambda: nn.losses.l2_penalty(model, 1e-3))
model.zero_grad()
step(points, labels)
compiled = arrays("grad")
by_hand_parameters = [a.copy() for a in arrays("data")]
losses = step.train(points, labels, nn.optim.SGD(model.parameters(), lr=1.0), 10_000)

# %% tags=["folded"]
hand_losses = []
for _ in range(10_000):
    value, *grads = by_hand(*by_hand_parameters)
    hand_losses.append(float(value))
    for parameter, gradient in zip(by_hand_parameters, grads):
        np.subtract(parameter, gradient, out=parameter)  # step size 1
for k in range(0, 10_000, 2000):
    print(f"iteration {k:5}: loss {losses[k]:.4f}   by hand {hand_losses[k]:.4f}")
right = sum(nn.metrics.predicted_classes([model(x)])[0] == y for x, y in zip(points.tolist(), labels))
print(f"training accuracy {right / 300:.2f}")

# %%
beside(
    regions(model, points, labels, title="after training"),
    chart({"loss": (range(0, 10_000, 50), losses[::50])}, x="step", y="loss", log="y", size=(420, 340)),
)

# %% [markdown]
# The two loops take the same step up to rounding, and on this draw they print the same digits. Do not ask
# for more: at step size 1 training amplifies differences of the last bit until, after some 9,000 steps, the
# two are on different, equally good paths. Compare *gradients* at fixed points if you want twelve digits.
#
# ## Why one hidden layer suffices
#
# Each hidden neuron is a fold of the plane along a line. Along a circle of radius 0.6 each has a piece of a
# wave; the scores are weighted sums of a hundred such waves:

# %%
angles = [2 * math.pi * k / 120 for k in range(121)]
ring = [model([0.6 * math.sin(t), 0.6 * math.cos(t)]) for t in angles]
chart({f"class {k}": (angles, [s[k].data for s in ring]) for k in range(3)}, x="angle", y="score")

# %% [markdown]
# ## Exercises
#
# **10.1** What is the first term of (10.3) when all scores are equal?
#
# <details><summary>Hint 1</summary>
#
# Each class has the probability 1/3.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("10.1", answer)

# %% [markdown]
# **10.2** For one of the 300 points the right class has the probability $p = 0.2$. What is its entry of
# $G_S$?
#
# <details><summary>Hint 1</summary>
#
# (10.4), and the target is 1.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("10.2", answer)

# %% [markdown]
# **10.3** What does the penalty add to the gradient of a weight of size 3?
#
# <details><summary>Hint 1</summary>
#
# The derivative of $\frac{\lambda}{2} w^2$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("10.3", answer)

# %% [markdown]
# ## Summary
#
# - The gradient of softmax with cross-entropy, two matrix products back, and $\lambda W$: that is the whole
#   loop that people write by hand.
# - Scalar by scalar, compiled and by hand agree to 12 digits.
# - Long trainings amplify rounding; compare gradients, not ends.

# %% tags=["folded"]
assert abs(cost.data - math.log(3)) < 0.01
assert all(map(agree, eager, hand, scales))  # (10.4) to (10.6)
assert all(map(agree, compiled, hand, scales))
assert abs(losses[100] - hand_losses[100]) < 1e-6
assert losses[1000] < 0.45
assert abs(losses[-1] / hand_losses[-1] - 1) < 0.05
assert right / 300 > 0.93
