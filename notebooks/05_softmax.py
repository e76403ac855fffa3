# %% [markdown]
# # 5. Softmax and cross-entropy by hand
#
# **Question.** A network gives each of $K$ classes a score. What should the loss be, and why is its
# derivative the shortest formula of the whole subject, *probability minus target*?

# %%
import math
import random

import nn
from autograd import Value, draw, exp, gradients, softmax
from nn.course import check_exercise
from nn.plot import regions

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
#
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
# All fractions have cancelled.
#
# **Predict.** The class is 0. Which of the three scores gets a negative gradient, that is: which one does a
# step downhill raise?

# %%
scores = [1.5, 0.2, -0.7]
probabilities = softmax(scores)
s = [Value(v, f"s{k}") for k, v in enumerate(scores)]
exps = [exp(v) for v in s]
loss = -(exps[0] / (exps[0] + exps[1] + exps[2])).log()  # the class is 0
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
# `nn.losses.cross_entropy` is (5.5). Compare at scores where (5.1) fails:

# %%
big = [Value(v) for v in (1000.0, 0.0, -1000.0)]
naive = -(exp(big[1]) / (exp(big[0]) + exp(big[1]) + exp(big[2]))).log()
stable = nn.losses.cross_entropy(big, 1)
print("by (5.1):", naive.data, gradients(naive, big))
print("by (5.5):", stable.data, gradients(stable, big))

# %% [markdown]
# ## A whole classifier
#
# Two inputs, four hidden neurons, three classes; relu on the hidden layer **and on the scores**. Layer $l$
# has pre-activations $z^{l}$ and activations $a^{l}$; the input is $a^1$.
#
# $$ z^2 = W^1 a^1 + b^1,\quad a^2 = \mathrm{relu}(z^2),\quad z^3 = W^2 a^2 + b^2,\quad a^3 =
#    \mathrm{relu}(z^3),\quad
#    p = \mathrm{softmax}(a^3), \tag{5.6} $$
#
# $$ C = -\sum_k y_k \ln p_k + \frac{\lambda}{2}\sum_{l,j,k} \left(W^l_{jk}\right)^2. \tag{5.7} $$
#
# Write $\delta_j = \partial C/\partial z_j$ for the *error* of a neuron. The derivative of relu is a switch,
# $[z > 0]$. Going back one step at a time, first through (5.4) and the output's relu:
#
# $$ \delta^3_j = (p_j - y_j)\,[z^3_j > 0]. \tag{5.8} $$
#
# $a^2_j$ feeds every $z^3_k$ with weight $W^2_{kj}$. Sum over its consumers, (3.1), then pass its own relu:
#
# $$ \delta^2_j = \Big(\sum_k \delta^3_k W^2_{kj}\Big)\,[z^2_j > 0]. \tag{5.9} $$
#
# $W_{jk}$ multiplies $a_k$ on the way to $z_j$; the penalty adds $\lambda W_{jk}$, and biases carry none:
#
# $$ \frac{\partial C}{\partial W^l_{jk}} = a^l_k \delta^{l+1}_j + \lambda W^l_{jk},
#    \qquad \frac{\partial C}{\partial b^l_j} = \delta^{l+1}_j. \tag{5.10} $$
#
# Now the same in code, scalar by scalar, and (5.8) to (5.10) by hand:

# %%
rng, penalty = random.Random(4), 0.01
net = nn.MLP(2, [4, 3], activation="relu", output="relu", rng=rng)
first, second = net.layers
for neuron in [*first.neurons, *second.neurons]:
    neuron.b.data = rng.uniform(0.0, 0.5)
