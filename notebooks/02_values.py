# %% [markdown]
# # 2. Values and local derivatives
#
# **Question.** How can a program know the derivative of *any* formula, when it only knows the derivatives of
# `+`, `*`, `tanh` and a few dozen others?
#
# The answer is two ideas: remember how each number was made, and multiply along the way. Here a working
# engine of some thirty lines is built from them.

# %%
import math

import autograd
from autograd import Value, draw, explain, stepper
from nn.course import check_exercise

# %% [markdown]
# ## A formula is a graph
#
# Take one neuron with one input and a squared error, at $w = 0.5$, $x = 2$, $b = -0.3$, $y = 1$:
#
# $$ L = (\tanh(w x + b) - y)^2. \tag{2.1} $$
#
# Evaluating it means a handful of small steps, each with one or two operands. Every `Value` remembers its
# operation and its operands. That memory *is* the graph:

# %%
w, x, b, y = Value(0.5, "w"), Value(2.0, "x"), Value(-0.3, "b"), Value(1.0, "y")
m = w * x
z = m + b
a = z.tanh()
e = a - y
L = e**2
for v, name in ((m, "m"), (z, "z"), (a, "a"), (e, "e"), (L, "L")):
    v.label = name
L.backward()
draw(L)

# %% [markdown]
# Read it from left to right for the values. Each arrow carries the **local derivative**: how much the node
# at its head moves for a small move of the node at its tail, all else held still. A box knows its own local
# derivatives and nothing of the rest of the graph:
#
# | step | local derivatives |
# |---|---|
# | $m = w x$ | $\partial m / \partial w = x, \quad \partial m / \partial x = w$ |
# | $z = m + b$ | $\partial z / \partial m = 1, \quad \partial z / \partial b = 1$ |
# | $a = \tanh z$ | $\partial a / \partial z = 1 - a^2$ |
# | $e = a - y$ | $\partial e / \partial a = 1, \quad \partial e / \partial y = -1$ |
# | $L = e^2$ | $\partial L / \partial e = 2 e$ |
#
# ## The chain rule: multiply along the path
#
# If $z$ moves $a$ by a factor, and $a$ moves $e$ by a factor, then $z$ moves $e$ by the product. Along
# $w \to m \to z \to a \to e \to L$:
#
# $$ \frac{\partial L}{\partial w}
#    = \frac{\partial L}{\partial e}\,\frac{\partial e}{\partial a}\,\frac{\partial a}{\partial z}\,
#      \frac{\partial z}{\partial m}\,\frac{\partial m}{\partial w}
#    = 2e \cdot 1 \cdot (1 - a^2) \cdot 1 \cdot x. \tag{2.2} $$
#
# **Predict.** $e$ is negative, $x$ positive. Which sign has $\partial L/\partial w$, and should $w$ grow or
# shrink?

# %%
product = 2 * e.data * 1 * (1 - a.data**2) * 1 * x.data
print(f"by hand (2.2): {product:.4f}")
print(f"by the engine: {w.grad:.4f}")
print(explain(L, wrt=w))

# %% [markdown]
# Negative: a larger $w$ makes the loss smaller. `explain` shows the work for any graph. The stepper walks
# through it, forwards and backwards (buttons, or arrow keys):

# %%
stepper(L, engine="builtin")

# %% [markdown]
# ## The smallest engine
#
# Nothing else is needed. Each number carries `data`, what it was made from, and the local derivatives *as
# numbers*. Going back, each node hands to every operand
#
# $$ \text{operand.grad} \mathrel{+}= \text{local derivative} \times \text{node.grad}. \tag{2.3} $$

