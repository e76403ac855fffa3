# %% [markdown]
# # How the compiler finds matrices
#
# You write one example, scalar by scalar. `autograd.compile` records what happens, differentiates it, and
# *rolls* the thousands of scalar operations into some thirty array operations: the formulas of
# backpropagation that textbooks derive by hand. Nothing in it knows of layers, neurons or samples. This page
# takes it apart, pass by pass, on the spiral classifier: 300 points, two inputs, 100 relu neurons, three
# classes, an L2 penalty.

# %%
import numpy as np

import autograd
import nn
from autograd.compiler.backends.c.emit import c_program
from autograd.compiler.graph import schedule, simplify
from autograd.compiler.graph.ir import FIRST_ROW, SOP
from autograd.compiler.roll import rolled
from autograd.compiler.roll.affine import nest
from autograd.compiler.roll.repeats import printed
from autograd.compiler.roll.verify import verify

points, labels = nn.data.make_spiral(300, noise=0.2, rng=0)
model = nn.MLP(2, [100, 3], rng=1)


def loss(x, y):
    return nn.losses.cross_entropy(model(x), y)


def penalty():
    return nn.losses.l2_penalty(model, 1e-3)


step = autograd.compile(loss, model.parameters(), batch=True, penalty=penalty, backend="numpy")
step(points, labels)
print(step.source)

# %% [markdown]
# Read it from the top: two matrix products with a bias, relu between them, a softmax; then the same
# backwards. `x` holds one example in each column: with `batch=True` the arguments of one example become
# *lanes*, vectors over the batch, which the function never sees.
#
# ## 1. Record
#
# The function is called once, on fresh Values. Every operation is a node; a neuron of `nn` is one `dot` node.
# Python's control flow is frozen as it went, so `if` on a Value is refused with an error that names `where`;
# every other way in which a number would leave the graph is refused too: `x.data`, `float(x)`, a format, a
# copy, a backward pass of numbers, a draw of random numbers.
#
# ## 2. Normalise: everything is a sum of products
#
# Products, sums, differences, dot products and means are one kind of node: $\sum_t c_t\, a_t\, b_t$. A sum
# that is used once inside another sum moves into it, so that a chain of additions and a tree of them look the
# same. What is left over are rows of the table of operations: relu, exp, log.

# %%
structure, engine = step._latest
graph = structure.source.graph
print(
    "nodes:",
    graph.size,
    " sums of products:",
    int((graph.kind == SOP).sum()),
    " rows:",
    int((graph.kind >= FIRST_ROW).sum()),
)
print("terms of all sums:", len(graph.terms))
print("rows that occur:", [op.name for op, _ in graph.rows])

# %% [markdown]
# Numbers that happen to be equal are never merged: three points of the spiral lie at the origin, and folding
# $0 \cdot w$ would make their graphs unlike the others'.
#
# ## 3. Differentiate
#
# The adjoint of a node is again one sum of products: for each consumer, its adjoint times its partial
# derivative. A rule of the table is run once on symbols, and what it did is repeated for all nodes of that
# row at a time; a product's derivative is a product. A parameter is shared by all lanes, so its adjoint sums
# over them: the terms carry a mark for that, and this one rule covers the mean over the batch too.

# %%
forward = graph.forward
print("forward:", forward, " with gradient:", graph.size)
print("terms summed over the lanes:", int(graph.terms.over.sum()))

# %% [markdown]
# ## 4. Schedule
#
# Nodes that are computed alike, none resting on another, form a group. Three schedules are tried (as soon as
# possible; the gradient after the forward pass; agenda batching), and the one with the fewest groups wins.

# %%
ahead = np.zeros(len(graph.kind), dtype=bool)  # nothing must be computed before all others here
groups = schedule.groups(graph, graph.lane(), ahead)
for group in groups[:6]:
    kind = int(graph.kind[group[0]])
    print(
        f"{len(group):4} x",
        "sum of products"
        if kind == SOP
        else graph.rows[kind - FIRST_ROW][0].name
        if kind >= FIRST_ROW
        else "maximum",
    )
