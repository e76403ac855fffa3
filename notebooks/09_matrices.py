# %% [markdown]
# # 9. From scalars to matrices
#
# **Question.** Textbooks derive backpropagation with matrices; we derive it with single numbers. Both give
# the same gradients. Can a program start from the single numbers and *find* the matrix formulas, without
# being told what a layer is?
#
# The system is R2: a network with any number of layers, of any widths. We derive it by elements and by
# matrices, check it against the engine for every combination of activation and loss, and then watch the
# compiler arrive at the same formulas from a flat list of multiplications.

# %%
# %matplotlib inline
import math
import random

import nn
from autograd import Value, compile, draw, explain, sigmoid, softmax, toposort

# %% [markdown]
# ## On paper: by elements
#
# $$ z^l_j = \sum_k W^l_{jk} a^{l-1}_k + b^l_j, \qquad a^l_j = f(z^l_j),
#    \qquad \delta^l_j = \frac{\partial C}{\partial z^l_j}. \tag{9.1} $$
#
# The last layer's error depends on the loss. For three pairs of output and loss it is the same short formula:
#
# | output | loss | $\delta^L_j$ |
# |---|---|---|
# | softmax | cross-entropy $-\sum y_k \ln p_k$ | $p_j - y_j$, by (5.4) |
# | logistic | $-\sum_k \left(y_k \ln a_k + (1 - y_k)\ln(1 - a_k)\right)$ | $a_j - y_j$ (exercise 6.1) |
# | identity | $\tfrac12 \sum_k (a_k - y_k)^2$ | $a_j - y_j$ |
#
# $$ \delta^L_j = a^L_j - y_j, \qquad
#    \delta^l_j = \Big(\sum_k W^{l+1}_{kj}\,\delta^{l+1}_k\Big) f'(z^l_j), \qquad
#    \frac{\partial C}{\partial W^l_{jk}} = \delta^l_j\,a^{l-1}_k,
#    \qquad \frac{\partial C}{\partial b^l_j} = \delta^l_j. \tag{9.2} $$
#
# ## On paper: by matrices
#
# A sum over a repeated index is a matrix product. In (9.2) the sum runs over the *first* index of $W^{l+1}$,
# so it is the transposed one; and a product of two different indices, $\delta_j a_k$, is the outer product, a
# column times a row:
#
# $$ \delta^l = \left((W^{l+1})^T \delta^{l+1}\right) \odot f'(z^l), \qquad
#    \frac{\partial C}{\partial W^l} = \delta^l\,(a^{l-1})^T,
#    \qquad \frac{\partial C}{\partial b^l} = \delta^l. \tag{9.3} $$
#
# With a batch, every vector becomes a matrix with one column for each example, and nothing else changes: the
# product $\delta^l (a^{l-1})^T$ then also sums over the examples, and the bias takes the sum of the columns.
#
# ## The check: every combination
#
# (9.2) with plain lists, against the engine:

# %%
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
    print(
        f"{hidden:8}",
        "  ".join(
            f"{output}: {'equal' if worst[hidden, output] < 1e-12 else 'DIFFERENT'}" for output in LOSSES
        ),
    )

# %% [markdown]
# `explain` writes the same equations down for a given graph. Here for a network with two layers, its lines
# for the errors:

# %%
small = nn.MLP(2, [2, 1], activation="tanh", rng=3)
loss = nn.losses.half_squared_error(small([0.5, -1.0]), 0.3)
loss.backward()
text = str(explain(loss))
print(text[text.index("The errors of the layers") :])

# %% [markdown]
# ## No layers any more
#
# Now forget `nn`. The same kind of network as bare loops over single numbers, every one with a name such as
# `W1[2][0]`:

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
    errors = []
    for j in range(2):
        s = W2[j][0] * hidden[0]
        for k in range(1, 3):
            s = s + W2[j][k] * hidden[k]
        errors.append(s - y[j])
    return 0.5 * (errors[0] * errors[0] + errors[1] * errors[1])


one = network([Value(0.5, "x0"), Value(-1.0, "x1")], [0.3, 0.1])
one.backward()
draw(one)

# %% [markdown]
# That is what the compiler gets: boxes and arrows. And this is what it makes of it, for a whole batch:

# %%
step = compile(network, parameters, batch=True, reduction="sum")
X = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(50)]
Y = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(50)]
step(X, Y)
print(step.source)

# %% [markdown]
# These are (9.1) and (9.3): `@` is the matrix product, `.T` the transposition, `.sum(1)` the sum over the
# examples. `sech_squared(z)` is the accurate form of $\tanh'$:
# $\operatorname{sech} z = 1 / \cosh z = 2 / (e^z + e^{-z})$. `step.check` runs the compiled program against
# the graph, node by node:

# %%
print("largest disagreement with the graph below 1e-12:", step.check(X, Y) < 1e-12)

# %% [markdown]
# ## How does it find them?
#
# 1. *Record.* Run the function once on nodes, then the gradient, also as nodes: one flat list of scalar
#    operations.
# 2. *Sort into groups.* All operations of one kind that are ready at the same time: here "sum of two products
#    plus a number" three times, then `tanh` three times, and so on.
# 3. *Give addresses.* Put the numbers of each group side by side in memory, in an order in which the
#    addresses of the operands form regular steps.
# 4. *Read off the loops.* If the addresses are regular, they can be written as nested counters. Those tell
#    which matrix operation it is.
#
# Step 4 is the heart, and small enough to do here. Take the products behind `z1`: for output number $t$, the
# term number $u$ multiplies the numbers at addresses $A(t, u)$ and $B(t, u)$. If both are linear,
#
# $$ A(t, u) = A_0 + \alpha_t t + \alpha_u u, \qquad B(t, u) = B_0 + \beta_t t + \beta_u u, \tag{9.4} $$
#
# then a step of zero means "does not depend on this counter". Which counters each side depends on is the
# whole difference between the products of linear algebra:

# %%
def strides(table):
    """Return the steps of a table of addresses along t and u, or None if they are not regular."""
    first = table[0][0]
    along_t = table[1][0] - first if len(table) > 1 else 0
    along_u = table[0][1] - first if len(table[0]) > 1 else 0
    regular = all(
        a == first + along_t * t + along_u * u for t, row in enumerate(table) for u, a in enumerate(row)
    )
    return (along_t, along_u) if regular else None


KINDS = {
    ((True, True), (False, True)): "matrix times vector",
    ((False, True), (False, True)): "the same dot product again and again",
    ((True, True), (True, True)): "row by row dot products",
}


def recognise(terms):
    """Name the operation behind rows of products (address, address), one row for each output."""
    a, b = (strides([[term[side] for term in row] for row in terms]) for side in (0, 1))
    if a is None or b is None:
        return "irregular"
    return f"{KINDS[tuple(map(bool, a)), tuple(map(bool, b))]}   (steps {a} and {b})"


# Memory: W1 at 0 to 5, row by row; x at 100 and 101. The terms of z1[j] are W1[j][k] * x[k].
forward = [[(2 * j + k, 100 + k) for k in range(2)] for j in range(3)]
print("z1:                ", recognise(forward))
# Backward: d_hidden[k] sums W2[j][k] * d_s[j]. W2 lies at 10 to 15, also row by row, d_s at 200 and 201.
backward = [[(10 + 3 * j + k, 200 + j) for j in range(2)] for k in range(3)]
print("d_hidden:          ", recognise(backward))
print("terms out of order:", recognise([row if j else row[::-1] for j, row in enumerate(backward)]))

# %% [markdown]
# In the first the steps of the matrix are (2, 1): rows are stored one after the other, and we walk along a
# row. In the second they are (1, 3): we walk *down a column* of the same memory. That is $W_2^T$, found from
# addresses alone. Nothing is copied or turned around; NumPy is handed the same memory with other steps.
#
# The third line shows what step 3 is for: the same products in another order are no longer regular, and would
# have to be gathered one by one.
#
# ## R5 and R6, line by line
#
# The listing of the two-layer net (notebook 8) beside the formulas of (8.1) to (8.5). The compiler's arrays
# have one *row for each neuron* and one *column for each example*, so everything is the transposed of the
# hand-written form; $\hat y$ minus $y$ comes out as one line:


# %%
def beside(source, formulas):
    """Print each line of a listing with the formula for what it computes."""
    lines = [line for line in source.splitlines() if line.strip()]
    for line in lines:
        formula = formulas.get(line.split(" = ")[0], "")
        print(f"{line:52} {formula}".rstrip() if len(line) <= 52 else f"{line}\n{'':52} {formula}")
    return {line.split(" = ")[0] for line in lines}