# %%
class Number:
    def __init__(self, data, edges=()):
        self.data, self.edges, self.grad = data, edges, 0.0

    def __add__(self, other):
        return Number(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __sub__(self, other):
        return Number(self.data - other.data, [(self, 1.0), (other, -1.0)])

    def __mul__(self, other):
        return Number(self.data * other.data, [(self, other.data), (other, self.data)])

    def tanh(self):
        t = math.tanh(self.data)
        return Number(t, [(self, 1 - t * t)])

    def backward(self):
        order, seen = [], set()

        def visit(node):  # parents first; the next lesson is about this order
            if node not in seen:
                seen.add(node)
                for parent, _ in node.edges:
                    visit(parent)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for parent, local in node.edges:
                parent.grad += local * node.grad  # (2.3)

# %% tags=["folded"]
w2, x2, b2, y2 = Number(0.5), Number(2.0), Number(-0.3), Number(1.0)
e2 = (w2 * x2 + b2).tanh() - y2
(e2 * e2).backward()
print("thirty lines:", [round(v.grad, 6) for v in (w2, x2, b2, y2)])
print("the engine:  ", [round(v.grad, 6) for v in (w, x, b, y)])
far, far2 = Value(20.0), Number(20.0)
far.tanh().backward()
far2.tanh().backward()
print("tanh'(20):", far2.grad, "by thirty lines,", far.grad, "by the engine")

# %% [markdown]
# Thirty lines give the same gradients. Why, then, is the real engine larger? The last line says it:
# $\tanh 20$ rounds to 1, so $1 - \tanh^2$ loses every digit. The real engine computes the same function as
# $4 / (e^z + e^{-z})^2$, made of positive terms only. All its rules stand in one table, written like that.
#
# ## A trap: `math.sqrt(v)` drops the gradient without a word
#
# Functions of the module `math` turn their argument into a float, so what they return has no memory:

# %%
v = Value(4.0, "v")
wrong = v * math.sqrt(v)  # math.sqrt(v) is the plain float 2.0
wrong.backward()
print("value", wrong.data, " derivative", v.grad)
draw(wrong)

# %% [markdown]
# The value is right. But $\frac{d}{dv} v^{3/2} = \frac{3}{2}\sqrt{v} = 3$ at $v = 4$, and the engine was
# told that the second factor is a constant. Draw a graph when in doubt: a missing arrow is easy to see. The
# remedy is `autograd.sqrt`: every function of `math` that has a derivative stands in `autograd` under the
# same name.
#
# ## Exercises
#
# **2.1** What is the derivative of $e^x \cdot x$ at $x = 1$?
#
# <details><summary>Hint 1</summary>
#
# Two arrows leave $x$: one into the exponential, one into the product.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $e^x x + e^x$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("2.1", answer)

# %% [markdown]
# **2.2** What is $\partial L/\partial b$ for (2.1), at the numbers above? Four digits.
#
# <details><summary>Hint 1</summary>
#
# Only the last factor of (2.2) changes.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $\partial z/\partial b = 1$ takes the place of $1 \cdot x$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("2.2", answer)

# %% [markdown]
# **2.3** The local derivatives of a division: write a function of $(a, b)$ that returns the list of
# $\partial(a/b)/\partial a$ and $\partial(a/b)/\partial b$.
#
# <details><summary>Hint 1</summary>
#
# $a/b = a \cdot b^{-1}$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The second one is $-a/b^2$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("2.3", answer)

# %% [markdown]
# ## Summary
#
# - A formula is a graph; each arrow has a local derivative, known at once.
# - Chain rule: multiply along a path.
# - `backward` hands local derivative times gradient to every operand.
# - What leaves the graph (`math.sqrt`) is a constant for the engine.

# %% tags=["folded"]
right = Value(4.0)
(right * autograd.sqrt(right)).backward()
assert abs(w.grad - product) < 1e-15  # (2.2)
assert all(abs(p.grad - q.grad) < 1e-15 for p, q in ((w, w2), (x, x2), (b, b2), (y, y2)))
assert far2.grad == 0.0  # the textbook form of tanh' loses every digit
assert abs(far.grad / (4 * math.exp(-40)) - 1) < 1e-12  # the table's form none
assert right.grad == 3.0
assert wrong.parents == (v,)  # math.sqrt left a constant
