# %% [markdown]
# # 16. Higher derivatives
#
# **Question.** A gradient is a number computed by a program of additions and multiplications. Such programs
# are what the engine differentiates. So can it differentiate its own gradient? And what can one do with the
# second derivative?

# %%
import math

from autograd import Value, draw, exp, grad, gradients, hessian, hvp, sin, sqrt, value_and_grad
from nn.course import check_exercise
from nn.plot import beside, chart

# %% [markdown]
# ## The gradient is a graph
#
# With `create_graph=True` the backward pass writes down what it does: each product (2.3) becomes a node. The
# result is a `Value` with a history of its own. For $y = x^3$:
#
# $$ y' = 3x^2, \qquad y'' = 6x, \qquad y''' = 6, \qquad y'''' = 0. \tag{16.1} $$

# %%
x = Value(2.0, "x")
order = [x**3]
for _ in range(4):
    order.append(gradients(order[-1], x, create_graph=True))
print([float(v) for v in order])

# %% [markdown]
# Here is the second derivative of $x \sin x$ as the engine builds it. Nobody derived it; the rules of the
# table were run on nodes in place of numbers.

# %%
t = Value(0.7, "x")
first = gradients(sin(t) * t, t, create_graph=True)
second = gradients(first, t, create_graph=True)
print(f"by hand 2 cos x - x sin x = {2 * math.cos(0.7) - 0.7 * math.sin(0.7):.6f}, engine {second.data:.6f}")
draw(second)

# %% [markdown]
# `grad` nests, so higher derivatives are a matter of writing it again. The bell curve and its derivatives:

# %%
derivatives = [lambda x: exp(-x * x)]
for _ in range(4):
    derivatives.append(grad(derivatives[-1]))
xs = [-3.0 + 0.05 * i for i in range(121)]
chart({"f" + k * "'": (xs, [g(x) for x in xs]) for k, g in enumerate(derivatives[:4])}, title="exp(-x²)")

# %% [markdown]
# ## Newton's method
#
# Gradient descent knows the slope only. Taylor's theorem with the second derivative makes a parabola of the
# function,
#
# $$ f(x + s) \approx f(x) + f'(x)\,s + \tfrac12 f''(x)\,s^2, \tag{16.2} $$
#
# whose lowest point is at $s = -f'(x)/f''(x)$. Jump there:
#
# $$ x \leftarrow x - \frac{f'(x)}{f''(x)}. \tag{16.3} $$
#
# **Predict.** At the fourth step the error of Newton's method is about $10^{-3}$. What will it be at the
# next one: half of that, a tenth, a millionth?

# %%
def g(x):
    return exp(x) - 2.0 * x


target = math.log(2.0)  # where g'(x) = exp(x) - 2 = 0
slope, curvature = grad(g), grad(grad(g))
newton, descent = [2.0], [2.0]
for _ in range(6):
    newton.append(newton[-1] - slope(newton[-1]) / curvature(newton[-1]))
    descent.append(descent[-1] - 0.2 * slope(descent[-1]))
for k, (a, b) in enumerate(zip(newton, descent)):
    print(f"step {k}: error of Newton {max(abs(a - target), 1e-14):8.1e}   of descent {abs(b - target):8.1e}")

# %% [markdown]
# The number of right digits doubles in each step.
#
# ## In several variables: the Hessian
#
# The second derivatives form a symmetric matrix, $H_{ij} = \partial^2 f / \partial x_i \partial x_j$, and
# (16.3) becomes a system of linear equations:
#
# $$ H s = -\nabla f. \tag{16.4} $$
#
# On Rosenbrock's banana valley $f = (1 - x)^2 + 100\,(y - x^2)^2$ the gradient points across the valley and
# hardly ever along it:

# %%
def banana(v):
    return (1.0 - v[0]) ** 2 + 100.0 * (v[1] - v[0] ** 2) ** 2


def solve(H, b):
    """Solve a 2 by 2 system by Cramer's rule."""
    det = H[0][0] * H[1][1] - H[0][1] * H[1][0]
    return [(b[0] * H[1][1] - b[1] * H[0][1]) / det, (H[0][0] * b[1] - H[1][0] * b[0]) / det]


by_newton, by_descent = [[-1.2, 1.0]], [[-1.2, 1.0]]
for _ in range(8):
    p = by_newton[-1]
    s = solve(hessian(banana)(p), [-d for d in grad(banana)(p)])
    by_newton.append([p[0] + s[0], p[1] + s[1]])
for _ in range(1000):
    p = by_descent[-1]
    by_descent.append([a - 1e-3 * d for a, d in zip(p, grad(banana)(p))])
