# %% [markdown]
# # 3. Order and accumulation
#
# **Question.** Why does `backward` sort the graph first, and why does it write `+=` and not `=`?
#
# Both can be answered by breaking them. This lesson breaks them one at a time, with graphs small enough to
# check by hand, and then shows the third classic: a forgotten `zero_grad`.

# %%
from autograd import Value, draw, stepper, toposort, zero_grad
from nn.course import check_exercise
from nn.plot import chart

# %% [markdown]
# ## Two paths add up
#
# If a small change of $x$ reaches $L$ along two paths, both changes arrive, and they add:
#
# $$ \frac{\partial L}{\partial x} = \sum_{\text{consumers } c \text{ of } x}
#    \frac{\partial L}{\partial c}\,\frac{\partial c}{\partial x}. \tag{3.1} $$
#
# The smallest graph with two paths is $a + a$. Its derivative is 2: two arrows lead from $a$ to the sum, one
# for each place in which it is used.

# %%
a = Value(3.0, "a")
s = a + a
s.backward()
print(a.grad)
draw(s)

# %% [markdown]
# ### Broken on purpose: `=` for `+=`

# %%
def backward_overwriting(root):
    """What happens if every consumer overwrites what the one before has written."""
    grads = {root: 1.0}
    for node in reversed(toposort(root)):
        for parent, local in zip(node.parents, node.local_grads):
            grads[parent] = local * grads[node]  # the bug
    return grads


print("overwriting:", backward_overwriting(s)[a], "  the engine:", a.grad)

# %% [markdown]
# ## Why a topological order?
#
# Formula (3.1) contains $\partial L / \partial c$ of *every* consumer of $x$. So a node may pass its
# gradient on only when all of its own consumers have delivered. An order with that property is a
# topological order, and
# **that is the whole reason for sorting**. The smallest graph that shows it:
#
# $$ b = 2a, \qquad c = 3b, \qquad L = b + c \quad\Rightarrow\quad \frac{dL}{da} = 2 \cdot (1 + 3) = 8.
#    \tag{3.2} $$

# %%
a = Value(1.0, "a")
b = 2.0 * a
b.label = "b"
c = 3.0 * b
c.label = "c"
L = b + c
L.label = "L"
L.backward()
stepper(L, engine="builtin")

# %% [markdown]
# Step through the backward pass: $b$'s gradient is complete only after *both* of its consumers, $L$ and $c$,
# have delivered.
#
# ### Broken on purpose: breadth first, each node once
#
# **Predict.** Start at $L$, handle its parents $b$ and $c$, then theirs. What does $dL/da$ become: 8, 2 or
# 6?

# %%
def backward_breadth_first(root):
    grads, queue, done = {root: 1.0}, [root], set()
    while queue:
        node = queue.pop(0)
        if node in done:
            continue
        done.add(node)
        for parent, local in zip(node.parents, node.local_grads):
            grads[parent] = grads.get(parent, 0.0) + local * grads[node]
            print(f"{node.label} -> {parent.label}: += {local:g} * {grads[node]:g}, now {grads[parent]:g}")
            queue.append(parent)
    return grads


wrong = backward_breadth_first(L)
print(f"dL/da = {wrong[a]:g} (wrong), and {a.grad:g} by the engine")

# %% [markdown]
# $b$ passed on 1 when its gradient should have become 4; the other 3 arrived after it had been served.
#
# ## Sorting makes it fast, too
#
# One could pass on every contribution when it arrives, again and again, along every *path* from the output
# to the leaves. The result is right. But a chain $v_{k+1} = v_k + v_k$ of $n$ steps has $2^n$ paths:

# %% tags=["folded"]
def doubling(n):
    v = first = Value(1.0)
    for _ in range(n):
        v = v + v
    return first, v


