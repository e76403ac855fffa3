# %% [markdown]
# # 1. Slope
#
# **Question.** A program turns a number $x$ into a number $f(x)$. You may turn the knob $x$ a little.
# Which way, and how much, does the output move? And how precisely can a computer say so?
#
# Everything later in this course (neurons, networks, a tiny language model) is this question asked for
# thousands of knobs at once. Here there is one knob.

# %%
# %matplotlib inline
import math

import matplotlib.pyplot as plt

from autograd import Value, grad, sin


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
figure, ax = plt.subplots(figsize=(6.4, 3.6))
ax.plot(xs, [f(x) for x in xs], color="black", label="f(x) = x sin x")
for h, colour in ((1.2, "#56B4E9"), (0.6, "#0072B2"), (0.01, "#D55E00")):
    slope = (f(x0 + h) - f(x0)) / h
    ax.plot(
        xs,
        [f(x0) + slope * (x - x0) for x in xs],
        color=colour,
        linewidth=1.2,
        label=f"h = {h}: slope {slope:.3f}",
    )
ax.plot([x0], [f(x0)], "o", color="black")
ax.set(xlabel="x", ylabel="f(x)", ylim=(-2.6, 3.6))
ax.legend(fontsize=8)
ax.grid(alpha=0.3)

# %% [markdown]
# School calculus gives the limit exactly. By the product rule
#
# $$ f'(x) = \sin x + x \cos x. \tag{1.3} $$
#
# At $x = 2.5$ this is about $-1.40$: a little more $x$ means 1.4 times as much less $f$.

# %%
exact = math.sin(x0) + x0 * math.cos(x0)
for h in (1.0, 0.1, 0.01, 0.001):
    quotient = (f(x0 + h) - f(x0)) / h
    print(f"h = {h:<6} quotient {quotient:+.6f}   error {abs(quotient - exact):.1e}")
print(f"exact         {exact:+.6f}")

# %% [markdown]
# Ten times smaller $h$, ten times smaller error. Taylor's theorem says why: with some $\xi$ between $x$ and
# $x + h$,
#
# $$ D_h f(x) - f'(x) = \tfrac{1}{2} h f''(\xi). \tag{1.4} $$
#
# ## Why not simply take a tiny $h$?
#
# A double has about 16 digits. $f(x+h)$ and $f(x)$ agree in more and more of them as $h$ shrinks, and the
# subtraction throws those away. What is left carries the rounding error of size $u\,|f|$ with
# $u = 2^{-53} \approx 1.1 \cdot 10^{-16}$, and (1.1) divides it by $h$:
#
# $$ \text{error} \approx \tfrac{1}{2} h\,|f''| + \frac{2u\,|f|}{h}. \tag{1.5} $$
#
# One term falls with $h$, one rises. The best compromise is $h \approx 2\sqrt{u |f| / |f''|}$, about
# $10^{-8}$, and even there **half of the digits are gone**. Averaging both sides cancels the first term of
# the Taylor series,
#
# $$ C_h f(x) = \frac{f(x + h) - f(x - h)}{2h} = f'(x) + \tfrac{1}{6} h^2 f'''(\xi), \tag{1.6} $$
#
# which is better, and still loses a third of the digits.

# %%
hs = [10.0 ** (-k / 4) for k in range(2, 58)]
forward = [abs((f(x0 + h) - f(x0)) / h - exact) for h in hs]
central = [abs((f(x0 + h) - f(x0 - h)) / (2 * h) - exact) for h in hs]
figure, ax = plt.subplots(figsize=(6.4, 3.6))
ax.loglog(hs, forward, "o", markersize=3, color="#D55E00", label="one-sided (1.1)")
ax.loglog(hs, central, "^", markersize=3, color="#0072B2", label="central (1.6)")
ax.axhline(2.0**-53, color="black", linewidth=1, linestyle="--", label="rounding unit u")
ax.set(xlabel="step h", ylabel="error")
ax.legend(fontsize=8, loc="lower right")
ax.grid(alpha=0.3)

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
# `f` did not change: the same function takes a float and a `Value`. How the engine does it is the subject of
# the next two notebooks. Where only the number matters, `grad` turns a function into its derivative:

