# %% [markdown]
# # 2. Values and local derivatives
#
# **Question.** How can a program know the derivative of *any* formula, when it only knows the derivatives of
# `+`, `*`, `tanh` and a few dozen others?
#
# The answer is two ideas: remember how each number was made, and multiply along the way. This notebook builds
# a working engine from them in about thirty lines, and then compares it with the real one.

# %%
# %matplotlib inline
import math

import autograd
from autograd import TABLE, Value, draw, explain, stepper

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
# Read it from left to right for the values. Each arrow carries a small number: the **local derivative**, how
# much the node at its head moves for a small move of the node at its tail, all else held still. Each box
# knows its own local derivatives and nothing of the rest of the graph:
#
# | step | local derivatives |
# |---|---|
# | $m = w x$ | $\partial m / \partial w = x, \quad \partial m / \partial x = w$ |
# | $z = m + b$ | $\partial z / \partial m = 1, \quad \partial z / \partial b = 1$ |
# | $a = \tanh z$ | $\partial a / \partial z = 1 - a^2$ |
# | $e = a - y$ | $\partial e / \partial a = 1, \quad \partial e / \partial y = -1$ |
# | $L = e^2$ | $\partial L / \partial e = 2 e$ |

# %%
for v in (m, z, a, e, L):
    print(
        f"{v.label} = {v.data:+.4f}   {v.op.name:5}",
        "  ".join(f"d{v.label}/d{p.label} = {d:+.4f}" for p, d in zip(v.parents, v.local_grads)),
    )

# %% [markdown]
# ## The chain rule: multiply along the path
#
# If $z$ moves $a$ by a factor, and $a$ moves $e$ by a factor, then $z$ moves $e$ by the product. Along
# $w \to m \to z \to a \to e \to L$:
#
# $$ \frac{\partial L}{\partial w}
#    = \frac{\partial L}{\partial e}\,\frac{\partial e}{\partial a}\,\frac{\partial a}{\partial z}\,
#      \frac{\partial z}{\partial m}\,\frac{\partial m}{\partial w}
#    = 2e \cdot 1 \cdot (1 - a^2) \cdot 1 \cdot x. \tag{2.2} $$

# %%
product = 2 * e.data * 1 * (1 - a.data**2) * 1 * x.data
print(f"by hand (2.2): {product:.4f}")
print(f"by the engine: {w.grad:.4f}")

# %% [markdown]
# The engine will show its work for any graph, with names and numbers:

# %%
print(explain(L, wrt=w))

# %% [markdown]
# And it will walk through it, forwards and backwards, one step at a time. (Press the buttons, or use the
# arrow keys. Where scripts are not allowed, the finished picture stands in its place. The built-in layout
# draws the same page on every machine, with Graphviz or without.)

# %%
stepper(L, engine="builtin")

# %% [markdown]
# ## The smallest engine
#
# Nothing else is needed. Each number carries `data`, what it was made from, and the local derivatives *as
# numbers*, which are known as soon as the operation is done. Going back, each node hands to every operand
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

        def visit(node):  # parents first; the next notebook is about this order
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


w2, x2, b2, y2 = Number(0.5), Number(2.0), Number(-0.3), Number(1.0)
e2 = (w2 * x2 + b2).tanh() - y2
L2 = e2 * e2
L2.backward()
print([round(v.grad, 6) for v in (w2, x2, b2, y2)])
print([round(v.grad, 6) for v in (w, x, b, y)])

# %% [markdown]
# Thirty lines give the same gradients. Why, then, is the real engine larger? Because it has to be right in
# the ugly places too. Try the rule $\tanh' = 1 - \tanh^2$ at $z = 20$:

# %%
far, far2 = Value(20.0), Number(20.0)
far.tanh().backward()
far2.tanh().backward()
print("thirty lines:", far2.grad)
print("the engine:  ", far.grad)
print("truth:       ", 4 * math.exp(-40))

# %% [markdown]
# $\tanh 20$ rounds to 1, so $1 - \tanh^2$ loses every digit. The table's row for tanh computes the same
# function as $\operatorname{sech}^2 z = 4 / (e^z + e^{-z})^2$, made of positive terms only. Every rule in the
# table is written like that.
#
# ## The table of operations
#
# An operation is one row: its value, its local derivatives, how it is written, where to look it up.
# Everything else (operators, pictures, derivations, the compiler) reads the rows.

# %%
row = TABLE["tanh"]
print("value      ", row.value(0.7))
print("derivative ", row.partials(row.value(0.7), 0.7))
print("source     ", row.source)

# %% [markdown]
# ## A trap: `math.sqrt(v)` drops the gradient without a word
#
# A `Value` can be turned into a float, because printing and plotting need that. Functions of the module
# `math` do just that to their argument, so what they return has no memory:

# %%
v = Value(4.0, "v")
wrong = v * math.sqrt(v)  # math.sqrt(v) is the plain float 2.0
wrong.backward()
print("value", wrong.data, " derivative", v.grad, "  type of math.sqrt(v):", type(math.sqrt(v)).__name__)
draw(wrong)

# %% [markdown]
# The value is right. But $\frac{d}{dv} v^{3/2} = \frac{3}{2}\sqrt{v} = 3$ at $v = 4$, and the engine was told
# that the second factor is a constant, so it says 2. Draw a graph when in doubt; a missing arrow is easy to
# see. (In a function that `grad` is given, `math.sqrt(v)` raises an error.) The remedy:

# %%
v.grad = 0.0
right = v * autograd.sqrt(v)  # v.sqrt() is the same
right.backward()
print("value", right.data, " derivative", v.grad)
draw(right)

# %% [markdown]
# Every function of `math` that has a derivative stands in `autograd` under the same name, and takes floats
# too.
#
# ## Exercises
#
# **1.** Give `Number` an operation `exp`, then compute the derivative of $e^{x} \cdot x$ at $x = 1$. It
# should be $2e$.
#
# <details><summary>Solution</summary>
#
# The derivative of $e^x$ is its own output.
#
# ```python
# def exp(number):
#     y = math.exp(number.data)
#     return Number(y, [(number, y)])
#
#
# t = Number(1.0)
# (exp(t) * t).backward()
# assert abs(t.grad - 2 * math.e) < 1e-15 * 10
# ```
#
# </details>
#
# **2.** Derive $\partial L / \partial b$ of (2.1) by hand. Which factor of (2.2) changes?
#
# <details><summary>Solution</summary>
#
# Only the last one: $\partial z / \partial b = 1$ takes the place of
# $\partial z/\partial m \cdot \partial m/\partial w = x$, so $\partial L/\partial b = 2e\,(1 - a^2)$.
#
# ```python
# assert abs(2 * e.data * (1 - a.data**2) - b.grad) < 1e-15
# ```
#
# </details>
#
# ## What has been shown

# %%
assert abs(w.grad - product) < 1e-15  # (2.2)
assert all(abs(p.grad - q.grad) < 1e-15 for p, q in ((w, w2), (x, x2), (b, b2), (y, y2)))
assert far2.grad == 0.0  # the textbook form of tanh' loses every digit
assert abs(far.grad / (4 * math.exp(-40)) - 1) < 1e-12  # the table's form none
assert v.grad == 3.0
assert wrong.parents == (v,)  # math.sqrt left a constant
