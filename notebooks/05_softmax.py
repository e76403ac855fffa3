# %% [markdown]
# # 5. Softmax and cross-entropy by hand
#
# **Question.** A network gives each of $K$ classes a score. What should the loss be, and why is its
# derivative the shortest formula of the whole subject, *probability minus target*?
#
# The system of this notebook (R1 in the project's list) is a classifier with a hidden layer, relu on the
# hidden layer **and on the output scores**, softmax, cross-entropy and an L2 penalty. We derive every one of
# its gradients on paper, then let the engine compute them.

# %%
# %matplotlib inline
import math
import random

import matplotlib.pyplot as plt

import nn
from autograd import Value, draw, exp, explain, gradients, softmax

# %% [markdown]
# ## From scores to probabilities
#
# The exponential makes every score positive, the division makes the sum one:
#
# $$ p_k = \frac{e^{s_k}}{\sum_m e^{s_m}}. \tag{5.1} $$
#
# The loss of one example with class $c$ is the surprise $-\ln p_c$; with a one-hot target $y$ ($y_c = 1$,
# else 0)
#
# $$ C = -\sum_k y_k \ln p_k. \tag{5.2} $$

# %%
scores = [1.5, 0.2, -0.7]
probabilities = softmax(scores)
figure, axes = plt.subplots(1, 2, figsize=(7.4, 2.6), layout="constrained")
for ax, heights, title in zip(axes, (scores, probabilities), ("scores", "softmax of the scores")):
    ax.bar(range(3), heights, color=["#0072B2", "#D55E00", "#009E73"])
    ax.axhline(0, color="black", linewidth=0.6)
    ax.set(title=title, xticks=range(3), xlabel="class")
print([round(p, 4) for p in probabilities], "sum", round(sum(probabilities), 12))

# %% [markdown]
# ## The derivative, by hand
#
# Let $S = \sum_m e^{s_m}$. By the quotient rule, with $[j = k]$ for one if $j = k$ and else zero,
#
# $$ \frac{\partial p_k}{\partial s_j} = \frac{[j = k]\,e^{s_k} S - e^{s_k} e^{s_j}}{S^2} = p_k\,([j = k] -
#    p_j). \tag{5.3} $$
#
# Then by the chain rule through every $p_k$, and because the targets sum to one,
#
# $$ \frac{\partial C}{\partial s_j} = -\sum_k \frac{y_k}{p_k}\, p_k ([j = k] - p_j)
#    = -y_j + p_j \sum_k y_k = p_j - y_j. \tag{5.4} $$
#
# All fractions have cancelled. Here is the engine's opinion, from the definition (5.1) node by node:

# %%
s = [Value(v, f"s{k}") for k, v in enumerate(scores)]
exps = [exp(v) for v in s]
total = exps[0] + exps[1] + exps[2]
loss = -(exps[0] / total).log()  # the class is 0
loss.label = "C"
loss.backward()
y = nn.data.one_hot(0, 3)
for k in range(3):
    print(f"class {k}: p - y = {probabilities[k] - y[k]:+.6f}   engine {s[k].grad:+.6f}")
draw(loss)

# %% [markdown]
# In the picture $s_0$ has two ways to the loss: one through its own numerator, one through the sum. (5.4) is
# what is left of both.
#
# ## The same thing without overflow
#
# $e^{710}$ is beyond a double. But scores that all move by the same amount leave the probabilities alone,
# so subtract the largest score first:
#
# $$ \ln p_k = s_k - \max_m s_m - \ln \sum_m e^{\,s_m - \max s}. \tag{5.5} $$
#
# The engine has (5.5) as one operation, and `nn.losses.cross_entropy` uses it. Compare at scores where (5.1)
# fails:

# %%
big = [Value(v) for v in (1000.0, 0.0, -1000.0)]
naive = -(exp(big[1]) / (exp(big[0]) + exp(big[1]) + exp(big[2]))).log()
stable = nn.losses.cross_entropy(big, 1)
print("by (5.1):", naive.data, gradients(naive, big))
print("by (5.5):", stable.data, gradients(stable, big))

