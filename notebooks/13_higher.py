# %% [markdown]
# # 13. Higher derivatives
#
# **Question.** A gradient is a number computed by a program of additions and multiplications. Such programs
# are what the engine differentiates. So can it differentiate its own gradient? And what can one do with the
# second derivative?

# %%
# %matplotlib inline
import math

import matplotlib.pyplot as plt

from autograd import Value, draw, exp, grad, gradients, hessian, hvp, sin, sqrt, value_and_grad

# %% [markdown]
# ## The gradient is a graph
#
# With `create_graph=True` the backward pass writes down what it does: each product (2.3) becomes a node. The
# result is a `Value` with a history of its own. For $y = x^3$:
#
# $$ y' = 3x^2, \qquad y'' = 6x, \qquad y''' = 6, \qquad y'''' = 0. \tag{13.1} $$

# %%
x = Value(2.0, "x")
y = x**3
order = [y]
for _ in range(4):
    order.append(gradients(order[-1], x, create_graph=True))
print([float(v) for v in order])

# %% [markdown]
# Here is the second derivative of $\sin x \cdot x$ as the engine builds it. Nobody derived it; the rules of
# the table were run on nodes in place of numbers.

# %%
t = Value(0.7, "x")
first = gradients(sin(t) * t, t, create_graph=True)
second = gradients(first, t, create_graph=True)
print(f"by hand 2 cos x - x sin x = {2 * math.cos(0.7) - 0.7 * math.sin(0.7):.6f}, engine {second.data:.6f}")
draw(second)

# %% [markdown]
# `grad` nests, so higher derivatives are a matter of writing it again:


# %%
def f(x):
    return exp(-x * x)


derivatives = [f]
for _ in range(4):
    derivatives.append(grad(derivatives[-1]))
xs = [-3.0 + 0.05 * i for i in range(121)]
figure, ax = plt.subplots(figsize=(6.6, 3.4))
for k, (g, colour) in enumerate(zip(derivatives, ("#000000", "#0072B2", "#009E73", "#D55E00"))):
    ax.plot(xs, [g(x) for x in xs], label="f" + k * "'", color=colour, linewidth=1.4)
ax.set(title="exp(-x²) and its derivatives", xlabel="x")
ax.legend()
ax.grid(alpha=0.3)
print("f''''(0) =", derivatives[4](0.0), "(by the series of exp: 12)")

# %% [markdown]
# ## Newton's method
#
# Gradient descent knows the slope only. Taylor's theorem with the second derivative makes a parabola of the
# function,
#
# $$ f(x + s) \approx f(x) + f'(x)\,s + \tfrac12 f''(x)\,s^2, \tag{13.2} $$
#
# whose lowest point is at $s = -f'(x)/f''(x)$. Jump there:
#
# $$ x \leftarrow x - \frac{f'(x)}{f''(x)}. \tag{13.3} $$
#
# The number of right digits doubles in each step.


# %%
def g(x):
    return exp(x) - 2.0 * x


target = math.log(2.0)  # where g'(x) = exp(x) - 2 = 0
slope, curvature = grad(g), grad(grad(g))
newton, descent = [2.0], [2.0]
for _ in range(7):
    newton.append(newton[-1] - slope(newton[-1]) / curvature(newton[-1]))
    descent.append(descent[-1] - 0.2 * slope(descent[-1]))
print("step   error of Newton   error of descent")
for k, (a, b) in enumerate(zip(newton, descent)):
    print(f"{k:4}   {abs(a - target) if abs(a - target) > 1e-14 else 0.0:15.1e}   {abs(b - target):16.1e}")

# %% [markdown]
# ## In several variables: the Hessian
#
# The second derivatives form a matrix, $H_{ij} = \partial^2 f / \partial x_i \partial x_j$, which is
# symmetric, and (13.3) becomes a system of linear equations:
#
# $$ H s = -\nabla f. \tag{13.4} $$
#
# On Rosenbrock's banana valley $f = (1 - x)^2 + 100\,(y - x^2)^2$, which is a classic because the gradient
# points across the valley and hardly ever along it:


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
for _ in range(2000):
    p = by_descent[-1]
    d = grad(banana)(p)
    by_descent.append([p[0] - 1e-3 * d[0], p[1] - 1e-3 * d[1]])
print("Hessian at the start:", [[round(h, 6) for h in row] for row in hessian(banana)([-1.2, 1.0])])
print("8 Newton steps:     ", [f"{v:.6f}" for v in by_newton[-1]])
print("2000 descent steps: ", [f"{v:.6f}" for v in by_descent[-1]])
figure, ax = plt.subplots(figsize=(6.4, 4.0))
grid_x, grid_y = [-1.8 + 0.04 * i for i in range(91)], [-1.2 + 0.05 * i for i in range(81)]
ax.contour(
    grid_x,
    grid_y,
    [[math.log10(1e-3 + banana([a, b])) for a in grid_x] for b in grid_y],
    levels=14,
    cmap="Greys",
    linewidths=0.7,
)
ax.plot(*zip(*by_descent), color="#D55E00", linewidth=2.5, label="descent, 2000 steps")
ax.plot(*zip(*by_newton), "o-", color="#0072B2", markersize=4, linewidth=1, label="Newton, 8 steps")
ax.plot([1], [1], "*", color="black", markersize=11)
ax.set(xlim=(-1.8, 1.8), ylim=(-1.2, 2.8), xlabel="x", ylabel="y")
ax.legend(fontsize=8, loc="lower left")
plt.show()

