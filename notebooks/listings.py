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
    "less_z5": "1, but 0 for the largest",
    "z6": "the sum without the largest    (L.2)",
    "less_sum_exp_z5": "[only one is the largest]",
    "z7": "their sum - 1",
    "where_less_sum_exp_z5": "the sum without a largest      (L.2)",
    "log1p9": "the logarithm of their sum     (L.2)",
    "z10": "ln p                           (5.5)",
    "where_equal_y": "ln p of the right class, or 0  (5.2)",
    "sum_equal_y": "1, the classes of an example",
    "where_sum_equal_y": "0; NaN for a label of no class",
    "z11": "-ln p of the right class       (5.2)",
    "loss": "C                              (10.3)",
    "g2": "Y, where ln p counts",
    "g4": "-Y / N, by ln p                (L.1)",
    "sum_g4": "1 / N                          (L.1)",
    "ratio_exp_z5": "P = e^(S - max) / their sum    (L.1)",
    "g8": "(P - Y) / N                    (10.4)",
    "sum_g8": "minus its sum: 0, but rounded  (L.3)",
    "d_z5": "G_S = (P - Y) / N              (10.4)",
    "d_layer1_w": "G_W2 = H^T G_S + lambda W2     (10.5)",
    "d_layer1_b": "G_b2 = sum of G_S              (10.5)",
    "d_relu_z1": "G_S W2^T                       (10.5)",
    "d_z1": "G_H = G_S W2^T * [H > 0]       (10.5)",
    "d_layer0_w": "G_W1 = X^T G_H + lambda W1     (10.6)",
    "d_layer0_b": "G_b1 = sum of G_H              (10.6)",
}
found_second = beside(second.source, formulas_second)

# %% [markdown]
# Every line has its formula. Only the way to the gradient is another one than ours: the compiler has never
# heard of (5.4), whose derivation took us half a page. It differentiates (5.5) as it stands. The cost (10.3)
# hands $-y_k/N$ to each $\ln p_k$ (`g4`); a score $s_k$ receives that directly, and the share $p_k$ of all of
# them through the logarithm of the sum $\Sigma$ (`sum_g4` $= \sum_k y_k / N = 1/N$):
#
# $$ \frac{\partial C}{\partial s_k} = -\frac{y_k}{N} + \frac{1}{N} \cdot \frac{e^{s_k - \max s}}{\Sigma} =
#    \frac{p_k - y_k}{N}, \qquad \Sigma = \sum_m e^{s_m - \max s}. \tag{L.1} $$
#
# Two things are there for the digits. Where one score leads by more than 37, $p$ is 1 to all digits, and
# $1 - p$ as a difference would be 0. So the logarithm takes the sum without the largest, whose term is 1,
#
# $$ \ln \Sigma = \ln(1 + \text{the others}), \tag{L.2} $$
#
# (`log1p`; of two that share the lead $\Sigma \ge 2$ will do), and as the slopes $g_k$ of (10.4) add up to 0,
# whatever rounding left of that sum is taken off again:
#
# $$ g_k - p_k \sum_m g_m . \tag{L.3} $$
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
