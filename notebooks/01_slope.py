# %% [markdown]
# # 1. Slope
#
# **Question.** A program turns a number $x$ into a number $f(x)$. You may turn the knob $x$ a little.
# Which way, and how much, does the output move? And how precisely can a computer say so?
#
# Everything later in this course (neurons, networks, a tiny language model) is this question asked for
# thousands of knobs at once. Here there is one knob.

# %%
import math

from autograd import Value, grad, sin
from nn.course import check_exercise
from nn.plot import chart


def f(x):
    return x * sin(x)


print(f(2.5))

# %% [markdown]
# ## A picture of the slope
#
# Draw a line through the curve at $x$ and at $x + h$. Its slope is the *difference quotient*
#
# $$ D_h f(x) = \frac{f(x + h) - f(x)}{h}. \tag{1.1} $$
#
# As $h$ shrinks the line settles. The slope it settles on is the derivative:
#
# $$ f'(x) = \lim_{h \to 0} D_h f(x). \tag{1.2} $$

# %%
x0 = 2.5
xs = [0.05 * i for i in range(30, 80)]
curves = {"f(x) = x sin x": (xs, [f(x) for x in xs])}
for h in (1.2, 0.6, 0.01):
    slope = (f(x0 + h) - f(x0)) / h
    curves[f"h = {h}: slope {slope:.3f}"] = (xs, [f(x0) + slope * (x - x0) for x in xs])
chart(curves, y="f(x)", span=(-2.6, 3.6))

# %% [markdown]
# School calculus gives the limit exactly. By the product rule
#
# $$ f'(x) = \sin x + x \cos x. \tag{1.3} $$
#
# At $x = 2.5$ this is about $-1.40$: a little more $x$ means 1.4 times as much less $f$.
#
# **Predict.** Make $h$ ten times smaller. Does the error of (1.1) become ten times smaller, a hundred times,
# or does it depend? Then run the cell.

# %%
exact = math.sin(x0) + x0 * math.cos(x0)
for h in (1.0, 0.1, 0.01, 0.001):
    quotient = (f(x0 + h) - f(x0)) / h
    print(f"h = {h:<6} quotient {quotient:+.6f}   error {abs(quotient - exact):.1e}")

# %% [markdown]
# Ten times smaller. Taylor's theorem says why: with some $\xi$ between $x$ and $x + h$,
#
# $$ D_h f(x) - f'(x) = \tfrac{1}{2} h f''(\xi). \tag{1.4} $$
#
# ## Why not simply take a tiny $h$?
#
# A double has about 16 digits. $f(x+h)$ and $f(x)$ agree in more and more of them as $h$ shrinks, and the
# subtraction throws those away. What is left carries a rounding error of size $u\,|f|$ with
# $u = 2^{-53} \approx 10^{-16}$, and (1.1) divides it by $h$:
#
# $$ \text{error} \approx \tfrac{1}{2} h\,|f''| + \frac{2u\,|f|}{h}. \tag{1.5} $$
#
# One term falls with $h$, one rises. The best compromise is near $h = 10^{-8}$, and even there **half of the
# digits are gone**. Taking both sides cancels the first term of the Taylor series,
#
# $$ C_h f(x) = \frac{f(x + h) - f(x - h)}{2h} = f'(x) + \tfrac{1}{6} h^2 f'''(\xi), \tag{1.6} $$
#
# which is better, and still loses a third of the digits.

# %%
hs = [10.0 ** (-k / 4) for k in range(2, 58)]
one_sided = [abs((f(x0 + h) - f(x0)) / h - exact) for h in hs]
central = [abs((f(x0 + h) - f(x0 - h)) / (2 * h) - exact) for h in hs]
errors = {"one-sided (1.1)": (hs, one_sided), "central (1.6)": (hs, central)}
chart(points=errors, x="h", y="error", log="xy")

# %% [markdown]
# ## The smallest code that is exact
#
# The computer knows more than $f$'s output: it knows every operation on the way there. `Value` writes them
# down, and the derivative of each operation is a formula from a table. No limit, no $h$.

# %%
x = Value(x0, label="x")
y = f(x)
y.backward()
print(f"f(x0)  = {y.data:.6f}")
print(f"f'(x0) = {x.grad:.6f}")
print("within one rounding of (1.3):", abs(x.grad - exact) <= math.ulp(exact))

# %% [markdown]
# `f` did not change: the same function takes a float and a `Value`. How that works is the subject of the
# next two lessons. Where only the number matters, `grad` turns a function into its derivative.
#
# ## What a slope is good for: walking downhill
#
# If $f'(x) > 0$, a smaller $x$ gives a smaller $f$; if $f'(x) < 0$, a larger one does. So step against the
# slope:
#
# $$ x \leftarrow x - \eta\, f'(x). \tag{1.7} $$
#
# That is gradient descent, whole. It stops where $f' = 0$.

# %%
slope = grad(f)
path = [2.5]
for _ in range(40):
    path.append(path[-1] - 0.1 * slope(path[-1]))
xs = [0.05 * i for i in range(30, 120)]
chart({"f": (xs, [f(x) for x in xs])}, {"steps": (path, [f(x) for x in path])}, y="f(x)")

# %% [markdown]
# ## Many knobs: what finite differences really cost
#
# With $n$ knobs, (1.1) needs one more evaluation of $f$ *for each knob*. The engine needs one evaluation and
# one walk back.

# %%
calls = 0


def bowl(v):
    global calls
    calls += 1
    return sum((x - i) ** 2 for i, x in enumerate(v))


start, h = [1.0] * 50, 1e-6
base = bowl(start)
by_differences = [(bowl([*start[:i], start[i] + h, *start[i + 1 :]]) - base) / h for i in range(50)]
print("evaluations by differences:", calls)
calls = 0
by_engine = grad(bowl)(start)
print("evaluations by the engine: ", calls)

# %% [markdown]
# ## Exercises
#
# **1.1** What is the slope of $x^3 - 2x$ at $x = 2$?
#
# <details><summary>Hint 1</summary>
#
# The slope of a power: bring the exponent down, and lower it by one.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $3x^2 - 2$ at $x = 2$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("1.1", answer)

# %% [markdown]
# **1.2** The walk (1.7) on $f(x) = 3x^2$: from which step $\eta$ on does it no longer settle?
#
# <details><summary>Hint 1</summary>
#
# One step multiplies the distance to the minimum by $1 - \eta f''$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# It shrinks while that factor lies between $-1$ and $1$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("1.2", answer)

# %% [markdown]
# **1.3** Write a function of $(f, x, h)$ that returns the central difference (1.6), and give the function
# itself as the answer.
#
# <details><summary>Hint 1</summary>
#
# Begin with `def answer(f, x, h):`.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Two evaluations, one on each side; the distance between them is $2h$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("1.3", answer)

# %% [markdown]
# ## Summary
#
# - A derivative is the slope that difference quotients settle on.
# - Differences lose half of the digits, or a third; the engine loses none, since it differentiates
#   operations.
# - Gradient descent steps against the slope.
# - Differences cost one evaluation a knob; the engine one evaluation and one walk back.

# %% tags=["folded"]
assert abs(x.grad - exact) <= math.ulp(exact)  # the engine has no h and loses no digits
assert 1e-12 < min(one_sided) < 1e-7  # one-sided differences: half of the digits
assert min(central) < min(one_sided)  # central ones: a third lost
assert abs(slope(path[-1])) < 1e-3  # the walk ends where the slope is zero
assert calls == 1  # fifty derivatives from one evaluation
assert all(abs(a - b) < 1e-3 for a, b in zip(by_differences, by_engine))
