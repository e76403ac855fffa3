# %% [markdown]
# # 3. Order and accumulation
#
# **Question.** Why does `backward` sort the graph first, and why does it write `+=` and not `=`?
#
# Both can be answered by breaking them. This notebook breaks them one at a time, with graphs small enough to
# check by hand, and then shows the third classic: a forgotten `zero_grad`.

# %%
# %matplotlib inline
import matplotlib.pyplot as plt

from autograd import Value, draw, stepper, toposort, zero_grad

# %% [markdown]
# ## Two paths add up
#
# If a small change of $x$ reaches $L$ along two paths, both changes arrive, and they add:
#
# $$ \frac{\partial L}{\partial x} = \sum_{\text{consumers } c \text{ of } x}
#    \frac{\partial L}{\partial c}\,\frac{\partial c}{\partial x}. \tag{3.1} $$
#
# The smallest graph with two paths is $a + a$. Its derivative is 2.

# %%
a = Value(3.0, "a")
s = a + a
s.backward()
print(a.grad)
draw(s)

# %% [markdown]
# Two arrows lead from $a$ to the sum, one for each place in which it is used. That holds for $a \cdot a$ as
# well: both local derivatives are $a = 3$, and $3 + 3 = 6 = 2a$.
#
# ### Broken on purpose: `=` for `+=`


# %%
def backward_overwriting(root):
    """What happens if every consumer overwrites what the one before has written."""
    grads = {root: 1.0}
    for node in reversed(toposort(root)):
        for parent, local in zip(node.parents, node.local_grads):
            grads[parent] = local * grads[node]  # the bug
    return grads


def backward_adding(root):
    """Formula (3.1)."""
    grads = {root: 1.0}
    for node in reversed(toposort(root)):
        for parent, local in zip(node.parents, node.local_grads):
            grads[parent] = grads.get(parent, 0.0) + local * grads[node]
    return grads


print("overwriting:", backward_overwriting(s)[a], "   adding:", backward_adding(s)[a])

# %% [markdown]
# ## Why a topological order?
#
# Formula (3.1) contains $\partial L / \partial c$ of *every* consumer of $x$. So a node may pass its gradient
# on only when all of its own consumers have delivered. An order with that property (every node after all of
# its consumers, going back from the output) is a topological order, and **that is the whole reason for
# sorting**. Walking down the edges in some other order, depth first or breadth first, passes on gradients
# that are not complete yet.
#
# The smallest graph that shows it: a node with a consumer near the output and another one farther away.
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
draw(L)

# %% [markdown]
# Step through the backward pass: $b$'s gradient is complete only after *both* of its consumers, $L$ and $c$,
# have delivered.

# %%
stepper(L, engine="builtin")

# %% [markdown]
# ### Broken on purpose: breadth first, each node once
#
# Start at $L$, handle its parents $b$ and $c$, then theirs. That sounds reasonable. But $b$ is handled while
# $c$ still owes it a contribution:


# %%
def backward_breadth_first(root):
    grads, queue, done = {root: 1.0}, [root], set()
    log = []
    while queue:
        node = queue.pop(0)
        if node in done:
            continue
        done.add(node)
        for parent, local in zip(node.parents, node.local_grads):
            grads[parent] = grads.get(parent, 0.0) + local * grads[node]
            log.append(
                f"{node.label} -> {parent.label}: += {local:g} * {grads[node]:g}, now {grads[parent]:g}"
            )
            queue.append(parent)
    return grads, log


wrong, log = backward_breadth_first(L)
print("\n".join(log))
print(f"dL/da = {wrong[a]:g} (wrong), and {a.grad:g} by the engine")

# %% [markdown]
# $b$ passed on 1 when its gradient should have become 4; the other 3 arrived after it had been served and
# went no further.
#
# Could one not pass on every contribution when it arrives, again and again? Yes, and the result is right: it
# follows every *path* from the output to the leaves. But there can be very many paths.

# %% [markdown]
# ## Sorting makes it fast, too
#
# A chain in which every step uses the one before twice, $v_{k+1} = v_k + v_k$, has $n$ steps and $2^n$ paths.
# Count the multiplications:


# %%
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
# One product for each edge: that is the price of backpropagation, whatever the number of paths and of inputs:
#
# $$ \text{work of backward} =
#    \text{number of edges} \;\le\; \text{(largest number of operands)} \times \text{work of forward}.
#    \tag{3.3} $$
#
# ## How the sorting works
#
# Go down from the output; put a node on the list when all of its parents are on it. Backward then reads the
# list from its end. Python's own call stack is about a thousand deep, so the engine keeps a stack of its own:


# %%
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


