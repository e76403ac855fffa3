# %% [markdown]
# # Gallery: every picture, and the line that makes it
#
# Each section shows one thing that `draw`, `explain` and `stepper` can do, with its code. All of them read
# one list of steps, so that the static picture, the text and the interactive page cannot disagree.

# %% tags=["picture"]
import random
from functools import partial

from autograd import Value, dot, draw, draw_dot, explain, live, scope, sources, stepper, trace
from nn import MLP

w, x, b, y = Value(0.5, "w"), Value(2.0, "x"), Value(-0.3, "b"), Value(1.0, "y")
m = w * x
z = m + b
a = z.tanh()
e = a - y
L = e**2
for node, label in ((m, "m"), (z, "z"), (a, "a"), (e, "e"), (L, "L")):
    node.label = label
L.backward()

# %% [markdown]
# ## 1. Values and gradients on nodes, local derivatives on edges; what flows back is laid over them
#
# An arrow is an operand. Beside it stands the local derivative; under that, what flows back along it: the
# local derivative times the gradient of the node that it points to. Bands are as broad as the flow is strong.

# %%
draw(L, engine="builtin")

# %% [markdown]
# The legend is nearly the same in all that follows, and left out where it says nothing new:

# %%
draw = partial(draw, legend=False)

# %% [markdown]
# ## 2. `a * a` has two edges
#
# Each carries 3, and the gradient is their sum. A drawing that keeps edges in a set shows one, and teaches a
# bug.

# %%
s = Value(3.0, "a")
square = s * s
square.backward()
nodes, edges = trace(square)
assert len(edges) == 2
draw(square, engine="builtin")

# %% [markdown]
# Without the flow:

# %% tags=["picture"]
draw(square, engine="builtin", flow=False)

# %% [markdown]
# ## 3. Names and clusters by neuron and layer
#
# `nn` notes on each node which module made it; `scope` does so for your own code.

# %% tags=["picture"]
model = MLP(1, [1, 1], activation="tanh", rng=3)
loss = (model([Value(1.0, "x0")]) - 1.0) ** 2
loss.label = "loss"
loss.backward()
draw(loss)

# %% tags=["picture"]
signal, strength = Value(2.0, "signal"), Value(0.5, "strength")
with scope("encoder"), scope("gate"):
    gate = (strength * signal).sigmoid()
gate.backward()
draw(gate)

# %% [markdown]
# ## 4. `depth=` folds modules

# %%
draw(loss, depth=1)

# %% [markdown]
# ## 5. Repeats are drawn once, marked ×N; so a training batch of 3,900 nodes is a page, not a wall

# %% tags=["picture"]
wide = MLP(1, [30, 1], rng=3)
rng = random.Random(1)
batch = sum(((wide([rng.uniform(-1, 1)]) - 1.0) ** 2 for _ in range(60)), Value(0.0))
batch.label = "loss"
batch.backward()
folded = draw(batch, flow=False)
assert len(folded.graph.nodes) < 20
folded

# %% [markdown]
# ## 6. Direction

# %% tags=["picture"]
draw(square, engine="builtin", rankdir="TB")

# %% [markdown]
# ## 7. Colour by gradient: signed, fit for every kind of colour vision; zero and NaN have a mark of their own

# %% tags=["picture"]
p, q, r = Value(2.0, "p"), Value(-1.0, "q"), Value(0.0, "r")
flagged = p * r + q.log()
flagged.backward()
draw(flagged, engine="builtin", legend=True)

# %% [markdown]
# ## 8. A branch that was not taken
#
# Nothing flows through it: not even zero times infinity.

# %% tags=["picture"]
k = Value(-1.0, "k")
kink = k.relu() + k
kink.backward()
draw(kink, engine="builtin", legend=True)

# %% [markdown]
# ## 9. What the backward pass must remember

# %%
draw(square, engine="builtin", saved=True, legend=True)

# %% [markdown]
# ## 10. Pointing at a box shows its formula, its contributions and the line that made it

# %%
with sources():
    t = Value(0.5, "t")
    u = t * t + t.sin()
u.backward()
picture = draw(u, engine="builtin")
print(*picture.graph.nodes[0].tooltip, sep="\n")
picture

# %% [markdown]
# ## 11. Operations as mathematics, one node for a whole dot product

# %% tags=["picture"]
vector = dot([Value(0.5, "alpha_1"), Value(0.25, "alpha_2")], [Value(1.0, "x0"), 3.0])
h = vector.sqrt()
h.backward()
draw(h, engine="builtin")

# %% [markdown]
# ## 12. Other formats: DOT, Mermaid, a listing; a page with zoom (`.save("graph.html")`); PNG and PDF

# %%
print(draw(L).listing())

# %%
print(draw(square).to_mermaid())

# %%
print(draw(square).source)

# %% [markdown]
# ## 13. Dark, and several pictures in one page

# %%
draw(square, engine="builtin", theme="dark")