print("groups:", len(groups))

# %% [markdown]
# ## 5. Addresses become loops
#
# Each number gets an address, results in the order in which a group is computed. The operands of a group are
# then a table of addresses. If the cells are in a good order, each column of the table is a nest of
# arithmetic progressions; several orders are tried. The common loop nest of all columns is the shape of the
# statement.

# %%
biased = np.array(
    [
        [3 * j + k for j in range(4) for k in range(2)],
        [k for j in range(4) for k in range(2)],
        [j for j in range(4) for k in range(2)],
    ]
)
sizes, strides = nest(biased)
print(
    "addresses of weights:",
    biased[0],
    "\naddresses of inputs: ",
    biased[1],
    "\naddresses of results:",
    biased[2],
)
print("loops:", sizes, " strides:", strides)

# %% [markdown]
# The weights move along both loops, the inputs along the second, the results along the first. That is all
# there is to a matrix product: *a loop along which the result and the first factor move is a row, one along
# which the result and the second factor move is a column, and one along which only the factors move is
# summed*. The weights' stride of 3 is the bias between the neurons. Loops that all three share are a batch.
# Every statement is read off its strides in this way, as an elementwise operation, a reduction, or a product;
# where no loops fit, the table itself stays, and the statement gathers.
#
# ## 6. Print, run, verify
#
# The statements become NumPy calls on views that are made once, with results written in place; or loops in C,
# where eight examples share a vector register group; or straight-line Python for what is too small for
# arrays. A verifier expands every view to addresses again, and checks that each sum adds up exactly its own
# terms.

# %%
verify(structure.program)
program = rolled.roll(simplify.simplify(graph))
print("statements:", len(program.statements), " calls of NumPy:", engine.calls)
for what, figure in step.report().facts.items():
    if what != "compile seconds":  # which is another one on each machine
        print(f"{what:20} {figure}")

# %% [markdown]
# `check` compares with the engine itself, node by node, on the same data; and the same loss trains on arrays.

# %%
error = step.check(points, labels)
losses = step.train(points, labels, nn.optim.SGD(model.parameters(), 1.0), 200)
print(f"relative errors below 1e-11: {error < 1e-11}   loss: {losses[0]:.3f} -> {losses[-1]:.3f}")

# %% [markdown]
# ## 7. Repeats
#
# The spiral's net is flat. A recurrent network is not: each step needs the one before, so its statements
# cannot be one. Two more passes keep the program short and fast. Where a kind of sum recurs on four levels or
# more, the products that do not rest on the recurrence are *split off*: here the products with the sequence,
# which become one matrix product before the first step. And statements that *repeat*, all addresses moved by
# fixed distances, share one array for their results and become a loop, forwards or back.

# %%
units, inputs, steps = 4, 3, 50
rng = np.random.default_rng(0)


def parameters(name, *shape):
    return [
        [autograd.Value(x, f"{name}[{i}][{j}]") for j, x in enumerate(row)]
        for i, row in enumerate(rng.normal(0.0, 0.4, shape).tolist())
    ]


Wx, Wh = parameters("Wx", units, inputs), parameters("Wh", units, units)
begin = [autograd.Value(0.1 * i, f"h0[{i}]") for i in range(units)]


def last_state_error(sequence, target):
    h = begin
    for x in sequence:
        h = [(autograd.dot(wx, x) + autograd.dot(wh, h)).tanh() for wx, wh in zip(Wx, Wh, strict=True)]
    return autograd.sum([(a - b) ** 2 for a, b in zip(h, target, strict=True)])


recurrent = autograd.compile(last_state_error, [w for row in [*Wx, *Wh, begin] for w in row], backend="numpy")
recurrent.check(rng.normal(size=(steps, inputs)), rng.normal(size=units))
print(recurrent.source)

