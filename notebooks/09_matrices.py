# %% [markdown]
# # 9. From scalars to matrices
#
# **Question.** Textbooks derive backpropagation with matrices; we derive it with single numbers. Both give
# the same gradients. Can a program start from the single numbers and *find* the matrix formulas, without
# being told what a layer is?

# %%
import math
import random

import nn
from autograd import Value, compile, draw, sigmoid, softmax
from nn.course import check_exercise

# %% [markdown]
# ## On paper: by elements and by matrices
#
# A network with any number of layers, of any widths, with any activation $f$:
#
# $$ z^l_j = \sum_k W^l_{jk} a^{l-1}_k + b^l_j, \qquad a^l_j = f(z^l_j),
#    \qquad \delta^l_j = \frac{\partial C}{\partial z^l_j}. \tag{9.1} $$
#
# The last layer's error depends on the loss. For three pairs of output and loss it is the same short
# formula, $\delta^L_j = a^L_j - y_j$: softmax with cross-entropy, by (5.4); the logistic function with its
# cross-entropy (exercise 6.1); and the identity with half the squared error. The rest is BP2 to BP4:
#
# $$ \delta^l_j = \Big(\sum_k W^{l+1}_{kj}\,\delta^{l+1}_k\Big) f'(z^l_j), \qquad
#    \frac{\partial C}{\partial W^l_{jk}} = \delta^l_j\,a^{l-1}_k,
#    \qquad \frac{\partial C}{\partial b^l_j} = \delta^l_j. \tag{9.2} $$
#
# A sum over a repeated index is a matrix product; a product of two different indices is an outer product, a
# column times a row:
#
# $$ \delta^l = \left((W^{l+1})^T \delta^{l+1}\right) \odot f'(z^l), \qquad
#    \frac{\partial C}{\partial W^l} = \delta^l\,(a^{l-1})^T,
#    \qquad \frac{\partial C}{\partial b^l} = \delta^l. \tag{9.3} $$
#
# With a batch, every vector becomes a matrix with one column for each example, and nothing else changes:
# $\delta^l (a^{l-1})^T$ then also sums over the examples.
#
# The check of (9.2), for every combination of activation and loss, in networks of one to four layers:

# %% tags=["folded"]
SLOPES = {
    "sigmoid": lambda z: sigmoid(z) * sigmoid(-z),
    "tanh": lambda z: 1 / math.cosh(z) ** 2,
    "relu": lambda z: float(z > 0),
}
LOSSES = {
    "softmax": (nn.losses.cross_entropy, softmax),
    "logistic": (
        lambda s, y: nn.losses.binary_cross_entropy_with_logits(s, y, reduction="sum"),
        lambda s: [sigmoid(v) for v in s],
    ),
    "identity": (nn.losses.half_squared_error, lambda s: s),
}


def hand_gradients(model, x, y, hidden, output):
    """Return the gradients of all parameters in their order, by (9.2)."""
    W = [[[w.data for w in n.w] for n in layer.neurons] for layer in model.layers]
    b = [[n.b.data for n in layer.neurons] for layer in model.layers]
    a, z = [x], []
    for l, rows in enumerate(W):
        z.append([math.fsum([w * v for w, v in zip(row, a[-1])] + [bias]) for row, bias in zip(rows, b[l])])
        a.append([getattr(Value(v), hidden)().data for v in z[-1]])
    delta = [p - t for p, t in zip(LOSSES[output][1](z[-1]), y)]
    result = []
    for l in reversed(range(len(W))):
        result = [g for j, d in enumerate(delta) for g in [*(d * v for v in a[l]), d]] + result
        if l:
            delta = [
                math.fsum(W[l][k][j] * delta[k] for k in range(len(delta))) * SLOPES[hidden](z[l - 1][j])
                for j in range(len(a[l]))
            ]
    return result


rng = random.Random(6)
worst = {}
for widths in ([3, 2], [3, 4, 2], [2, 5, 4, 3], [4, 3, 3, 3, 2]):
    for hidden in SLOPES:
        for output, (loss, _) in LOSSES.items():
            model = nn.MLP(widths[0], widths[1:], activation=hidden, init="xavier_normal", rng=rng)
            for p in model.parameters():
                p.data += rng.uniform(-0.2, 0.2)
            x = [rng.uniform(-1, 1) for _ in range(widths[0])]
            y = nn.data.one_hot(rng.randrange(widths[-1]), widths[-1])
            loss(model(x), y).backward()
            by_hand = hand_gradients(model, x, y, hidden, output)
            scale = max(map(abs, by_hand))
            difference = max(abs(g - p.grad) for g, p in zip(by_hand, model.parameters())) / scale
            worst[hidden, output] = max(difference, worst.get((hidden, output), 0.0))
for hidden in SLOPES:
    verdicts = (f"{o}: {'equal' if worst[hidden, o] < 1e-12 else 'DIFFERENT'}" for o in LOSSES)
    print(f"{hidden:8}", "  ".join(verdicts))

# %% [markdown]
# ## No layers any more
#
# Now forget `nn`. The same kind of network as bare loops over single numbers:

