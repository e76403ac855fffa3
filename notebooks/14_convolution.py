# %% [markdown]
# # 14. Convolution
#
# **Question.** A cat is a cat in whatever corner of the picture it sits. A dense layer must learn that anew
# for every corner. How does one build "wherever it is" into a network, and what does it change in the
# gradient?

# %%
import random

import nn
from autograd import Value, draw, gradients
from nn.course import check_exercise
from nn.plot import beside, chart, grid

# %% [markdown]
# ## A window that moves
#
# In one dimension: a *filter* of $m$ weights moves along the input, and the same weights are used at every
# place,
#
# $$ y_i = \sum_{k=0}^{m-1} w_k\,x_{i+k} + b. \tag{14.1} $$
#
# Five inputs and a filter of two weights give four outputs:

# %%
w = [Value(-1.0, "w0"), Value(1.0, "w1")]
x = [Value(v, f"x{i}") for i, v in enumerate((0.0, 0.0, 2.0, 2.0, 2.0))]
y = [w[0] * x[i] + w[1] * x[i + 1] for i in range(4)]
total = (y[0] ** 2 + y[1] ** 2) + (y[2] ** 2 + y[3] ** 2)
total.label = "L"
total.backward()
print("outputs:", [v.data for v in y])
draw(total, depth=1)

# %% [markdown]
# The filter $(-1, 1)$ answers where the input jumps: an edge detector.
#
# **Predict.** $w_1$ is used at four places. How does its gradient come about: from the place where it acts
# most, as a mean, or as a sum?
#
# $$ \frac{\partial L}{\partial w_k} = \sum_i \frac{\partial L}{\partial y_i}\,x_{i+k}, \qquad
#    \frac{\partial L}{\partial x_j} = \sum_k \frac{\partial L}{\partial y_{j-k}}\,w_k. \tag{14.2} $$

# %%
by_hand = [sum(2 * y[i].data * x[i + k].data for i in range(4)) for k in range(2)]
print("filter, by hand:", by_hand, "  engine:", [v.grad for v in w])
by_hand_x = [sum(2 * y[j - k].data * w[k].data for k in range(2) if 0 <= j - k < 4) for j in range(5)]
print("input, by hand: ", by_hand_x, "  engine:", [v.grad for v in x])

# %% [markdown]
# A sum: shared weights have many consumers, and (3.1) adds them up. Back to the input goes the same filter,
# turned around (the index $j - k$).
#
# ## In two dimensions
#
# $$ y_{rc} = \sum_{m,n} w_{mn}\,x_{r+m,\,c+n} + b. \tag{14.3} $$
#
# Two filters of 3 x 3 written by hand, one for vertical edges and one for horizontal ones, over a picture of
# 8 x 8:

# %%
picture = [[1.0 if 2 <= r <= 5 and 2 <= c <= 5 else 0.0 for c in range(8)] for r in range(8)]
edges = nn.Conv2d(1, 2, 3, init="zeros")
edges.kernels.neurons[0].w = [-1.0, 0.0, 1.0] * 3
edges.kernels.neurons[1].w = [-1.0] * 3 + [0.0] * 3 + [1.0] * 3
answers = [[[float(v) for v in row] for row in channel] for channel in edges(picture)]
beside(grid(picture, title="input"), *(grid(a, title="output") for a in answers))

# %% [markdown]
# ## What it saves
#
# A dense layer from 8 x 8 to 6 x 6 has a weight for every pair; the filter has nine and a bias, wherever the
# picture ends:
#
# $$ \text{dense: } 36 \cdot (64 + 1) = 2340, \qquad \text{convolution: } 3 \cdot 3 + 1 = 10. \tag{14.4} $$
#
# ## Learning where position does not matter
#
# Noisy pictures of 6 x 6 with one short line, upright or lying, anywhere. The network: four filters of 3 x
# 3, relu, with zeros around the picture (*padding*), the largest answer of each over all places
# (*pooling*), one neuron. Against it a dense network. Both
# are trained with lines in the **upper left** only, and tested with lines everywhere:

