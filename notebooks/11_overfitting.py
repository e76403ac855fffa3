# %% [markdown]
# # 11. Overfitting, validation and test
#
# **Question.** A network that gets every training point right may have understood the task, or learnt its
# noise by heart. The training loss cannot tell the two apart. What can?

# %%
import random

import nn
from autograd import no_grad
from nn.course import check_exercise
from nn.plot import beside, chart, regions

# %% [markdown]
# ## A task with noise
#
# Two classes, parted by the line $x_0 + x_1 = 0$; but one label in six is wrong, as labels made by people
# are. Whoever has understood the task gets 5 of 6 right, and no one can get more, except by heart. Forty
# points to train on, and many more that the network never sees while it learns:
#
# $$ C_{\text{train}} = \frac{1}{|T|} \sum_{i \in T} C_i, \qquad
#    C_{\text{validation}} = \frac{1}{|V|} \sum_{i \in V} C_i, \qquad T \cap V = \emptyset. \tag{11.1} $$

# %%
rng = random.Random(0)


def sample(count):
    points = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(count)]
    return points, [int((a + b > 0) != (rng.random() < 1 / 6)) for a, b in points]


train, validation, test = sample(40), sample(200), sample(400)


def loss_of(model, data):
    points, labels = data
    return nn.losses.binary_cross_entropy_with_logits([model(p) for p in points], labels)


def right(model, data):
    with no_grad():
        return sum((model(p) > 0) == bool(label) for p, label in zip(*data)) / len(data[1])

# %% [markdown]
# ## A network that is too large
#
# 2-24-24-1 has 697 parameters for 40 points.
#
# **Predict.** While the training loss falls, what does the validation loss do: fall too, stay, fall and then
# rise?

# %%
def fit(model, steps=120, penalty=0.0, watch=False):
    """Train; watched, return both losses, and the state of the model at the lowest validation loss."""
    optimizer = nn.optim.Adam(model.parameters(), lr=0.02)
    track, best = ([], []), None
    for _ in range(steps):
        loss = loss_of(model, train)
        track[0].append(loss.data)
        if watch:
            with no_grad():
                track[1].append(loss_of(model, validation).data)
            if track[1][-1] == min(track[1]):
                best = model.state_dict()
        optimizer.zero_grad()
        (loss + nn.losses.l2_penalty(model, penalty)).backward()
        optimizer.step()
    return track, best


large = nn.MLP(2, [24, 24, 1], activation="tanh", rng=1)
(falling, rising), best = fit(large, watch=True)
print(f"at the end: training {right(large, train):.2f} right, validation {right(large, validation):.2f}")
chart({"training": (range(120), falling), "validation": (range(120), rising)}, x="step", y="loss")

# %% [markdown]
# First both fall: the network finds the line. Then the training loss goes on falling, and the validation
# loss *rises*: from there on the network learns which of the forty labels are wrong. It bends around single
# points, and is sure of it. That is **overfitting**, and the gap between the curves measures it:
#
# $$ \text{gap} = C_{\text{validation}} - C_{\text{train}}. \tag{11.2} $$
#
# ## Three remedies
#
# - **Stop early.** Keep the weights of the lowest validation loss.
# - **Penalise.** Large weights make sharp bends; $\frac{\lambda}{2}\sum w^2$ makes them expensive.
# - **Use a smaller network**, or more data.

# %%
early = nn.MLP(2, [24, 24, 1], activation="tanh", rng=1)
early.load_state_dict(best)
penalised = nn.MLP(2, [24, 24, 1], activation="tanh", rng=1)
fit(penalised, penalty=0.02)
small = nn.MLP(2, [1], rng=1)
fit(small)
candidates = {"too large": large, "stopped early": early, "penalised": penalised, "small": small}
for name, model in candidates.items():
    print(f"{name:14} training {right(model, train):.2f}, validation {right(model, validation):.2f}")
beside(regions(large, *train, title="too large"), regions(early, *train, title="stopped early"))

# %% [markdown]
# ## The third set
#
# We chose among four candidates *by the validation set*. The best of many is partly the luckiest, so its
# validation figure flatters. What we report is measured on data that had no part in any decision, once, at
# the end:
#
# $$ \text{choose with } C_{\text{validation}}, \qquad \text{report } C_{\text{test}}. \tag{11.3} $$

# %%
chosen = max(candidates, key=lambda name: right(candidates[name], validation))
print("chosen:", chosen, f"- test {right(candidates[chosen], test):.3f}, of at most about 5/6 = {5 / 6:.3f}")
print(f"the one that was too large: test {right(large, test):.3f}")

# %% [markdown]
# How lucky can one be? Take 50 models that know *nothing*, random lines, and choose the one that does best
# on ten points:

# %%
lottery = [nn.MLP(2, [1], init="normal", rng=seed) for seed in range(50)]
few = validation[0][:10], validation[1][:10]
lucky = max(lottery, key=lambda model: right(model, few))
print(f"on the ten points {right(lucky, few):.2f}, on the test set {right(lucky, test):.2f}")

# %% [markdown]
# ## Exercises
#
# **11.1** A polynomial of degree $n - 1$ is fitted to $n$ points with different $x$. What is its training
# error?
#
# <details><summary>Hint 1</summary>
#
# How many coefficients has it?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# As many as there are points: it goes through all of them.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("11.1", answer)

# %% [markdown]
# **11.2** The validation losses of epochs 0 to 6 are 0.9, 0.6, 0.45, 0.41, 0.44, 0.52, 0.7. Which epoch's
# weights does early stopping keep?
#
# <details><summary>Hint 1</summary>
#
# The lowest counts, not the last.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("11.2", answer)

# %% [markdown]
# **11.3** You tried twenty learning rates and kept the one that did best on the test set. What is wrong?
# **a** nothing · **b** twenty are too few · **c** the test figure is now part of a choice, and flatters
#
# <details><summary>Hint 1</summary>
#
# Which set is for choosing, by (11.3)?
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("11.3", answer)

# %% [markdown]
# ## Summary
#
# - The training loss falls also where nothing is understood; the validation loss tells.
# - Stop early, penalise, make the network smaller, or get more data.
# - Choose on validation, report on test, once.

# %% tags=["folded"]
assert right(large, train) >= 0.97  # by heart
assert rising[-1] > 1.3 * min(rising)  # and sure of what is wrong
assert falling[-1] < 0.5 * rising[-1]
assert right(early, test) > right(large, test) + 0.03
assert right(candidates[chosen], test) > 0.75
assert right(lucky, few) > right(lucky, test)