# %% [markdown]
# These are the equations of backpropagation through time, and this is what runs: the calls of NumPy and the
# text in C have the same loops.
#
# Where steps are narrow, as those of a pendulum or of a population, there would be many statements to
# compare, each of a single number. So there loops are found in the graph itself. Its nodes, in the order in
# which they were recorded, are searched for a distance at which what they are comes again; a stretch of that
# length is a *round* if what its nodes read moves evenly from one round to the next, forwards or, for a
# gradient, back. One round is laid out, and its statements are all there is, whatever the number of rounds.
# What does not rest on the round before is computed for all of them at once.

# %%


def population(x, r):
    for _ in range(1000):
        x = r * x * (1.0 - x)
    return x


growing = autograd.compile(autograd.grad(population, argnums=(0, 1)), backend="numpy")
growing(0.3, 2.7)
print(growing.source)

# %% [markdown]
# ## 8. Triangles
#
# In Cholesky's decomposition, a triangular solution or the attention of a language model, rows grow: no two
# statements have the same sizes, and no rectangle of loops fits. C has loops whose bounds move, so its
# program is laid out anew. What is alike but for how many terms it adds up stands in one grid, a row for each
# step, shifted so that operands stand at even distances; where the cells of one statement have unequally
# many terms, the number of these is one more column in which a progression is looked for. Then the statements
# of all steps differ in numbers that move evenly, sizes among them, and one step is printed. `source` reads
# the same program, and writes what a person would: a loop along which slices grow. This is a solution of 30
# equations, and the same with its gradient in C: as many lines as for 300.
#
# What a stencil computes stands in a grid for each step, and the cells along a border, which read what never
# changes or have fewer neighbours, are statements of their own. What goes along rows and back, or changes a
# grid in place, C computes in the loops in which it was written: they are found in the order of recording,
# where what comes again with operands that move evenly is a loop, and loops that come again are one around
# them. Of PolyBench's thirty kernels, written a number at a time, 29 and the gradients of 29 are read without
# a table of addresses at sizes of 12 and 16 (`python tests/benchmarks/bench_polybench.py`). So that the text
# which a C compiler reads stays short, what does not fit into 30,000 characters is a list of numbers that a
# loop goes through.

# %%


def solved(matrix, known):
    x = []
    for row, right in zip(matrix, known, strict=True):
        rest = right - autograd.dot(row[: len(x)], x) if x else right
        x.append(rest / row[len(x)])
    return autograd.dot(x, x)


equations = rng.normal(size=(30, 30)) / 30 + np.eye(30), rng.normal(size=30)
forward = autograd.compile(solved, backend="numpy")
forward(*equations)
print(forward.source)

# %%
solution = autograd.compile(autograd.grad(solved, argnums=(0, 1)), backend="numpy")
solution(*equations)
triangles = rolled.nested(solution._latest[0].program)
lines = c_program(triangles).splitlines()
begin = next(i for i, line in enumerate(lines) if "round_of_loop <" in line)
print(len(triangles.statements), "statements, of which", printed(triangles), "are printed, these among them:")
print("\n".join(lines[begin : begin + 5]))

# %% [markdown]
# `backend="auto"`, the default, compares estimates of what a call takes in NumPy, in C and in plain Python,
# and `report()` gives them. C has to make up for the half second that a C compiler takes; without one, or
# without NumPy, the others do.
#
# Rolling adds the terms of a sum in another order than the engine does, so a step agrees to about 12 digits
# rather than to the last bit, and long trainings drift apart. Wherever the loss or a gradient is infinite or
# NaN, or a number is beyond 2**300 so that a sum in another order might overflow, the engine itself evaluates
# that call, so these cases are exactly its own.

# %%
assert error < 1e-11
assert losses[-1] < losses[0]
assert sizes == (4, 2)
assert step.source.count("@") == 5
assert recurrent.source.splitlines()[0] == "z1 = sequence @ Wx.T"
assert recurrent.source.count("for t in") == 2
assert printed(triangles) < 30
assert forward.source.count("for i in") == 1
