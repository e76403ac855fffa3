# %% [markdown]
# # For teachers
#
# Nineteen lessons; each takes 30 to 45 minutes with its exercises, of which reading takes 10 to 20. What a
# lesson is for, what students commonly believe instead, with a graph that shows it, and the answers. These
# are code, so that they are tested; students have `check_exercise`, which knows them without showing them.
#
# `chainrule course --worksheets --slides` makes printable sheets and slides from the same lessons.
#
# | lesson | goal: afterwards a student can ... | minutes | needs |
# |---|---|---|---|
# | 1 Slope | say what a derivative is, and why a computer should not take differences | 30 | calculus |
# | 2 Values | draw the graph of a formula and multiply along a path | 40 | 1 |
# | 3 Order | explain `+=`, the sorting, and `zero_grad` by what breaks without them | 35 | 2 |
# | 4 Networks | write the training loop from memory | 40 | 3 |
# | 5 Softmax | derive probability minus target | 40 | 4 |
# | 6 Four equations | derive BP1 to BP4 and read them off a graph | 45 | 5 |
# | 7 Optimizers | say what momentum, AdaGrad and Adam remember | 40 | 6 |
# | 8 Full size | turn sums over an index into matrix products | 35 | 6 |
# | 9 Matrices | say where the transposed matrix comes from | 40 | 8 |
# | 10 Spiral | write the whole loop by hand in NumPy | 40 | 5, 8 |
# | 11 Overfitting | choose on validation data and report on test data | 35 | 4 |
# | 12 Vanishing | estimate a gradient through depth; choose the first weights | 35 | 6 |
# | 13 Recurrence | unroll a recurrence; say why it forgets | 35 | 12 |
# | 14 Convolution | compute a convolution and the gradient of a shared weight | 35 | 3, 4 |
# | 15 Checking | find a wrong derivative | 40 | 2 |
# | 16 Higher | use second derivatives | 40 | 2 |
# | 17 Data | fit, hold out, and doubt a forecast | 35 | 11 |
# | 18 Tiny GPT | name the parts of a language model | 45 | 5, 12 |
# | 19 PyTorch | carry all this over | 30 | 7 |
#
# A course of 12 hours: 1 to 7, 11, 12, 18. A single afternoon: 1, 2, 3. For engineers: 2, 3, 8, 9, 15, 19.

# %%
import math

from autograd import Value, cos, draw, grad
from nn.course import check_exercise

# %% [markdown]
# ## What students believe instead
#
# ### "The gradient of `a * a` is `a`"
#
# The two places of one variable are taken for one. The graph has two arrows, each with its own local
# derivative:

# %%
a = Value(3.0, "a")
square = a * a
square.backward()
draw(square, engine="builtin")

# %% [markdown]
# ### "A weight with a zero input is useless, so its gradient says: make it smaller"
#
# Its gradient is zero: the loss does not depend on it *here*. No step is asked for at all.

# %%
w, x, b = Value(0.7, "w"), Value(0.0, "x"), Value(0.2, "b")
loss = ((w * x + b).tanh() - 1.0) ** 2
loss.backward()
draw(loss, engine="builtin")

# %% [markdown]
# ### "relu lets everything through that is positive, so the gradient is always 1 or something"
#
# A neuron that is off passes nothing back: not a small gradient, none. The cut arrow says so.

# %%
off = (Value(1.0, "w") * -2.0 + 0.5).relu()
off.backward()
draw(off, engine="builtin")

# %% [markdown]
# ### "backward() gives the gradient, whenever it is called"
#
# It *adds* it. After two calls the leaf holds twice the derivative (lesson 3).

# %%
v = Value(2.0, "v")
for _ in range(2):
    twice = v * 3.0
    twice.backward()
draw(twice, engine="builtin")

# %% [markdown]
# ### "math.sqrt is as good as autograd.sqrt"
#
# One arrow is missing, and nothing complains (lesson 2).

# %%
v = Value(4.0, "v")
wrong = v * math.sqrt(v)
wrong.backward()
draw(wrong, engine="builtin")

# %% [markdown]
# ## Answers

# %%
ANSWERS = {
    "1.1": 3 * 2**2 - 2,
    "1.2": 1 / 3,
    "1.3": lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),
    "2.1": 2 * math.e,
    "2.2": 2 * (math.tanh(0.7) - 1) * (1 - math.tanh(0.7) ** 2),
    "2.3": lambda a, b: [1 / b, -a / b**2],
    "3.1": (3 + 5) * 2 * 2,
    "3.2": 4,
    "3.3": 2 * 20,
    "4.1": 5 * (3 + 1) + 2 * (5 + 1),
    "4.2": 0,
    "4.3": lambda w1, b1, w2, b2: [w2 * w1, w2 * b1 + b2],
    "5.1": math.log(10),
    "5.2": lambda s0, s1: 1 / (1 + math.exp(s0 - s1)),
    "5.3": math.e / (math.e**2 + math.e + math.exp(0.1)),
    "6.1": 1 / (1 + math.exp(-4)),
    "6.2": lambda W, d: [sum(W[j][k] * d[j] for j in range(len(d))) for k in range(len(W[0]))],
    "6.3": -0.06,
    "7.1": 0.01 / (1 - 0.9),
    "7.2": 0.02,
    "7.3": lambda w, g, s, eta: w - eta * g / (s + g * g) ** 0.5,
    "8.1": 1000 * 100 + 100 * 10,
    "8.2": "b",
    "8.3": 64 * 101_000,
    "9.1": 3,
    "9.2": "c",
    "9.3": 500 * 2000,
    "10.1": math.log(3),
    "10.2": (0.2 - 1) / 300,
    "10.3": 1e-3 * 3,
    "11.1": 0,
    "11.2": 3,
    "11.3": "c",
    "12.1": 0.25**10,
    "12.2": math.sqrt(2 / 64),
    "12.3": "b",
    "13.1": 0.9**50,
    "13.2": lambda u, h0, x1, x2: 2 * u * h0 + x1,
    "13.3": 0.98**50,
    "14.1": 8 - 3 + 1,
    "14.2": 3 * 3 + 1,
    "14.3": 1 + 2 + 3,
    "15.1": 3.01,
    "15.2": lambda f, x: f(complex(x, 1e-20)).imag / 1e-20,
    "15.3": lambda x, r: [r * (1 - 2 * x), x * (1 - x)],
    "16.1": grad(grad(grad(grad(cos))))(1.0),
    "16.2": 2 - (math.exp(2) - 2) / math.exp(2),
    "16.3": -1 / 2,
    "17.1": 2,
    "17.2": lambda b, sx, sy: b * sy / sx,
    "17.3": "b",
    "18.1": 4 * 16 * 16,
    "18.2": 1 / 5,
    "18.3": 0.5 * (2 - 0.5),
    "19.1": 0,
    "19.2": "a",
    "19.3": 0.5,
}
verdicts = {number: check_exercise(number, answer) for number, answer in ANSWERS.items()}
print(sum(map(bool, verdicts.values())), "of", len(verdicts), "right")

# %%
assert all(verdicts.values()), [v for v in verdicts.values() if not v]
assert len(verdicts) == 3 * 19
assert square.parents == (a, a)
assert w.grad == 0.0
assert v.grad == 2.0