# %%
rng = random.Random(1)
W1 = [[Value(rng.gauss(0, 1), f"W1[{j}][{k}]") for k in range(2)] for j in range(3)]
b1 = [Value(rng.gauss(0, 1), f"b1[{j}]") for j in range(3)]
W2 = [[Value(rng.gauss(0, 1), f"W2[{j}][{k}]") for k in range(3)] for j in range(2)]
parameters = [v for matrix in (W1, W2) for row in matrix for v in row] + b1


def network(x, y):
    hidden = []
    for j in range(3):
        z = b1[j]
        for k in range(2):
            z = z + W1[j][k] * x[k]
        hidden.append(z.tanh())
    cost = 0.0
    for j in range(2):
        s = W2[j][0] * hidden[0]
        for k in range(1, 3):
            s = s + W2[j][k] * hidden[k]
        cost = cost + 0.5 * (s - y[j]) ** 2
    return cost


one = network([Value(0.5, "x0"), Value(-1.0, "x1")], [0.3, 0.1])
one.backward()
draw(one)

# %% [markdown]
# That is what the compiler gets: boxes and arrows.
#
# **Predict.** How many lines will its program have for a batch of 50 examples, gradient included: about 10,
# 100 or 1000?

# %%
step = compile(network, parameters, batch=True, reduction="sum")
X = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(50)]
Y = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(50)]
step(X, Y)
print(step.source)
print("agrees with the graph, node by node:", step.check(X, Y) < 1e-12)

# %% [markdown]
# These are (9.1) and (9.3): `@` is the matrix product, `.T` the transposition, `.sum(1)` the sum over the
# examples. `sech_squared(z)` is the accurate form of $\tanh'$.
#
# ## How does it find them?
#
# 1. *Record.* Run the function once on nodes, then the gradient, also as nodes: one flat list of scalar
#    operations.
# 2. *Sort into groups.* All operations of one kind that are ready at the same time.
# 3. *Give addresses.* Put the numbers of each group side by side in memory, in an order in which the
#    addresses of the operands form regular steps.
# 4. *Read off the loops.* Regular addresses can be written as nested counters. Those tell which matrix
#    operation it is.
#
# Step 4 is the heart, and small enough to do here. For output number $t$, term number $u$ multiplies the
# numbers at addresses $A(t, u)$ and $B(t, u)$. If both are linear,
#
# $$ A(t, u) = A_0 + \alpha_t t + \alpha_u u, \qquad B(t, u) = B_0 + \beta_t t + \beta_u u, \tag{9.4} $$
#
# then a step of zero means "does not depend on this counter":

# %%
def strides(table):
    """Return the steps of a table of addresses along t and u, or None if they are not regular."""
    first, t1, u1 = table[0][0], table[1][0] - table[0][0], table[0][1] - table[0][0]
    places = [(t, u) for t in range(len(table)) for u in range(len(table[0]))]
    return (t1, u1) if all(table[t][u] == first + t1 * t + u1 * u for t, u in places) else None


# Memory: W2 at 10 to 15, row by row; hidden at 100 to 102, the errors at 200 and 201.
forward = [[10 + 3 * j + k for k in range(3)] for j in range(2)]  # s[j] sums W2[j][k] * hidden[k]
backward = [[10 + 3 * j + k for j in range(2)] for k in range(3)]  # d_hidden[k] sums W2[j][k] * d[j]
print("forward, along W2: ", strides(forward))
print("backward, along W2:", strides(backward))
print("terms out of order:", strides([row if j else row[::-1] for j, row in enumerate(backward)]))

# %% [markdown]
# Forward the steps are (3, 1): we walk along a row. Backward they are (1, 3): we walk *down a column* of the
# same memory. That is $W_2^T$, found from addresses alone; nothing is copied. The page *The compiler's
# listings, line by line* goes through whole programs in this way.
#
# ## Exercises
#
# **9.1** A matrix of 4 rows and 3 columns lies in memory row by row. Walking down a column, by how much does
# the address grow from one number to the next?
#
# <details><summary>Hint 1</summary>
#
# Between two numbers of a column lies one whole row.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("9.1", answer)

# %% [markdown]
# **9.2** In a batch, $\delta^l$ is a matrix with one column for each example. What is the gradient of the
# bias? **a** the first column · **b** the sum of each column · **c** the sum of each row
#
# <details><summary>Hint 1</summary>
#
# The bias is added for every example, so its consumers add up.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# One number for each neuron remains.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("9.2", answer)

# %% [markdown]
# **9.3** A graph has 500 weights and 2000 edges. How many products do sweeps *forward* need for all 500
# derivatives?
#
# <details><summary>Hint 1</summary>
#
# A sweep forward gives the derivative with respect to one weight.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Lesson 6, (6.5).
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("9.3", answer)

# %% [markdown]
# ## Summary
#
# - A sum over a repeated index is a matrix product; backwards the matrix is transposed.
# - From a flat list of scalar operations, regular addresses give the matrices back.
# - The transposition is a walk down the columns of the same memory.

# %% tags=["folded"]
assert len(worst) == 9
assert max(worst.values()) < 1e-12  # (9.2), every combination
assert step.check(X, Y) < 1e-12
assert strides(forward) == (3, 1)
assert strides(backward) == (1, 3)