# %%
slope = grad(f)
print([round(slope(t), 4) for t in (0.0, 1.0, 2.0, 3.0)])

# %% [markdown]
# ## What a slope is good for: walking downhill
#
# If $f'(x) > 0$, a smaller $x$ gives a smaller $f$; if $f'(x) < 0$, a larger one does. So step against the
# slope:
#
# $$ x \leftarrow x - \eta\, f'(x). \tag{1.7} $$
#
# That is gradient descent, whole. It stops where $f' = 0$.

# %%
path = [2.5]
for _ in range(40):
    path.append(path[-1] - 0.1 * slope(path[-1]))
xs = [0.05 * i for i in range(30, 120)]
figure, ax = plt.subplots(figsize=(6.4, 3.2))
ax.plot(xs, [f(x) for x in xs], color="black")
ax.plot(path, [f(x) for x in path], "o-", color="#D55E00", markersize=4, linewidth=0.8)
ax.set(
    xlabel="x",
    ylabel="f(x)",
    title=f"from x = 2.5 to x = {path[-1]:.3f}, where the slope is {slope(path[-1]):.1e}",
)
ax.grid(alpha=0.3)

# %% [markdown]
# ## Many knobs: what finite differences really cost
#
# With $n$ knobs, (1.1) needs one extra evaluation of $f$ *for each knob*. Let us count evaluations for a
# function of 50 variables, and then ask the engine, which needs one evaluation and one walk back.

# %%
calls = 0


def bowl(v):
    global calls
    calls += 1
    return sum((x - i) ** 2 for i, x in enumerate(v))


start = [1.0] * 50
base, h = bowl(start), 1e-6
by_differences = [(bowl([*start[:i], start[i] + h, *start[i + 1 :]]) - base) / h for i in range(50)]
print("evaluations by differences:", calls)
calls = 0
by_engine = grad(bowl)(start)
print("evaluations by the engine: ", calls)
print("they agree to 1e-3:        ", all(abs(a - b) < 1e-3 for a, b in zip(by_differences, by_engine)))

# %% [markdown]
# ## Exercises
#
# **1.** At which $h$ is the one-sided quotient of $e^x$ at $x = 0$ best, and how good is it? Predict both
# from (1.5) first.
#
# <details><summary>Solution</summary>
#
# Here $f = f'' = 1$, so the best step is about $2\sqrt u \approx 2 \cdot 10^{-8}$, where (1.5) gives about
# $2\sqrt u \approx 2 \cdot 10^{-8}$ as a bound (rounding is often kinder than its bound).
#
# ```python
# errors = {h: abs((math.exp(h) - math.exp(0.0)) / h - 1.0) for h in (10.0**-k for k in range(1, 16))}
# best = min(errors, key=errors.get)
# assert 1e-9 <= best <= 1e-7
# assert errors[best] < 4e-8
# ```
#
# </details>
#
# **2.** Change the step $\eta$ in (1.7). From which size on does the walk no longer settle? (Hint: near the
# minimum $x^*$, $f'(x) \approx f''(x^*)\,(x - x^*)$, so one step multiplies the distance by
# $1 - \eta f''(x^*)$.)
#
# <details><summary>Solution</summary>
#
# The distance shrinks while $|1 - \eta f''(x^*)| < 1$, that is $\eta < 2 / f''(x^*)$. The engine
# differentiates twice as happily as once:
#
# ```python
# limit = 2.0 / grad(grad(f))(path[-1])
#
#
# def walk(eta, steps=400):
#     x = path[-1] + 0.01
#     for _ in range(steps):
#         x = x - eta * slope(x)
#     return abs(x - path[-1])
#
#
# assert walk(0.95 * limit) < 1e-6
# assert walk(1.05 * limit) > 0.01
# ```
#
# </details>
#
# ## What has been shown

# %%
assert abs(x.grad - exact) <= math.ulp(exact)  # the engine has no h and loses no digits
assert 1e-12 < min(forward) < 1e-7  # one-sided differences: half of the digits
assert min(central) < min(forward)  # central ones: a third lost
assert abs(slope(path[-1])) < 1e-3  # the walk ends where the slope is zero
assert calls == 1  # fifty derivatives from one evaluation
