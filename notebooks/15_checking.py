# %% [markdown]
# # 15. Checking gradients
#
# **Question.** A wrong gradient does not crash. Training just goes a little worse than it could. How do you
# find out that a derivative is wrong, and how sure can you be that it is right?

# %%
import cmath
import math
import re

from autograd import custom_op, exp, gradients, sin, tanh
from autograd.testing import diagnose, gradcheck, strategies
from nn.course import check_exercise
from nn.plot import chart

# %% [markdown]
# ## The obvious check, and what it misses
#
# Compare with the central difference (1.6). It is right up to $\tfrac16 h^2 f'''$ and rounding of size
# $u|f|/h$. So it cannot see an error smaller than about
#
# $$ \epsilon_{\text{blind}} \approx u^{2/3} \approx 2 \cdot 10^{-11}
#    \quad\text{(relative, at the best step } h \approx u^{1/3}\text{)}, \tag{15.1} $$
#
# and in practice people allow $10^{-6}$. Here are three *wrong* rules. **Predict.** Which of them does a
# difference with that tolerance find, if it also looks at a point far out?

# %%
suspects = {
    "expm1' = y + 1": (math.expm1, lambda y, x: y + 1.0, math.exp, -30.0),
    "tanh' = 1 - y*y": (math.tanh, lambda y, x: 1.0 - y * y, lambda x: 1.0 / math.cosh(x) ** 2, 18.0),
    "sin' = cos * 1.0000001": (math.sin, lambda y, x: math.cos(x) * 1.0000001, math.cos, 18.0),
}
print(f"{'rule':24} {'at':>5} {'against differences':>20} {'against the truth':>18}")
for name, (f, rule, truth, far) in suspects.items():
    for x in (1.0, far):
        h = 1e-5 * max(abs(x), 1.0)
        seen = abs(rule(f(x), x) - (f(x + h) - f(x - h)) / (2 * h)) > 1e-6
        wrong = abs(rule(f(x), x) / truth(x) - 1) > 1e-12
        print(f"{name:24} {x:5} {'FAILS' if seen else 'passes':>20} {'FAILS' if wrong else 'passes':>18}")

# %% [markdown]
# None, anywhere. The first two rules are right in algebra and wrong in floating point, so *where* you test
# matters; and a better reference is needed.
#
# ## A better reference: the complex step
#
# For a smooth function put the step in the imaginary direction. There is no difference, so there is no
# cancellation, and $h$ can be absurdly small:
#
# $$ f(x + ih) = f(x) + ih f'(x) - \tfrac12 h^2 f''(x) - \dots
#    \quad\Rightarrow\quad f'(x) = \frac{\operatorname{Im} f(x + ih)}{h} + O(h^2). \tag{15.2} $$

# %%
x, exact = 1.3, math.cos(1.3) * math.exp(math.sin(1.3))
f = lambda t: math.exp(math.sin(t))  # noqa: E731
hs = [10.0 ** (-k / 4) for k in range(2, 49)]
central = [abs((f(x + h) - f(x - h)) / (2 * h) - exact) + 1e-17 for h in hs]
step = [abs(cmath.exp(cmath.sin(complex(x, h))).imag / h - exact) + 1e-17 for h in hs]
chart(points={"central (1.6)": (hs, central), "complex step (15.2)": (hs, step)}, x="h", y="error", log="xy")

# %% [markdown]
# ## gradcheck
#
# `gradcheck` uses the complex step wherever every operation allows it, else Richardson's extrapolation with
# an error estimate. It checks each operation of your function by itself and then the whole, so that it can
# point at the culprit. An operation of our own; someone forgot the factor 2:

# %%
wrong = custom_op("gauss_wrong", lambda x: exp(-x * x), lambda y, x: (-x * y,))
right = custom_op("gauss", lambda x: exp(-x * x), lambda y, x: (-2.0 * x * y,))
report = gradcheck(lambda x, y: wrong(x) * sin(y), (0.7, 1.1), raise_exception=False)
print("wrong one passes:", bool(report), "  right one passes:", bool(gradcheck(right, (0.7,))))

# %% tags=["report"]
print(re.split(", recorded at|，记录于", str(report))[0])  # without the line of the source