# %% [markdown]
# ## R1: the whole classifier
#
# Two inputs, four hidden neurons, three classes. Layer $l$ has pre-activations $z^{l}$ and activations
# $a^{l}$; the input is $a^1$.
#
# $$ z^2 = W^1 a^1 + b^1,\quad a^2 = \mathrm{relu}(z^2),\quad z^3 = W^2 a^2 + b^2,\quad a^3 =
#    \mathrm{relu}(z^3),\quad
#    p = \mathrm{softmax}(a^3), \tag{5.6} $$
#
# $$ C = -\sum_k y_k \ln p_k + \frac{\lambda}{2}\sum_{l,j,k} \left(W^l_{jk}\right)^2. \tag{5.7} $$
#
# Write $\delta_j = \partial C/\partial z_j$ for the *error* of a neuron. The derivative of relu is a switch,
# $[z > 0]$, and at $z = 0$ the engine takes 0. Going back one step at a time:
#
# *At the scores* $a^3$, by (5.4): $\partial C / \partial a^3_j = p_j - y_j.$
#
# *Through the output's relu:*
#
# $$ \delta^3_j = (p_j - y_j)\,[z^3_j > 0]. \tag{5.8} $$
#
# *Back to the hidden layer.* $a^2_j$ feeds every $z^3_k$ with weight $W^2_{kj}$. Sum over its consumers,
# (3.1), then pass its own relu:
#
# $$ \delta^2_j = \Big(\sum_k \delta^3_k W^2_{kj}\Big)\,[z^2_j > 0]. \tag{5.9} $$
#
# *From errors to weights.* $W_{jk}$ multiplies $a_k$ on the way to $z_j$; the penalty adds $\lambda W_{jk}$,
# and biases carry no penalty:
#
# $$ \frac{\partial C}{\partial W^2_{jk}} = a^2_k \delta^3_j + \lambda W^2_{jk},
#    \quad \frac{\partial C}{\partial b^2_j} = \delta^3_j, \qquad
#    \frac{\partial C}{\partial W^1_{jk}} = a^1_k \delta^2_j + \lambda W^1_{jk},
#    \quad \frac{\partial C}{\partial b^1_j} = \delta^2_j. \tag{5.10} $$
#
# Now the same in code, scalar by scalar:

# %%
rng = random.Random(4)
penalty = 0.01
net = nn.MLP(2, [4, 3], activation="relu", output="relu", rng=rng)
first, second = net.layers
for neuron in [*first.neurons, *second.neurons]:
    neuron.b.data = rng.uniform(0.0, 0.5)
point, label = [0.9, -1.3], 2
a2 = first(point)
a3 = second(a2)
cost = nn.losses.cross_entropy(a3, label) + nn.losses.l2_penalty(net, penalty)
cost.backward()
print(f"C = {cost.data:.4f}", [round(p, 4) for p in softmax([v.data for v in a3])])

# %% [markdown]
# A node's `parents` lead from each activation back to its pre-activation, where the gradient *is* the error
# $\delta$. (5.8) to (5.10) by hand, with plain floats:

# %%
W1 = [[w.data for w in n.w] for n in first.neurons]
W2 = [[w.data for w in n.w] for n in second.neurons]
b1, b2 = [n.b.data for n in first.neurons], [n.b.data for n in second.neurons]
z2 = [sum(W1[j][k] * point[k] for k in range(2)) + b1[j] for j in range(4)]
h2 = [max(z, 0.0) for z in z2]
z3 = [sum(W2[j][k] * h2[k] for k in range(4)) + b2[j] for j in range(3)]
p = softmax([max(z, 0.0) for z in z3])
target = nn.data.one_hot(label, 3)
delta3 = [(p[j] - target[j]) * (z3[j] > 0) for j in range(3)]  # (5.8)
delta2 = [sum(delta3[k] * W2[k][j] for k in range(3)) * (z2[j] > 0) for j in range(4)]  # (5.9)
dW2 = [[h2[k] * delta3[j] + penalty * W2[j][k] for k in range(4)] for j in range(3)]  # (5.10)
dW1 = [[point[k] * delta2[j] + penalty * W1[j][k] for k in range(2)] for j in range(4)]
for j in range(3):
    print(f"delta3[{j}]  hand {delta3[j] + 0.0:+.6f}   engine {a3[j].parents[0].grad:+.6f}")
