# %% [markdown]
# # 12. Checking gradients
#
# **Question.** A wrong gradient does not crash. Training just goes a little worse than it could. How do you
# find out that a derivative is wrong, and how sure can you be that it is right?

# %%
# %matplotlib inline
import cmath
import math

import matplotlib.pyplot as plt
from hypothesis import HealthCheck, given, settings

from autograd import Value, custom_op, exp, expm1, gradients, log, ops, sin, tanh
from autograd.testing import check_grads, diagnose, gradcheck, oracle, strategies, ulps

# %% [markdown]
# ## The obvious check, and what it misses
#
# Compare with the central difference (1.6). It is right up to $\tfrac16 h^2 f'''$ and rounding of size
# $u|f|/h$. So it cannot see an error smaller than about
#
# $$ \epsilon_{\text{blind}} \approx u^{2/3} \approx 2 \cdot 10^{-11}
#    \quad\text{(relative, at the best step } h \approx u^{1/3}\text{)}, \tag{12.1} $$
#
# and in practice people allow $10^{-6}$ to $10^{-3}$. Here are three *wrong* rules for derivatives. Each
# looks right at $x = 1$:

# %%
suspects = {
    "expm1' = y + 1": (math.expm1, lambda y, x: y + 1.0, math.exp),
    "tanh' = 1 - y*y": (math.tanh, lambda y, x: 1.0 - y * y, lambda x: 1.0 / math.cosh(x) ** 2),
    "sin' = cos * 1.0000001": (math.sin, lambda y, x: math.cos(x) * 1.0000001, math.cos),
}


def relative(a, b):
    return abs(a - b) / abs(b)


print(f"{'rule':24} {'at':>5} {'against differences':>20} {'against the truth':>18}")
for name, (f, rule, truth) in suspects.items():
    for x in (1.0, -30.0 if "expm1" in name else 18.0):
        h = 1e-5 * max(abs(x), 1.0)
        difference = (f(x + h) - f(x - h)) / (2 * h)
        by_difference = abs(rule(f(x), x) - difference)
        first = "passes" if by_difference < 1e-6 else "FAILS"
        second = "passes" if relative(rule(f(x), x), truth(x)) < 1e-12 else "FAILS"
        print(f"{name:24} {x:5} {first:>20} {second:>18}")

# %% [markdown]
# With a tolerance of $10^{-6}$ differences pass all three, everywhere. Two lessons: the first two rules are
# right in algebra and wrong in floating point, so *where* you test matters; and a better reference than one
# difference is needed.
#
# ## Better references
#
# **The complex step.** For a smooth function put the step in the imaginary direction. There is no difference,
# so there is no cancellation, and $h$ can be absurdly small:
#
# $$ f(x + ih) = f(x) + ih f'(x) - \tfrac12 h^2 f''(x) - \dots
#    \quad\Rightarrow\quad f'(x) = \frac{\operatorname{Im} f(x + ih)}{h} + O(h^2). \tag{12.2} $$

# %%
x, exact = 1.3, math.cos(1.3) * math.exp(math.sin(1.3))
print("complex step, h = 1e-200:", f"{cmath.exp(cmath.sin(complex(x, 1e-200))).imag / 1e-200:.15f}")
print("exact:                   ", f"{exact:.15f}")

# %% [markdown]
# **Richardson's extrapolation.** The error of (1.6) is $c_2 h^2 + c_4 h^4 + \dots$. Two steps $h$ and $h/2$
# let one cancel the first term, and so on:
#
# $$ R(h) = \frac{4\,C_{h/2} - C_h}{3} = f'(x) + O(h^4). \tag{12.3} $$