def paths(root, leaf):
    """Follow every path on its own; return the gradient and the number of multiplications."""
    total, work, stack = 0.0, 0, [(root, 1.0)]
    while stack:
        node, g = stack.pop()
        if node is leaf:
            total += g
        for parent, local in zip(node.parents, node.local_grads):
            work += 1
            stack.append((parent, local * g))
    return total, work


for n in (2, 4, 8, 12):
    first, last = doubling(n)
    total, work = paths(last, first)
    last.backward()
    edges = sum(len(node.parents) for node in toposort(last))
    print(f"n = {n:2}: gradient {first.grad:6.0f} = {total:6.0f}   ", end="")
    print(f"path by path {work:5} products, sorted {edges:3}")

# %% [markdown]
# One product for each edge: that is the price of backpropagation, whatever the number of paths and of
# inputs:
#
# $$ \text{work of backward} =
#    \text{number of edges} \;\le\; \text{(largest number of operands)} \times \text{work of forward}.
#    \tag{3.3} $$
#
# The sorting itself goes down from the output, and puts a node on the list when all of its parents are on
# it. Python's call stack is about a thousand deep, so the list of what is still to do is kept by hand:

# %% tags=["folded"]
def sort(root):
    order, done, stack = [], set(), [(root, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif node not in done:
            done.add(node)
            stack.append((node, True))
            stack += [(parent, False) for parent in node.parents]
    return order


print("this:      ", [v.label for v in sort(L)])
print("the engine:", [v.label for v in toposort(L)])

# %% [markdown]
# ## The third classic: a forgotten `zero_grad`
#
# Leaves *keep adding* from one `backward` to the next. That is deliberate: it lets you sum gradients over
# several losses, or over a batch that does not fit in memory. Whoever wants to start afresh must say so. In
# training, the bug does not crash; the walk gets a memory of every slope it has ever seen, and swings:

# %%
def descend(forget, steps=60, lr=0.05):
    w, track = Value(2.0), []
    for _ in range(steps):
        loss = (w - 0.5) ** 2
        if not forget:
            zero_grad([w])
        loss.backward()
        w.data -= lr * w.grad
        track.append(w.data)
    return track


good, bad = descend(forget=False), descend(forget=True)
steps = range(60)
chart({"with zero_grad": (steps, good), "without": (steps, bad)}, x="step", y="w")

# %% [markdown]
# ## Exercises
#
# **3.1** Two losses share a trunk: $t = x^2$, $L_1 = 3t$, $L_2 = 5t$, at $x = 2$. What is `x.grad` after
# `L1.backward()` and then `L2.backward()`?
#
# <details><summary>Hint 1</summary>
#
# The second pass does not begin at zero.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $(3 + 5) \cdot 2x$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("3.1", answer)

# %% [markdown]
# **3.2** $(x \cdot x) \cdot x$ at $x = 2$: which gradient does `backward_overwriting` give for $x$?
#
# <details><summary>Hint 1</summary>
#
# The last that writes wins. Which product is served last?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $x \cdot x$ is served after the outer product; its gradient is $x = 2$, its local derivatives are $x = 2$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("3.2", answer)

# %% [markdown]
# **3.3** How many products does the sorted pass need for the chain $v_{k+1} = v_k + v_k$ of 20 steps?
#
# <details><summary>Hint 1</summary>
#
# One product for each edge.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Each step has two edges.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("3.3", answer)

# %% [markdown]
# ## Summary
#
# - Where paths meet, gradients add: `+=`.
# - A node passes its gradient on when all of its consumers have delivered: a topological order.
# - Backward costs one product an edge, however many paths there are.
# - Leaves keep adding until they are set to zero.

# %% tags=["folded"]
assert backward_overwriting(s)[s.parents[0]] == 1.0  # = for +=
assert a.grad == 8.0  # (3.2)
assert wrong[a] == 2.0  # a node served before its last consumer
assert edges == 24  # (3.3)
assert abs(good[-1] - 0.5) < 0.01 < abs(bad[-1] - 0.5)
