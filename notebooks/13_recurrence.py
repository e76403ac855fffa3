# %% [markdown]
# # 13. Recurrence, and vanishing through time
#
# **Question.** A sentence has no fixed length. How can a network of fixed size read it, and why does it
# forget how the sentence began?

# %%
import random

import nn
from autograd import Value, draw, gradients, no_grad
from nn.course import check_exercise
from nn.plot import chart

# %% [markdown]
# ## The same neuron, again and again
#
# A recurrent network reads one input after the other, and carries a *state* $h$ along. The same weights are
# used at every step:
#
# $$ h_t = \tanh(u\,h_{t-1} + w\,x_t + b). \tag{13.1} $$
#
# Fifty steps of it are fifty copies of one picture, so they are drawn once, with the way back:

# %%
u, w, b = Value(0.9, "u"), Value(0.5, "w"), Value(0.0, "b")
rng = random.Random(0)
inputs = [Value(rng.uniform(-1, 1), f"x{t}") for t in range(50)]
h = Value(0.0, "h_0")
for x in inputs:
    h = (u * h + w * x + b).tanh()
h.label = "h"
h.backward()
draw(h)

# %% [markdown]
# There is nothing new to differentiate. The weight $u$ is used fifty times, so it has fifty consumers, and
# (3.1) adds them up. That is *backpropagation through time*, whole:
#
# $$ \frac{\partial L}{\partial u} = \sum_{t} \frac{\partial L}{\partial h_t}\,(1 - h_t^2)\,h_{t-1}.
#    \tag{13.2} $$
#
# ## How far back does it see?
#
# From step to step the gradient is multiplied by $u (1 - h_t^2)$, so over $n$ steps
#
# $$ \frac{\partial h_{t}}{\partial h_{t-n}} = \prod_{s=t-n+1}^{t} u\,(1 - h_s^2). \tag{13.3} $$
#
# It is (12.2) with time in place of depth, and with *one* weight for all factors.
#
# **Predict.** $u = 0.9$, fifty steps. How large is the influence of the first input, compared with the last:
# a half, a hundredth, less than a thousandth?

# %%
def influence(u_value, steps=50):
    """Return how much each input moves the last state."""
    a, xs = Value(0.0), [Value(x.data) for x in inputs[:steps]]
    for x in xs:
        a = (u_value * a + 0.5 * x).tanh()
    return [abs(g) for g in gradients(a, xs)]


back = list(range(50, 0, -1))
curves = {f"u = {value}": (back, influence(value)) for value in (0.5, 0.9, 1.2)}
chart(curves, x="distance in time", y="gradient", log="y")

# %% [markdown]
# A hundred thousandth, or less. With a larger $u$ the state saturates, $1 - h^2$ becomes small, and the past
# fades all the same. Nothing is wrong with the *program*: the derivative is right. There is hardly anything
# to learn from.
#
# ## A gate keeps the door open
#
# The remedy is a path on which the factor can stay near 1. The LSTM has a *cell* $c$ beside the state. Gates
# with values between 0 and 1, small networks themselves, decide what is kept, what is added and what is
# shown:
#
# $$ c_t = f_t\,c_{t-1} + i_t\,\tilde c_t, \qquad h_t = o_t \tanh c_t, \qquad
#    \frac{\partial c_t}{\partial c_{t-1}} = f_t + \dots \tag{13.4} $$
#
# Along the cell the factor is the *forget gate* $f_t$, which the network can hold near 1 for as long as it
# wants to remember.
#
# ## A task that needs memory
#
# A sequence of numbers is read; the answer is the sign of the *first*. All others are noise. The state after
# the last step goes through one neuron:

# %%
def sequence(rng, length):
    first = rng.choice((-1.0, 1.0))
    return [[first if t == 0 else rng.uniform(-0.5, 0.5)] for t in range(length)], int(first > 0)


class Reader(nn.Module):
    def __init__(self, cell, seed=0):
        self.cell, self.out = cell(1, 4, rng=seed), nn.Neuron(4, activation="linear", rng=seed)

    def forward(self, xs):
        return self.out(self.cell(xs)[0][-1])


def train(cell, length, steps=60):
    model, rng = Reader(cell), random.Random(1)
    if cell is nn.LSTM:  # begin by remembering: forget gates near 1
        for neuron in model.cell.forget.neurons:
            neuron.b.data = 3.0
    optimizer = nn.optim.Adam(model.parameters(), lr=0.05)
    losses = []
    for _ in range(steps):
        batch = [sequence(rng, length) for _ in range(8)]
        scores, targets = [model(xs) for xs, _ in batch], [y for _, y in batch]
        loss = nn.losses.binary_cross_entropy_with_logits(scores, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    with no_grad():
        trial = [sequence(rng, length) for _ in range(100)]
        return losses, sum((model(xs).data > 0) == bool(y) for xs, y in trial)

# %%
results = {(cell.__name__, n): train(cell, n) for cell, n in ((nn.RNN, 4), (nn.RNN, 20), (nn.LSTM, 20))}
for (name, length), (_, right) in results.items():
    print(f"{name:4} over {length:2} steps: {right} of 100 right")
chart({f"{c}, {n}": (range(60), losses) for (c, n), (losses, _) in results.items()}, x="step", y="loss")

# %% [markdown]
# ## Exercises
#
# **13.1** Without the tanh and the inputs, $h_t = 0.9\,h_{t-1}$. What is $\partial h_{50}/\partial h_0$?
#
# <details><summary>Hint 1</summary>
#
# One factor for each step.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("13.1", answer)

# %% [markdown]
# **13.2** $h_1 = u h_0 + x_1$, $h_2 = u h_1 + x_2$. Write $\partial h_2/\partial u$ as a function of
# $(u, h_0, x_1, x_2)$.
#
# <details><summary>Hint 1</summary>
#
# $u$ is used twice; both uses add up.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $h_1 + u\,h_0$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("13.2", answer)

# %% [markdown]
# **13.3** A forget gate stays at $0.98$. Which part of a cell's content is left after 50 steps?
#
# <details><summary>Hint 1</summary>
#
# Compare with 13.1.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("13.3", answer)

# %% [markdown]
# ## Summary
#
# - A recurrent net uses the same weights at every step; their gradients add up over time.
# - Through time the gradient is a product, and vanishes as it does through depth.
# - A gate near 1 keeps the product near 1.

# %% tags=["folded"]
by_hand = 0.0
states = [Value(0.0)]
for x in inputs:
    states.append(Value(0.9 * states[-1].data + 0.5 * x.data).tanh())
reach = 1.0
for t in range(50, 0, -1):  # (13.2) and (13.3)
    reach *= 1.0 - states[t].data ** 2
    by_hand += reach * states[t - 1].data
    reach *= 0.9
assert abs(by_hand - u.grad) < 1e-12
assert influence(0.9)[0] < 1e-3 * influence(0.9)[-1]
assert results["RNN", 4][1] >= 95
assert results["LSTM", 20][1] >= 95
assert results["RNN", 20][1] < results["LSTM", 20][1]