point, label = [0.9, -1.3], 2
a2 = first(point)
a3 = second(a2)
cost = nn.losses.cross_entropy(a3, label) + nn.losses.l2_penalty(net, penalty)
cost.backward()
p, target = softmax([v.data for v in a3]), nn.data.one_hot(label, 3)
W2 = [[w.data for w in n.w] for n in second.neurons]
delta3 = [(p[j] - target[j]) * (a3[j].data > 0) for j in range(3)]  # (5.8)
delta2 = [sum(delta3[k] * W2[k][j] for k in range(3)) * (a2[j].data > 0) for j in range(4)]  # (5.9)
for name, hand, nodes in (("3", delta3, a3), ("2", delta2, a2)):
    for j, node in enumerate(nodes):  # the only parent of an activation is its z
        print(f"delta{name}[{j}]  by hand {hand[j] + 0.0:+.6f}   engine {node.parents[0].grad:+.6f}")

# %% tags=["folded"]
def close(hand, engine):
    return abs(hand - engine) <= 1e-12 * max(abs(hand), abs(engine), 1e-3)


agree = []
for layer, below, delta in ((first, point, delta2), (second, [v.data for v in a2], delta3)):
    for j, n in enumerate(layer.neurons):  # (5.10)
        agree += [close(below[k] * delta[j] + penalty * w.data, w.grad) for k, w in enumerate(n.w)]
        agree.append(close(delta[j], n.b.grad))
print(sum(agree), "of", len(agree), "gradients agree to 12 digits")

# %% [markdown]
# Where a neuron is off ($z \le 0$) nothing flows, however wrong the answer is. That is why relu before the
# softmax is unusual: a score that is off cannot be pushed up.
#
# ## It trains
#
# Three clouds of points; the mean of (5.2) over the points, plus the penalty.

# %%
centres = [(0.0, 1.6), (-1.5, -1.0), (1.5, -1.0)]
classes = [k for k in range(3) for _ in range(20)]
data = [[m + rng.gauss(0, 0.5) for m in centres[k]] for k in classes]
model = nn.MLP(2, [8, 3], rng=2)
losses = []
for _ in range(60):
    loss = nn.losses.cross_entropy([model(x) for x in data], classes) + nn.losses.l2_penalty(model, 1e-3)
    model.zero_grad()
    loss.backward()
    for parameter in model.parameters():
        parameter.data -= 0.5 * parameter.grad
    losses.append(loss.data)
print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}")
regions(model, data, classes)

# %% [markdown]
# ## Exercises
#
# **5.1** What is the loss of a classifier that knows nothing, that is, gives 10 classes equal scores? (You
# will see this number at step 0 of nearly every training.)
#
# <details><summary>Hint 1</summary>
#
# Every class has the probability $1/10$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $-\ln (1/10)$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("5.1", answer)

# %% [markdown]
# **5.2** With two classes, softmax is the logistic function of the difference of the scores. Write $p_1$ as
# a function of $(s_0, s_1)$ with one exponential only.
#
# <details><summary>Hint 1</summary>
#
# Divide numerator and denominator of (5.1) by $e^{s_1}$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $1 / (1 + e^{-(s_1 - s_0)})$; `math.exp` will do.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("5.2", answer)

# %% [markdown]
# **5.3** Scores $(2, 1, 0.1)$, the class is 0. What is $\partial C/\partial s_1$?
#
# <details><summary>Hint 1</summary>
#
# (5.4) with $y_1 = 0$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $e^1 / (e^2 + e^1 + e^{0.1})$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("5.3", answer)

# %% [markdown]
# ## Summary
#
# - Softmax turns scores into probabilities; the loss is the surprise.
# - Its gradient is probability minus target.
# - Subtract the largest score, and nothing overflows.
# - Errors go back through weights and switches.

# %% tags=["folded"]
assert all(abs(s[k].grad - (probabilities[k] - y[k])) < 1e-15 for k in range(3))  # (5.4)
assert stable.data == 1000.0
assert gradients(stable, big) == [1.0, -1.0, 0.0]  # (5.5) where (5.1) overflows
assert math.isnan(gradients(naive, big)[0])
assert len(agree) == 27
assert all(agree)  # (5.8) to (5.10), every weight and bias
assert losses[-1] < 0.3 * losses[0]