# %% [markdown]
# ## 14. micrograd's names

# %%
assert draw_dot(square).source == draw(square).source

# %% [markdown]
# ## 15. The derivation as text
#
# One row for each edge, with symbols and numbers; then the product along the path, and a check. A local
# derivative is written with d where it is all of the derivative, and with ∂ where the node also depends on
# the operand in another way; an operand that stands in two places has a derivative for each, $\partial_1$ and
# $\partial_2$. Equations in LaTeX write all local ones with ∂.

# %%
print(explain(L, wrt=w))

# %%
explain(L, wrt=w, style="latex")

# %%
explain(L, wrt=w, style="markdown")

# %% [markdown]
# `colors=True` gives each factor a colour; the edge in the picture has the same:

# %% tags=["picture"]
draw(square, engine="builtin", wrt=s)

# %% [markdown]
# Of a network, the errors of the layers, by the four equations of backpropagation:

# %% tags=["picture"]
print(explain(loss, wrt=model.parameters()[0]))

# %% [markdown]
# ## 16. Step by step
#
# The same steps as a page with a slider, arrow keys and the arithmetic in words. `.save("steps.html")` writes
# a file of some 25 kB that loads nothing. Stored here is its picture; execute the cell for the page.

# %% tags=["picture"]
page = stepper(square, engine="builtin")
page

# %% [markdown]
# ## 17. A training, played back

# %% tags=["picture"]


def training():
    slope = Value(-1.0, "w")
    for _ in range(15):
        error = (slope * x - y) ** 2
        error.label = "L"
        yield error
        slope.grad = 0.0
        error.backward()
        slope.data -= 0.05 * slope.grad


stepper(training(), engine="builtin")

# %% [markdown]
# ## 18. The network itself: neurons in columns, weights as lines
#
# Colour is the sign of a weight, breadth its size; inputs, targets and constants have corners. The lower half
# of a neuron is coloured by its gradient. A click on a neuron unfolds its own graph; a click on any box
# lights its paths to the result; a pointer on a line shows its number.

# %% tags=["picture"]
network = MLP(2, [2, 2, 1], activation="tanh", rng=3)
error = (network([Value(1.0, "x0"), Value(-2.0, "x1")]) - 1.0) ** 2
error.backward()
draw(error, view="network", legend=True)

# %% [markdown]
# One neuron, unfolded below:

# %% tags=["picture"]
draw(loss, unfold="layer0.n0", flow=False)

# %% [markdown]
# A model is drawn without any data; of large layers the first and the last neurons:

# %% tags=["picture"]
draw(MLP(1, [100], rng=0))

# %% [markdown]
# ## 19. What is done again and again is drawn once
#
# A hundred steps of a recurrence are one, with the way back; samples and neurons are plates.

# %% tags=["picture"]
u, v0, h = Value(0.5, "w"), Value(-0.7, "u"), Value(0.0, "h_0")
for step in range(100):
    h = (u * h + v0 * Value(0.01 * step - 0.5, f"x{step}")).tanh()
recurrence = (h - 1.0) ** 2
recurrence.label = "loss"
recurrence.backward()
rolled = draw(recurrence, flow=False)
assert len(rolled.graph.nodes) < 12
rolled

# %% [markdown]
# ## 20. For a projector
#
# `size=` fits the picture into a slide, with text of at least 12 pixels: whole where there is room, else as
# much of it as can be read. `nearest=` draws so many boxes, those nearest to the output; three dots mark an
# operation whose operands are not all there.

# %%
draw(error, size=(1280, 720), nearest=7)

# %% [markdown]
# ## 21. A long chain is drawn in lines, as a text is

# %% tags=["picture"]
turned = Value(0.5, "x")
for step in range(6):
    turned = [turned.sin, turned.tanh, turned.exp][step % 3]()
turned.label = "y"
turned.backward()
chain = draw(turned, wrap=500)
assert chain.layout().lines > 1
chain

# %% [markdown]
# ## 22. Two graphs side by side, and what differs

# %% tags=["picture"]
other = Value(3.0, "a")
cube = other * other * other
cube.backward()
draw(square, versus=cube, legend=True)

# %% [markdown]
# ## 23. A backward pass that plays by itself
#
# An SVG that moves without a script, for a README or a slide; `animate("gif")` where Pillow and resvg are.

# %%
moving = draw(square, engine="builtin").animate()
assert moving.count(b"@keyframes") == 2

# %% [markdown]
# ## 24. Type, drag, watch
#
# A page in which the expression is typed and its inputs are sliders; picture, derivation and plots follow,
# and a quiz asks for the next gradient. `live_page.save("live.html")` writes one file that loads nothing; a
# line with `live_page` alone shows it here. [Try it](docs/pages/live.md).

# %%
live_page = live(L)
assert len(live_page.html.encode()) < 150_000
print(live_page.source)

# %%
assert abs(L.data - 0.15646) < 1e-4
assert page.html.count("<script") == 2