# %% [markdown]
# The silent bug of lesson 2, `math.sqrt` inside a function, is found too: all local rules are right then,
# but recorded once more beside the point, the graph holds another constant. And a kink is no error: at 0 the
# function $|x|$ has one slope on the left and another one on the right, and the check says so.

# %%
lost = gradcheck(lambda v: v * math.sqrt(v), (4.0,), raise_exception=False)
print("math.sqrt passes:", bool(lost))
print(gradcheck(abs, (0.0,), raise_exception=False))

# %% [markdown]
# ## Properties: what must hold for *every* function
#
# Examples test points that you thought of. A property test lets the machine think of them, and shrinks what
# fails to the smallest case. The laws of calculus are such properties, the product rule for one:
#
# $$ (f g)' = f' g + f g'. \tag{15.3} $$

# %% tags=["folded"]
from hypothesis import HealthCheck, given, settings

quiet = settings(
    max_examples=40, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
tried, smallest = 0, None


@quiet
@given(strategies.expressions(max_operations=6), strategies.expressions(max_operations=6))
def product_rule(f, g):
    global tried
    tried += 1
    a, left = f.graph()
    b, _ = g.graph()
    product = a * b
    for leaf, da in zip(left, gradients(a, left)):
        assert math.isclose(gradients(product, leaf), da * b.data, rel_tol=1e-9, abs_tol=1e-300)


@quiet
@given(strategies.floats(-3.0, 3.0))
def chain_rule(x):
    global smallest
    from autograd import Value

    v = Value(x)
    if not math.isclose(gradients(wrong(v), v), -2.0 * x * math.exp(-x * x), rel_tol=1e-9, abs_tol=1e-12):
        smallest = x
        raise AssertionError(x)


product_rule()
print("the product rule held for", "40 or more" if tried >= 40 else tried, "random pairs of graphs")
try:
    chain_rule()
except AssertionError:
    print("the wrong Gaussian breaks its law; the simplest x that shows it is", smallest)

# %% [markdown]
# ## Who checks the checker, and a whole engine
#
# A checker that never complains passes everything. So break rules on purpose and demand that it notices:
# *mutation testing*. The same holds for an engine. Here is one that looks right, and is right for every
# graph in which a node is used once; `diagnose` finds the smallest graph that comes out wrong:

# %%
mutants = {"sign": 2.0, "factor": -1.0, "one in a million": -2.000002, "zero": 0.0}
caught = {}
for i, (name, c) in enumerate(mutants.items()):
    mutant = custom_op(f"mutant_{i}", lambda x: exp(-x * x), lambda y, x, c=c: (c * x * y,))
    caught[name] = not gradcheck(mutant, (0.7,), raise_exception=False)
print(caught)


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
# ## Exercises
#
# **15.1** What does the central difference with $h = 0.1$ give for $x^3$ at $x = 1$? (The derivative is 3.)
#
# <details><summary>Hint 1</summary>
#
# $(1.1^3 - 0.9^3) / 0.2$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The error is $\tfrac16 h^2 f''' = h^2$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("15.1", answer)

# %% [markdown]
# **15.2** Write the complex step as a function of $(f, x)$ that returns $f'(x)$.
#
# <details><summary>Hint 1</summary>
#
# `complex(x, h)` with $h = 10^{-20}$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Its value's `.imag`, divided by $h$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("15.2", answer)

# %% [markdown]
# **15.3** For an operation of your own, $r\,x\,(1 - x)$: write the function of $(x, r)$ that returns the
# list of both partial derivatives.
#
# <details><summary>Hint 1</summary>
#
# First in $x$, then in $r$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $r(1 - 2x)$ and $x(1 - x)$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("15.3", answer)

# %% [markdown]
# ## Summary
#
# - Differences miss errors below their own; where one tests matters as much as how.
# - The complex step has no cancellation.
# - Test laws on random graphs, and test the tester with wrong rules.

# %% tags=["folded"]
assert gradcheck(lambda w, x, b: tanh(w * x + b) ** 2, (0.5, 2.0, -0.3))
assert not report
assert not lost  # math.sqrt was noticed
assert gradcheck(abs, (0.0,), raise_exception=False)  # a kink is no failure
assert tried >= 40
assert smallest is not None
assert all(caught.values())
assert diagnosis.kinds == ["visited"]