# %% [markdown]
# With a million weights $H$ has $10^{12}$ entries, and nobody writes it down. But the product of $H$ with one
# vector costs only about as much as a gradient: it is the derivative of the gradient along that vector,
#
# $$ H v = \left.\frac{d}{d\epsilon} \nabla f(x + \epsilon v)\right|_{\epsilon = 0}. \tag{13.5} $$

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
# $$ m\,\ddot q_i = -\frac{\partial V}{\partial q_i}. \tag{13.6} $$
#
# Write the energy, and let the engine find the forces. Two masses hang on springs with rest length 1, one
# under the other, in a plane:


# %%
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


track, total = simulate([0.6, -0.8, 1.4, -1.4], 1200)
figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.8), layout="constrained")
left.plot([q[0] for q in track], [q[1] for q in track], color="#0072B2", linewidth=0.8, label="upper mass")
left.plot([q[2] for q in track], [q[3] for q in track], color="#D55E00", linewidth=0.8, label="lower mass")
left.plot([0], [0], "s", color="black", markersize=5)
left.set(aspect="equal", title="6 seconds of motion")
left.legend(fontsize=8, loc="upper right")
right.plot([0.005 * i for i in range(len(total))], total, color="black", linewidth=0.9)
right.set(title="total energy", xlabel="time", ylim=(min(total) - 2, max(total) + 2))
plt.show()
drift = max(abs(e - total[0]) for e in total)
print("energy is conserved within 1 percent of what moves:", drift < 0.01 * 40)

# %% [markdown]
# The rest position is where all forces vanish, $\nabla V = 0$, and the *Hessian* there gives the frequencies
# of small vibrations: its eigenvalues are $\omega^2$ (masses are 1). For the vertical motions (13.6) is
# linear, with springs of stiffness $k = 80$:
#
# $$ H_{\text{vertical}} = k \begin{pmatrix} 2 & -1 \\ -1 & 1 \end{pmatrix},
#    \qquad \omega^2 = k\,\frac{3 \pm \sqrt5}{2}. \tag{13.7} $$

# %%
rest = [0.0, -1.0 - 2 * 9.81 / 80, 0.0, -2.0 - 3 * 9.81 / 80]
H = hessian(energy)(rest)
vertical = [[H[1][1], H[1][3]], [H[3][1], H[3][3]]]
trace, det = (
    vertical[0][0] + vertical[1][1],
    vertical[0][0] * vertical[1][1] - vertical[0][1] * vertical[1][0],
)
root = math.sqrt(trace * trace / 4 - det)
print("forces at rest:", [abs(c) < 1e-12 for c in grad(energy)(rest)])
print("frequencies by the engine:", [f"{math.sqrt(trace / 2 + s * root):.6f}" for s in (-1, 1)])
print("frequencies by (13.7):    ", [f"{math.sqrt(80 * (3 + s * math.sqrt(5)) / 2):.6f}" for s in (-1, 1)])

# %% [markdown]
# ## Exercises
#
# **1.** $\cos$ is its own fourth derivative. Check it at $x = 1$ by nesting `grad` four times.
#
# <details><summary>Solution</summary>
#
# ```python
# from autograd import cos
#
# assert abs(grad(grad(grad(grad(cos))))(1.0) - math.cos(1.0)) < 1e-14
# ```
#
# </details>
#
# **2.** The curvature of the curve $y = f(x)$ is $\kappa = f'' / (1 + f'^2)^{3/2}$. Show with the engine that
# a circle of radius 2 has curvature $-1/2$ everywhere on its upper half.
#
# <details><summary>Solution</summary>
#
# ```python
# circle = lambda x: sqrt(4.0 - x * x)
# for at in (-1.5, 0.0, 0.3, 1.9):
#     d1, d2 = grad(circle)(at), grad(grad(circle))(at)
#     assert abs(d2 / (1 + d1 * d1) ** 1.5 + 0.5) < 1e-12
# ```
#
# </details>
#
# ## What has been shown

# %%
assert [float(v) for v in order] == [8.0, 12.0, 12.0, 6.0, 0.0]  # (13.1)
assert abs(second.data - (2 * math.cos(0.7) - 0.7 * math.sin(0.7))) < 1e-14
assert derivatives[4](0.0) == 12.0
assert abs(newton[6] - target) < 1e-14 < 1e-2 < abs(descent[3] - target)
assert all(abs(a - 1.0) < 1e-9 for a in by_newton[-1])
assert all(abs(H[i][j] - H[j][i]) < 1e-12 for i in range(4) for j in range(4))  # symmetric
assert abs(trace - 240.0) < 1e-9  # (13.7): 3k
assert abs(det - 6400.0) < 1e-6  # k squared