# %%
def central(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


def richardson(f, x, h):
    c = [central(f, x, h / 2**k) for k in range(3)]
    first = [(4 * c[k + 1] - c[k]) / 3 for k in range(2)]
    return (16 * first[1] - first[0]) / 15


f = lambda t: math.exp(math.sin(t))  # noqa: E731
hs = [10.0 ** (-k / 4) for k in range(2, 49)]
figure, ax = plt.subplots(figsize=(6.6, 3.6))
ax.loglog(
    hs,
    [abs(central(f, x, h) - exact) + 1e-17 for h in hs],
    "^",
    markersize=6,
    markerfacecolor="none",
    color="#0072B2",
    label="central (1.6)",
)
ax.loglog(
    hs,
    [abs(richardson(f, x, h) - exact) + 1e-17 for h in hs],
    "o",
    markersize=3,
    color="#D55E00",
    label="three levels (12.3)",
)
ax.loglog(
    hs,
    [abs(cmath.exp(cmath.sin(complex(x, h))).imag / h - exact) + 1e-17 for h in hs],
    "s",
    markersize=3,
    color="#009E73",
    label="complex step (12.2)",
)
ax.set(xlabel="step h", ylabel="error")
ax.legend(fontsize=8)
ax.grid(alpha=0.3)

# %% [markdown]
# ## gradcheck
#
# `gradcheck` uses these: the complex step wherever every operation allows it, else Richardson with an error
# estimate. It checks each operation of your function by itself and then the whole, so that it can point at
# the culprit. (The last digits of `numeric` are those of your machine's functions. The tests of this notebook
# compare its reports' derivatives to nine digits, and of `ulp` and `relative` whether they are rounding,
# below $10^{-9}$.)

# %% tags=["report"]
print(gradcheck(lambda w, x, b: tanh(w * x + b) ** 2, (0.5, 2.0, -0.3), raise_exception=False))

# %% [markdown]
# Now an operation of our own. `custom_op` takes a value and its local derivatives, like a row of the table.
# Someone forgot the factor 2:

# %% tags=["report"]
wrong = custom_op("gauss_wrong", lambda x: exp(-x * x), lambda y, x: (-x * y,))
right = custom_op("gauss", lambda x: exp(-x * x), lambda y, x: (-2.0 * x * y,))
report = gradcheck(lambda x, y: wrong(x) * sin(y), (0.7, 1.1), raise_exception=False)
print("passed:", bool(report))
print(str(report).split(", recorded at")[0])

# %%
print("right one passes:", gradcheck(lambda x, y: right(x) * sin(y), (0.7, 1.1)))
print("to second order, both modes:", len(check_grads(right, (0.7,)).entries), "derivatives checked")

# %% [markdown]
# ### The silent bug of notebook 2, found
#
# `math.sqrt` inside a function drops a part of the graph. Local rules are all right then; only the check of
# the whole can see it: recorded once more beside the point, the graph holds the same operations but another
# constant, and what a constant changes no gradient knows:

# %% tags=["report"]
report = gradcheck(lambda v: v * math.sqrt(v), (4.0,), raise_exception=False)
print(report)

# %% [markdown]
# ### A kink is not an error
#
# At 0 the function $|x|$ has a slope on the left and another one on the right. No derivative is right there,
# and the check says so:

# %%
print(gradcheck(abs, (0.0,), raise_exception=False))

# %% [markdown]
# ## An oracle with fifty digits
#
# For the table's own operations even that is not enough: they promise 4 units in the last place *everywhere*.
# The reference for those is arithmetic with hundreds of bits. Look at the second rule of the table above, in
# units in the last place (ulp):

# %%
print(f"{'x':>6} {'table, ulp':>12} {'1 - y*y, relative error':>26}")
for x in (0.5, 5.0, 15.0, 20.5, 300.0):
    truth = float(oracle.derivative(ops.tanh, [x], 0))
    table = gradients(tanh(v := Value(x)), v)
    textbook = 1.0 - math.tanh(x) ** 2
    print(f"{x:6} {'4 or less' if ulps(table, truth) <= 4 else 'MORE':>12} {relative(textbook, truth):26.0e}")

# %% [markdown]
# ## Properties: what must hold for *every* function
#
# Examples test points that you thought of. A property test lets the machine think of them, and shrinks what
# fails to the smallest case. The laws of calculus are such properties:
#
# $$ (f g)' = f' g + f g', \qquad (f \circ g)' = (f' \circ g)\, g',
#    \qquad f'(x) \cdot (f^{-1})'(f(x)) = 1. \tag{12.4} $$

# %%
quiet = settings(
    max_examples=60, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
tried = 0


@quiet
@given(strategies.expressions(max_operations=6), strategies.expressions(max_operations=6))
def product_rule(f, g):
    global tried
    tried += 1
    a, left = f.graph()
    b, right = g.graph()
    product = a * b
    for leaf, da in zip(left, gradients(a, left)):
        assert math.isclose(gradients(product, leaf), da * b.data, rel_tol=1e-9, abs_tol=1e-300)
    for leaf, db in zip(right, gradients(b, right)):
        assert math.isclose(gradients(product, leaf), a.data * db, rel_tol=1e-9, abs_tol=1e-300)


@quiet
@given(strategies.floats(-20.0, 20.0))
def inverse_rule(x):
    v = Value(x)
    y = expm1(v)
    w = Value(y.data)
    back = log(1.0 + w)  # the inverse, written carelessly
    assert math.isclose(gradients(y, v) * gradients(back, w), 1.0, rel_tol=1e-6)


product_rule()
inverse_rule()
print(
    "both laws held for",
    "at least 60" if tried >= 60 else tried,
    "random pairs of graphs, and for 60 numbers",
)

# %% [markdown]
# And if a law is broken? Hypothesis hunts for the smallest number that shows it. With the wrong Gaussian from
# above:

# %%
smallest = None


@quiet
@given(strategies.floats(-3.0, 3.0))
def chain_rule(x):
    global smallest
    v = Value(x)
    slope = gradients(wrong(v), v)
    if not math.isclose(slope, -2.0 * x * math.exp(-x * x), rel_tol=1e-9, abs_tol=1e-12):
        smallest = x
        raise AssertionError(x)


try:
    chain_rule()
except AssertionError:
    print("law broken; the simplest x that shows it is", smallest)

# %% [markdown]
# ## Testing the tester
#
# A checker that never complains passes everything. So break the rules on purpose and demand that it notices:
# this is *mutation testing*.

# %%
mutants = {
    "sign": lambda y, x: (2.0 * x * y,),
    "factor": lambda y, x: (-x * y,),
    "one in a million": lambda y, x: (-2.000002 * x * y,),
    "wrong variable": lambda y, x: (-2.0 * y * y,),
    "zero": lambda y, x: (0.0 * y,),
}
caught = {}
for i, (name, rule) in enumerate(mutants.items()):
    mutant = custom_op(f"mutant_{i}", lambda x: exp(-x * x), rule)
    caught[name] = not gradcheck(mutant, (0.7,), raise_exception=False)
    print(f"{name:18} {'caught' if caught[name] else 'MISSED'}")

# %% [markdown]
# ## Who checks the checker
#
# The same holds for a whole engine. Here is one that looks right, and is right for every graph in which a
# node is used once. `diagnose` builds small graphs with it, and shows the smallest one that comes out wrong:


# %%
class Node:
    def __init__(self, data, below=()):
        self.data, self.grad, self.below = data, 0.0, below

    def __add__(self, other):
        return Node(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        return Node(self.data * other.data, ((self, other.data), (other, self.data)))

    def backward(self):
        self.grad = 1.0
        self.hand_on()

    def hand_on(self):
        for node, slope in self.below:
            node.grad += slope * self.grad
        for node, _ in self.below:
            node.hand_on()


diagnosis = diagnose(Node)
print(diagnosis)

# %% [markdown]
# And `diagnose` itself? It is held against engines with one mistake each, which it must name, and against
# right ones of other shapes, which it must leave alone.
#
# ## Exercises
#
# **1.** Write a custom operation `logistic_growth(x, r) = r x (1 - x)` with both partial derivatives, and
# check it to second order.
#
# <details><summary>Solution</summary>
#
# $\partial/\partial x = r(1 - 2x)$, $\partial/\partial r = x(1 - x)$.
#
# ```python
# growth = custom_op(
#     "logistic_growth", lambda x, r: r * x * (1.0 - x), lambda y, x, r: (r * (1.0 - 2.0 * x), x * (1.0 - x)),
#     arity=2,
# )
# assert check_grads(growth, (0.3, 3.7))
# ```
#
# </details>
#
# **2.** Find a function and a point where `gradcheck` at one point passes although the rule is wrong. What
# does that say about choosing points?
#
# <details><summary>Solution</summary>
#
# A rule can be right at one point by accident: $(x^2)' = x^2$ is right at $x = 2$ (and at 0). Test at several
# points, and at random ones.
#
# ```python
# lucky = custom_op("lucky_square", lambda x: x * x, lambda y, x: (y,))
# assert gradcheck(lucky, (2.0,))
# assert not gradcheck(lucky, (1.7,), raise_exception=False)
# ```
#
# </details>
#
# ## What has been shown

# %%
assert gradcheck(lambda w, x, b: tanh(w * x + b) ** 2, (0.5, 2.0, -0.3))
assert not gradcheck(wrong, (0.7,), raise_exception=False)
assert not report  # math.sqrt was noticed
assert gradcheck(abs, (0.0,), raise_exception=False)  # a kink is no failure
assert tried >= 60
assert smallest is not None
assert all(caught.values())
assert diagnosis.kinds == ["visited"]