# %%
def line(rng, places):
    """Return a picture of a line of three, and 1 if it stands upright."""
    upright, r, c = rng.random() < 0.5, rng.choice(places), rng.choice(places)
    image = [[rng.gauss(0, 0.1) for _ in range(6)] for _ in range(6)]
    for k in range(3):
        image[r + k * upright][c + k * (not upright)] += 1.0
    return image, int(upright)


class Convolutional(nn.Module):
    def __init__(self, rng):
        self.filters = nn.Conv2d(1, 4, 3, padding=2, activation="relu", rng=rng)
        self.out = nn.Neuron(4, activation="linear", rng=rng)

    def forward(self, image):
        return self.out([max([v for row in channel for v in row]) for channel in self.filters(image)])


class Dense(nn.Module):
    def __init__(self, rng):
        self.net = nn.MLP(36, [8, 1], rng=rng)

    def forward(self, image):
        return self.net([v for row in image for v in row])


rng = random.Random(3)
train = [line(rng, (0, 1)) for _ in range(40)]
elsewhere = [line(rng, (2, 3)) for _ in range(100)]

# %% tags=["folded"]
results, curves = {}, {}
for kind in (Dense, Convolutional):
    model = kind(random.Random(0))
    optimizer, losses = nn.optim.Adam(model.parameters(), lr=0.05), []
    for _ in range(40):
        loss = nn.losses.binary_cross_entropy_with_logits([model(i) for i, _ in train], [y for _, y in train])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    curves[kind.__name__] = (range(40), losses)
    results[kind] = [
        sum((model(i).data > 0) == bool(y) for i, y in data) / len(data) for data in (train, elsewhere)
    ]
    print(f"{kind.__name__:13} {len(model.parameters()):3} parameters: ", end="")
    print("upper left {:.2f}, elsewhere {:.2f} right".format(*results[kind]))
learnt = [[[w.data for w in n.w[3 * r : 3 * r + 3]] for r in range(3)] for n in model.filters.kernels.neurons]
beside(chart(curves, x="step", y="loss", size=(360, 220)), *(grid(f, size=(140, 160)) for f in learnt))

# %% [markdown]
# Both learn the training pictures. But what the dense network learnt in one corner tells it nothing about
# another, and the convolution never notices that there are corners. At the right are its filters: you can
# see lines in them.
#
# ## Exercises
#
# **14.1** An input of 8 numbers, a filter of 3 weights, no padding. How many outputs are there?
#
# <details><summary>Hint 1</summary>
#
# The window's left end can stand at places 0 to ...
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $8 - 3 + 1$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("14.1", answer)

# %% [markdown]
# **14.2** How many parameters has one filter of 3 x 3 with a bias, over a picture of 28 x 28?
#
# <details><summary>Hint 1</summary>
#
# (14.4).
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("14.2", answer)

# %% [markdown]
# **14.3** Input $(1, 2, 3, 4)$, filter $(w_0, w_1)$, and $L$ is the sum of all outputs. What is
# $\partial L/\partial w_0$?
#
# <details><summary>Hint 1</summary>
#
# (14.2), with $\partial L/\partial y_i = 1$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $x_0 + x_1 + x_2$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("14.3", answer)

# %% [markdown]
# ## Summary
#
# - A convolution is one neuron over a window that moves: shared weights.
# - Their gradient is the sum over all places.
# - What is learnt in one place holds in every place, with few parameters.

# %% tags=["folded"]
assert all(abs(a - v.grad) < 1e-12 for a, v in zip(by_hand + by_hand_x, w + x))  # (14.2)
assert gradients(total, w[1]) == 8.0
assert max(answers[0][2]) == 3.0
assert results[Convolutional][1] >= 0.95
assert results[Dense][0] >= 0.95 > 0.8 > results[Dense][1]
