# %% [markdown]
# # The compiler's listings, line by line
#
# **Question.** Whoever writes a network scalar by scalar gets a program of matrices from `compile`. Is each
# of its lines a formula of the textbooks?
#
# Two programs are gone through: that of the two-layer net of lesson 8, and that of the spiral of lesson 10.

# %%
import nn
from autograd import compile

# %% [markdown]
# ## The two-layer net
#
# The listing beside the formulas of (8.1) to (8.5). The compiler's arrays
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
first = compile(
    lambda x, y: nn.losses.sum_squared_error(two_layer(x), y),
    two_layer.parameters(),
    batch=True,
    reduction="sum",
)
first([[0.1 * i] * 20 for i in range(1, 5)], [[1.0] * 5] * 4)
formulas_first = {
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
found_first = beside(first.source, formulas_first)

# %% [markdown]
# Ten lines for ten formulas. And the spiral, with softmax, cross-entropy, biases and a penalty:

# %%
spiral = nn.MLP(2, [100, 3], rng=0)
points, labels = nn.data.make_spiral(300)
second = compile(
    lambda x, y: nn.losses.cross_entropy(spiral(x), y),
    spiral.parameters(),
    batch=True,
    penalty=lambda: nn.losses.l2_penalty(spiral, 1e-3),
)
second(points, labels)
formulas_second = {
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
    "g4": "-Y / N, by ln p                (L.1)",
    "sum_g4": "1 / N                          (L.1)",
    "ratio_sum_exp_z5": "1 / their sum                  (L.1)",
    "d_sum_exp_z5": "1 / (N sum)                    (L.1)",
    "d_z3": "G_S = (P - Y) / N              (10.4)",
    "d_layer1_w": "G_W2 = H^T G_S + lambda W2     (10.5)",
    "d_layer1_b": "G_b2 = sum of G_S              (10.5)",
    "d_relu_z1": "G_S W2^T                       (10.5)",
    "d_z1": "G_H = G_S W2^T * [H > 0]       (10.5)",
    "d_layer0_w": "G_W1 = X^T G_H + lambda W1     (10.6)",
    "d_layer0_b": "G_b1 = sum of G_H              (10.6)",
}
found_second = beside(second.source, formulas_second)

# %% [markdown]
# Every line has its formula. Only the way to `d_z3` is another one than ours: the compiler has never heard of
# (5.4), whose derivation took us half a page. It differentiates (5.5) as it stands. The cost (10.3) hands
# $-y_k/N$ to each $\ln p_k$ (`g4`); a score $s_k$ receives that directly, and its exponential receives the
# share of all of them that comes back through the logarithm of the sum $\Sigma$ (`sum_g4`
# $= \sum_k y_k / N = 1/N$):
#
# $$ \frac{\partial C}{\partial s_k} = -\frac{y_k}{N} + e^{s_k - \max s} \cdot \frac{1}{N\,\Sigma} =
#    \frac{p_k - y_k}{N}, \qquad \Sigma = \sum_m e^{s_m - \max s}. \tag{L.1} $$
#
# That is (10.4). (And the maximum? Whatever is subtracted cancels, so its derivative is zero, and the
# compiler leaves it out.) The lines with `where` are for what (5.2) takes for granted: the wrong classes cost
# nothing, even where $\ln p_k = -\infty$, as $0 \cdot \infty$ would not; and a label that is none of the
# classes makes the cost NaN, which the engine then refuses with an error.
#
# And how many nodes does it take to get there?

# %%
report = second.report()
print("nodes of one example with its gradient:", report["nodes with gradient"])
print("lines:                                 ", report["statements"])

# %%
assert set(formulas_first) == found_first  # ten lines, ten formulas
assert set(formulas_second) == found_second  # every line has its formula
assert report["statements"] < 100