print("ours:      ", [v.label for v in sort(L)])
print("toposort():", [v.label for v in toposort(L)])
deep = start = Value(1.0)
for _ in range(100_000):
    deep = deep + 0.0
deep.backward()
print("a chain of 100,000 nodes:", start.grad)

# %% [markdown]
# ## The third classic: a forgotten `zero_grad`
#
# Leaves *keep adding* from one `backward` to the next. That is deliberate, since it lets you sum gradients
# over several losses or over a batch that does not fit in memory. Whoever wants to start afresh must say so:

# %%
w = Value(3.0, "w")
for attempt in (1, 2, 3):
    (w * w).backward()
    print(f"backward number {attempt}: w.grad = {w.grad:2g}   (2w = {2 * w.data:g})")
w.grad = 0.0  # for one leaf; zero_grad(loss) or model.zero_grad() for many
(w * w).backward()
print(f"after zeroing:     w.grad = {w.grad:2g}")

# %% [markdown]
# In training, the bug does not crash. It is worse: the walk downhill gets a memory of every slope it has ever
# seen, overshoots, and swings back and forth for ever.


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


figure, ax = plt.subplots(figsize=(6.4, 3.0))
ax.plot(descend(forget=False), color="#0072B2", label="with zero_grad")
ax.plot(descend(forget=True), color="#D55E00", linestyle="--", label="without")
ax.axhline(0.5, color="black", linewidth=0.6)
ax.set(xlabel="step", ylabel="w", title="the minimum is at w = 0.5", ylim=(-1.3, 3.0))
ax.legend(ncols=2, loc="upper right")
ax.grid(alpha=0.3)

# %% [markdown]
# Interior nodes are different: they hold the gradient of the latest pass only, so that running `backward`
# twice on one graph gives exactly twice the gradient on the leaves, not more.

# %%
x = Value(3.0, "x")
cube = x**3
cube.backward()
print("once: ", x.grad)
cube.backward()
print("twice:", x.grad)

# %% [markdown]
# ## Exercises
#
# **1.** Two losses share a trunk: $t = x^2$, $L_1 = 3t$, $L_2 = 5t$, at $x = 2$. What is `x.grad` after
# `L1.backward()` and `L2.backward()`? And after `(L1 + L2).backward()` from a fresh start?
#
# <details><summary>Solution</summary>
#
# Differentiation is linear, so both are $(3 + 5) \cdot 2x = 32$.
#
# ```python
# p = Value(2.0)
# t = p * p
# first_loss, second_loss = 3.0 * t, 5.0 * t
# first_loss.backward()
# second_loss.backward()
# assert p.grad == 32.0
# p.grad = 0.0
# (first_loss + second_loss).backward()
# assert p.grad == 32.0
# ```
#
# </details>
#
# **2.** A graph usually has many topological orders. Write a version of `sort` that visits parents in random
# order, and check on a random graph that the gradients do not depend on the order (beyond rounding).
#
# <details><summary>Solution</summary>
#
# ```python
# import random
#
# rng = random.Random(0)
# leaves = [Value(rng.uniform(0.5, 1.5)) for _ in range(3)]
# pool = list(leaves)
# for _ in range(30):
#     left, right = rng.choice(pool), rng.choice(pool)
#     pool.append(left * right if rng.random() < 0.3 else (left + right) * 0.5)
# out = pool[-1] + pool[-2]
#
#
# def shuffled_sort(root):
#     order, done, stack = [], set(), [(root, False)]
#     while stack:
#         node, parents_done = stack.pop()
#         if parents_done:
#             order.append(node)
#         elif node not in done:
#             done.add(node)
#             stack.append((node, True))
#             stack += [(parent, False) for parent in rng.sample(node.parents, len(node.parents))]
#     return order
#
#
# out.backward()
# for _ in range(10):
#     grads = dict.fromkeys(toposort(out), 0.0)
#     grads[out] = 1.0
#     for node in reversed(shuffled_sort(out)):
#         for parent, local in zip(node.parents, node.local_grads):
#             grads[parent] += local * grads[node]
#     assert all(abs(grads[v] - v.grad) <= 1e-12 * abs(v.grad) for v in leaves if v in grads)
# ```
#
# </details>
#
# ## What has been shown

# %%
assert backward_overwriting(s)[s.parents[0]] == 1.0  # = for +=
assert backward_adding(s)[s.parents[0]] == 2.0
assert a.grad == 8.0  # (3.2)
assert wrong[a] == 2.0  # a node served before its last consumer
assert start.grad == 1.0  # no recursion anywhere
assert abs(descend(forget=False)[-1] - 0.5) < 0.01 < abs(descend(forget=True)[-1] - 0.5)
assert x.grad == 54.0  # 27 twice, never 45 or 72