two_layer = nn.MLP(20, [10, 5], bias=False, init="normal", rng=0)
r5 = compile(
    lambda x, y: nn.losses.sum_squared_error(two_layer(x), y),
    two_layer.parameters(),
    batch=True,
    reduction="sum",
)
r5([[0.1 * i] * 20 for i in range(1, 5)], [[1.0] * 5] * 4)
formulas5 = {
    "z1": "H = X W1                     (8.1)",
    "relu_z1": "R = max(H, 0)                (8.1)",
    "z2": "Yhat - Y = R W2 - Y          (8.1)",
    "loss": "L = sum of squares           (8.1)",
    "d_z2": "G_Y = 2 (Yhat - Y)           (8.2)",
    "d_layer1_w": "G_W2 = R^T G_Y               (8.5)",
    "d_relu_z1": "G_R = G_Y W2^T               (8.5)",
    "pos_z1": "[H > 0]                      (8.4)",
    "d_z1": "G_H = G_R * [H > 0]          (8.5)",
    "d_layer0_w": "G_W1 = X^T G_H               (8.5)",
}
found5 = beside(r5.source, formulas5)

# %% [markdown]
# Ten lines for ten formulas. And the spiral (notebook 10), with softmax, cross-entropy, biases and a penalty:

# %%
spiral = nn.MLP(2, [100, 3], rng=0)
points, labels = nn.data.make_spiral(300)
r6 = compile(
    lambda x, y: nn.losses.cross_entropy(spiral(x), y),
    spiral.parameters(),
    batch=True,
    penalty=lambda: nn.losses.l2_penalty(spiral, 1e-3),
)
r6(points, labels)
formulas6 = {
    "z1": "X W1 + b1                      (10.2)",
    "relu_z1": "H = relu                       (10.2)",
    "z3": "S = H W2 + b2                  (10.2)",
    "equal_y": "Y, one-hot",
    "equal_equal_y": "1 - Y",
    "pos_z1": "[H > 0]",
    "max_z3": "the maximum, against overflow  (5.5)",
    "z5": "S - max                        (5.5)",
    "exp_z5": "e^(S - max)                    (5.5)",
    "sum_exp_z5": "their sum                      (5.5)",
    "log_sum_exp_z5": "its logarithm                  (5.5)",
    "z6": "ln p                           (5.5)",
    "where_equal_y": "ln p of the right class, or 0  (5.2)",
    "sum_equal_y": "1, the classes of an example",
    "where_sum_equal_y": "0; NaN for a label of no class",
    "z7": "-ln p of the right class       (5.2)",
    "loss": "C                              (10.3)",
    "g2": "Y, where ln p counts",
    "g4": "-Y / N, by ln p                (9.5)",
    "sum_g4": "1 / N                          (9.5)",
    "ratio_sum_exp_z5": "1 / their sum                  (9.5)",
    "d_sum_exp_z5": "1 / (N sum)                    (9.5)",
    "d_z3": "G_S = (P - Y) / N              (10.4)",
    "d_layer1_w": "G_W2 = H^T G_S + lambda W2     (10.5)",
    "d_layer1_b": "G_b2 = sum of G_S              (10.5)",
    "d_relu_z1": "G_S W2^T                       (10.5)",
    "d_z1": "G_H = G_S W2^T * [H > 0]       (10.5)",
    "d_layer0_w": "G_W1 = X^T G_H + lambda W1     (10.6)",
    "d_layer0_b": "G_b1 = sum of G_H              (10.6)",
}
found6 = beside(r6.source, formulas6)

# %% [markdown]
# Every line has its formula. Only the way to `d_z3` is another one than ours: the compiler has never heard of
# (5.4), whose derivation took us half a page. It differentiates (5.5) as it stands. The cost (10.3) hands
# $-y_k/N$ to each $\ln p_k$ (`g4`); a score $s_k$ receives that directly, and its exponential receives the
# share of all of them that comes back through the logarithm of the sum $\Sigma$ (`sum_g4`
# $= \sum_k y_k / N = 1/N$):
#
# $$ \frac{\partial C}{\partial s_k} = -\frac{y_k}{N} + e^{s_k - \max s} \cdot \frac{1}{N\,\Sigma} =
#    \frac{p_k - y_k}{N}, \qquad \Sigma = \sum_m e^{s_m - \max s}. \tag{9.5} $$
#
# That is (10.4). (And the maximum? Whatever is subtracted cancels, so its derivative is zero, and the
# compiler leaves it out.) The lines with `where` are for what (5.2) takes for granted: the wrong classes cost
# nothing, even where $\ln p_k = -\infty$, as $0 \cdot \infty$ would not; and a label that is none of the
# classes makes the cost NaN, which the engine then refuses with an error.
#
# And how many nodes does it take to get there?

# %%
report = r6.report()
print("nodes of one example with its gradient:", report["nodes with gradient"])
print("lines:                                 ", report["statements"])

# %% [markdown]
# ## Why one backward sweep is enough
#
# Counted, now for R2 in general: one product for each arrow of the graph in every sweep. Backwards, (3.1),
# one sweep gives *every* derivative. Forwards (what `jvp` does) a sweep starts at one weight, takes the same
# products the other way round, and gives one derivative. Both, with a counter:


# %%
def backward_sweep(order):
    """Return the derivative with respect to every node, and the number of products."""
    grads, products = {order[-1]: 1.0}, 0
    for node in reversed(order):
        for parent, local in zip(node.parents, node.local_grads):
            grads[parent] = grads.get(parent, 0.0) + local * grads[node]
            products += 1
    return grads, products


def forward_sweep(order, weight):
    """Return the derivative with respect to one weight, and the number of products."""
    slopes, products = {weight: 1.0}, 0
    for node in order:
        for parent, local in zip(node.parents, node.local_grads):
            slopes[node] = slopes.get(node, 0.0) + local * slopes.get(parent, 0.0)
            products += 1
    return slopes[order[-1]], products


print(f"{'weights':>8} {'operations':>11} {'products, 1 backward':>21} {'a forward sweep per weight':>27}")
counts = []
for widths in ([2, 4, 1], [4, 8, 8, 2], [8, 16, 16, 4], [12, 20, 20, 4]):
    model = nn.MLP(widths[0], widths[1:], activation="tanh", granular=True, rng=0)
    order = toposort(nn.losses.half_squared_error(model([0.1] * widths[0]), [0.0] * widths[-1]))
    operations = sum(node.op is not None for node in order)
    grads, once = backward_sweep(order)
    slopes, each = zip(*[forward_sweep(order, weight) for weight in model.parameters()])
    largest = max(map(abs, slopes))
    equal = all(
        abs(grads[weight] - slope) <= 1e-12 * largest for weight, slope in zip(model.parameters(), slopes)
    )
    counts.append((operations, once, sum(each), len(slopes), equal))
    verdict = "the same derivatives" if equal else "DIFFERENT"
    print(f"{len(slopes):8} {operations:11} {once:21} {sum(each):27,}   {verdict}")

# %% [markdown]
# A backward pass costs less than two products for each operation of the forward pass, whatever the number of
# weights; sweeps forward cost that once more *for each weight*.
#
# ## Exercises
#
# **1.** In the toy of step 4, which kind of operation has the steps $(\alpha_t, \alpha_u) \ne 0$ and
# $\beta = (1, 0)$? Complete `KINDS` for it.
#
# <details><summary>Solution</summary>
#
# Each output $t$ has its own factor $B(t)$ for all of its terms: $\sum_u A_{tu} B_t$, that is, row sums, each
# scaled.
#
# ```python
# KINDS[(True, True), (True, False)] = "scaled row sums"
# assert recognise([[(2 * t + u, 50 + t) for u in range(2)] for t in range(3)]).startswith("scaled row sums")
# ```
#
# </details>
#
# **2.** Write the loops of `network` with the hidden neurons in another order, say `for j in (2, 0, 1)`, the
# sum over `k` backwards. Does the compiled gradient stay the same?
#
# <details><summary>Solution</summary>
#
# Yes. Order of writing is not part of the mathematics, and the compiler chooses its own.
#
# ```python
# def shuffled(x, y):
#     hidden = {j: (W1[j][1] * x[1] + W1[j][0] * x[0] + b1[j]).tanh() for j in (2, 0, 1)}
#     scores = [W2[j][2] * hidden[2] + W2[j][0] * hidden[0] + W2[j][1] * hidden[1] for j in range(2)]
#     return 0.5 * ((scores[1] - y[1]) ** 2 + (scores[0] - y[0]) ** 2)
#
#
# def compiled_gradient(f):
#     for p in parameters:
#         p.grad = 0.0
#     program = compile(f, parameters, batch=True, reduction="sum")
#     program(X, Y)
#     return [p.grad for p in parameters]
#
#
# pairs = zip(compiled_gradient(shuffled), compiled_gradient(network))
# assert all(abs(p - q) <= 1e-12 * max(abs(q), 1.0) for p, q in pairs)
# ```
#
# </details>
#
# ## What has been shown

# %%
assert len(worst) == 9
assert max(worst.values()) < 1e-12  # (9.2), every combination
assert step.check(X, Y) < 1e-12
assert recognise(forward).startswith("matrix times vector")
assert recognise(backward).endswith("(steps (1, 3) and (0, 1))")
assert set(formulas5) == found5  # ten lines, ten formulas
assert set(formulas6) == found6  # every line of R6 has its formula
assert all(
    once <= 2 * operations for operations, once, *_ in counts
)  # backward costs a small constant times forward
assert all(
    many == weights * once and equal for _, once, many, weights, equal in counts
)  # forward sweeps: that, for each weight