for j in range(4):
    print(f"delta2[{j}]  hand {delta2[j] + 0.0:+.6f}   engine {a2[j].parents[0].grad:+.6f}")


def close(hand, engine):
    return abs(hand - engine) <= 1e-12 * max(abs(hand), abs(engine), 1e-3)


agree = [close(dW2[j][k], second.neurons[j].w[k].grad) for j in range(3) for k in range(4)]
agree += [close(dW1[j][k], first.neurons[j].w[k].grad) for j in range(4) for k in range(2)]
agree += [close(delta3[j], second.neurons[j].b.grad) for j in range(3)]
agree += [close(delta2[j], first.neurons[j].b.grad) for j in range(4)]
print(sum(agree), "of", len(agree), "gradients agree to 12 digits")

# %% [markdown]
# Look at what the switches do: where a neuron is off ($z \le 0$) nothing flows, however wrong the answer is.
# If the switch of the *right* class's score is off, the loss cannot push that score up. That is the reason
# why relu before the softmax is unusual.

# %%
live = next(k for k in range(4) if h2[k] > 0)
print(explain(nn.losses.cross_entropy(net(point), label), wrt=second.neurons[2].w[live]))

# %% [markdown]
# ## It trains
#
# Three clouds of points; the mean of (5.7)'s first term over the points, plus the penalty.

# %%
centres = [(0.0, 1.6), (-1.5, -1.0), (1.5, -1.0)]
data = [
    ([cx + rng.gauss(0, 0.5), cy + rng.gauss(0, 0.5)], k)
    for k, (cx, cy) in enumerate(centres)
    for _ in range(20)
]
model = nn.MLP(2, [8, 3], activation="relu", output="relu", rng=2)
for neuron in model.layers[1].neurons:
    neuron.b.data = 1.0  # all scores switched on at the start
losses = []
for _ in range(80):
    loss = nn.losses.cross_entropy([model(x) for x, _ in data], [k for _, k in data]) + nn.losses.l2_penalty(
        model, 1e-3
    )
    model.zero_grad()
    loss.backward()
    for parameter in model.parameters():
        parameter.data -= 0.5 * parameter.grad
    losses.append(loss.data)
print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}")
figure, ax = plt.subplots(figsize=(5.4, 4.0))
nn.plot.plot_decision_boundary(model, [x for x, _ in data], [k for _, k in data], ax=ax, steps=50)
plt.show()

# %% [markdown]
# ## Exercises
#
# **1.** With two classes, softmax is the logistic function of the difference of the scores. Show it, and
# check that (5.4) becomes $\sigma(s_1 - s_0) - y_1$.
#
# <details><summary>Solution</summary>
#
# $p_1 = e^{s_1}/(e^{s_0} + e^{s_1}) = 1/(1 + e^{-(s_1 - s_0)}) = \sigma(s_1 - s_0)$.
#
# ```python
# from autograd import sigmoid
#
# two = [Value(0.3), Value(-0.8)]
# nn.losses.cross_entropy(two, 1).backward()
# assert abs(two[1].grad - (sigmoid(-0.8 - 0.3) - 1.0)) < 1e-15
# assert abs(two[0].grad + two[1].grad) < 1e-15
# ```
#
# </details>
#
# **2.** What is the loss of a classifier that knows nothing, that is, gives $K$ equal scores? (You will see
# this number at step 0 of nearly every training.)
#
# <details><summary>Solution</summary>
#
# $-\ln (1/K) = \ln K$; for three classes about 1.0986.
#
# ```python
# assert abs(nn.losses.cross_entropy([0.0, 0.0, 0.0], 1) - math.log(3)) < 1e-15
# ```
#
# </details>
#
# ## What has been shown

# %%
assert all(abs(s[k].grad - (probabilities[k] - y[k])) < 1e-15 for k in range(3))  # (5.4)
assert stable.data == 1000.0
assert gradients(stable, big) == [1.0, -1.0, 0.0]  # (5.5) where (5.1) overflows
assert math.isnan(gradients(naive, big)[0])
assert len(agree) == 27
assert all(agree)  # (5.8) to (5.10), every weight and bias
assert losses[-1] < 0.3 * losses[0]