print("8 Newton steps:    ", [f"{v:.6f}" for v in by_newton[-1]])
print("1000 descent steps:", [f"{v:.6f}" for v in by_descent[-1]])
chart({"descent": tuple(zip(*by_descent))}, {"Newton": tuple(zip(*by_newton)), "minimum": ([1], [1])})

# %% [markdown]
# With a million weights $H$ has $10^{12}$ entries, and nobody writes it down. But its product with one
# vector costs only about as much as a gradient, since it is the derivative of the gradient along that
# vector:
#
# $$ H v = \left.\frac{d}{d\epsilon} \nabla f(x + \epsilon v)\right|_{\epsilon = 0}. \tag{16.5} $$

# %%
at, v = [-1.2, 1.0], [1.0, 2.0]
H = hessian(banana)(at)
print("H v, from the matrix:", [round(H[i][0] * v[0] + H[i][1] * v[1], 9) for i in range(2)])
print("H v, by hvp:         ", [round(c, 9) for c in hvp(banana, (at,), (v,))])

# %% [markdown]
# ## A physics example: from energy to motion
#
# A mechanical system is a formula for its energy. Force is minus the slope of the potential energy $V$:
#
# $$ m\,\ddot q_i = -\frac{\partial V}{\partial q_i}. \tag{16.6} $$
#
# Write the energy, and let the engine find the forces: two masses on springs of rest length 1, one under the
# other, in a plane.

# %% tags=["folded"]
def energy(q):
    x1, y1, x2, y2 = q
    upper = sqrt(x1 * x1 + y1 * y1) - 1.0
    lower = sqrt((x2 - x1) ** 2 + (y2 - y1) ** 2) - 1.0
    return 40.0 * (upper * upper + lower * lower) + 9.81 * (y1 + y2)


def simulate(q, steps, dt=0.005):
    """Leapfrog: half a kick, a drift, half a kick. Returns positions and total energy over time."""
    p, track, total = [0.0] * 4, [q], []
    potential, slope = value_and_grad(energy)(q)
    for _ in range(steps):
        total.append(potential + sum(v * v for v in p) / 2)
        p = [v - dt / 2 * s for v, s in zip(p, slope)]
        q = [a + dt * v for a, v in zip(q, p)]
        potential, slope = value_and_grad(energy)(q)
        p = [v - dt / 2 * s for v, s in zip(p, slope)]
        track.append(q)
    return track, total


track, total = simulate([0.6, -0.8, 1.4, -1.4], 800)
ways = {"upper mass": ([q[0] for q in track], [q[1] for q in track])}
ways["lower mass"] = [q[2] for q in track], [q[3] for q in track]
times = [0.005 * i for i in range(800)]
span = (min(total) - 2, max(total) + 2)
beside(
    chart(ways, title="4 seconds of motion", size=(380, 320)),
    chart({"": (times, total)}, title="total energy", x="time", y="", span=span, size=(380, 320)),
)

# %% [markdown]
# The energy is conserved, although nobody wrote down a force.
#
# ## Exercises
#
# **16.1** Nest `grad` four times around `cos`. What comes out at $x = 1$?
#
# <details><summary>Hint 1</summary>
#
# $-\sin$, $-\cos$, $\sin$, ...
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $\cos$ is its own fourth derivative.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("16.1", answer)

# %% [markdown]
# **16.2** $g(x) = e^x - 2x$: where does one step of Newton lead from $x = 2$?
#
# <details><summary>Hint 1</summary>
#
# $g' = e^x - 2$ and $g'' = e^x$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $2 - (e^2 - 2)/e^2$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("16.2", answer)

# %% [markdown]
# **16.3** The curvature of $y = f(x)$ is $\kappa = f'' / (1 + f'^2)^{3/2}$. What is it on the upper half of
# a circle of radius 2, at $x = 0.3$? Use the engine.
#
# <details><summary>Hint 1</summary>
#
# `circle = lambda x: sqrt(4.0 - x * x)`, with `sqrt` of `autograd`.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `grad(circle)` and `grad(grad(circle))`.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("16.3", answer)

# %% [markdown]
# ## Summary
#
# - The gradient is a graph, so it can be differentiated again, as often as you like.
# - Newton's method jumps to the lowest point of a parabola; its right digits double.
# - A Hessian times a vector costs about a gradient.
# - From an energy the engine finds the forces.

# %% tags=["folded"]
assert [float(v) for v in order] == [8.0, 12.0, 12.0, 6.0, 0.0]  # (16.1)
assert abs(second.data - (2 * math.cos(0.7) - 0.7 * math.sin(0.7))) < 1e-14
assert derivatives[4](0.0) == 12.0
assert abs(newton[6] - target) < 1e-13 < 1e-2 < abs(descent[3] - target)
assert all(abs(a - 1.0) < 1e-9 for a in by_newton[-1])
assert max(abs(e - total[0]) for e in total) < 0.4
