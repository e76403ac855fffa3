# %% [markdown]
# # 14. A tiny GPT, scalar by scalar
#
# **Question.** What is inside a language model? Here is one that is small enough to be written with single
# numbers on two screens and to train in seconds, and still has all the parts: tokens, positions, attention,
# normalisation, residual connections, a next-token loss, sampling.
#
# It shall learn to invent names. The names to learn from are made here, by two rules that we know and the
# model does not, so that we can check what it has understood.

# %%
# %matplotlib inline
import math
import random
from itertools import pairwise

import matplotlib.pyplot as plt

import nn
from autograd import Value, compile, dot, draw, gradients, no_grad, scope, softmax, sqrt, toposort

# %% [markdown]
# ## Names, by rule
#
# **Rule 1:** consonants and vowels take turns; a name ends in a vowel or in *n*, *s* or *l*. **Rule 2
# (harmony):** all vowels of a name are dark (*a, o, u*), or all are bright (*e, i*).
#
# Rule 1 needs one letter of memory. Rule 2 needs to look back across a consonant: whoever sees only the
# previous letter cannot follow it.

# %%
CONSONANTS, DARK, BRIGHT = "bdklmnrstv", "aou", "ei"
LETTERS = "." + "abcdefghijklmnopqrstuvwxyz"
rng = random.Random(5)


def invent():
    vowels = rng.choice((DARK, BRIGHT))
    name = "".join(rng.choice(CONSONANTS) + rng.choice(vowels) for _ in range(rng.choice((2, 2, 3))))
    return name + rng.choice(("", "", "n", "s", "l"))


def follows_rule_1(name):
    turns = all((a in CONSONANTS) != (b in CONSONANTS) for a, b in pairwise(name))
    return (
        bool(name)
        and set(name) <= set(CONSONANTS + DARK + BRIGHT)
        and turns
        and (name[-1] in "aeiou" or name[-1] in "nsl")
    )


def follows_rule_2(name):
    return not (set(name) & set(DARK) and set(name) & set(BRIGHT))


names = [invent() for _ in range(1000)]
text = "." + ".".join(names) + "."
print(", ".join(names[:8]))
print(len(text), "characters; rules hold:", all(follows_rule_1(n) and follows_rule_2(n) for n in names))

# %% [markdown]
# The point `.` separates names. The model sees 8 characters and has to say, after each of them, what comes
# next:
#
# $$ C = -\frac{1}{8}\sum_{t=1}^{8} \ln p_t(\text{character } t + 1). \tag{14.1} $$
#
# ## The parts
#
# **Embedding.** Each character has a vector of 16 numbers, each place from 1 to 8 too; they are added. A
# character is given as a one-hot vector, so looking up its row *is* a product with a matrix:
#
# $$ x_t = W_{\text{token}}\,\text{onehot}(c_t) + w_{\text{place}, t}. \tag{14.2} $$
#
# **Normalisation** keeps sizes in hand (notebook 11): divide by the root mean square,
#
# $$ \operatorname{norm}(x) = \frac{x}{\sqrt{\frac{1}{n}\sum_i x_i^2 + \epsilon}}. \tag{14.3} $$
#
# **Attention** lets a position look back. From each $x_t$ come a *query* $q_t$ (what am I looking for?), a
# *key* $k_t$ (what do I have?) and a *value* $v_t$ (what do I tell?). Scores between the query and all keys
# up to $t$ become weights by softmax, and the values are averaged with them:
#
# $$ u_{ts} = \frac{q_t \cdot k_s}{\sqrt d},
#    \qquad w_{t\cdot} = \operatorname{softmax}(u_{t1}, \dots, u_{tt}),
#    \qquad o_t = \sum_{s \le t} w_{ts}\, v_s. \tag{14.4} $$
#
# That happens four times in parallel, in *heads* of $d = 4$ numbers each.
#
# **Residual connections.** Each part adds to what is there,
# $x \leftarrow x + \text{part}(\operatorname{norm}(x))$, so that gradients have a way around every part (the
# $1$ in $1 + \partial\,\text{part}$).
#
# **The two-layer net** in the middle of every such block is notebook 4's: 16 to 64 with relu, back to 16.
# Then a last layer gives 27 scores.


# %%
def linear(nin, nout, rng, activation=None):
    return nn.Layer(nin, nout, activation=activation, bias=False, init=small_normal, rng=rng)


def small_normal(nin, nout, rng=None):
    return nn.init.normal(nin, nout, std=0.08, rng=rng)


def norm(x):  # (14.3)
    scale = 1.0 / sqrt(dot(x, x) / len(x) + 1e-5)
    return [a * scale for a in x]


def add(rows, more):
    return [[a + b for a, b in zip(row, other)] for row, other in zip(rows, more)]


class GPT(nn.Module):
    def __init__(self, characters=27, context=8, width=16, heads=4, seed=0):
        rng = random.Random(seed)
        self.heads, self.size = heads, width // heads
        self.token = linear(characters, width, rng)
        self.place = nn.Embedding(context, width, init=small_normal, rng=rng)
        self.query, self.key, self.value, self.out = (linear(width, width, rng) for _ in range(4))
        self.up, self.down = linear(width, 4 * width, rng, "relu"), linear(4 * width, width, rng)
        self.head = linear(width, characters, rng)

    def weights_of(self, q, k, t, part):
        return softmax([dot(q[t][part], k[s][part]) / math.sqrt(self.size) for s in range(t + 1)])

    def attention(self, rows):  # (14.4)
        q, k, v = ([layer(row) for row in rows] for layer in (self.query, self.key, self.value))
        result = []
        for t in range(len(rows)):
            mixed = []
            for first in range(0, self.heads * self.size, self.size):
                w = self.weights_of(q, k, t, slice(first, first + self.size))
                mixed += [dot(w, [v[s][i] for s in range(t + 1)]) for i in range(first, first + self.size)]
            result.append(self.out(mixed))
        return result

    def embed(self, characters):  # (14.2)
        return [norm([a + b for a, b in zip(self.token(c), self.place(t))]) for t, c in enumerate(characters)]

    def forward(self, characters):
        """Take up to 8 one-hot vectors; return the 27 scores after each."""
        with scope("embed"):
            x = self.embed(characters)
        with scope("attention"):
            x = add(x, self.attention([norm(row) for row in x]))
        with scope("mlp"):
            x = add(x, [self.down(self.up(norm(row))) for row in x])
        with scope("head"):
            return [self.head(row) for row in x]


model = GPT()
ONE_HOT = {c: nn.data.one_hot(i, 27) for i, c in enumerate(LETTERS)}


def window(start):
    """Return 8 characters of the text as one-hot vectors, and the numbers of those that follow."""
    return [ONE_HOT[c] for c in text[start : start + 8]], [
        LETTERS.index(c) for c in text[start + 1 : start + 9]
    ]


# %% [markdown]
# ## One step, scalar by scalar
#
# Forward and backward over one window, and the graph, folded to the parts by their scopes:

# %%
x, y = window(0)
loss = nn.losses.cross_entropy(model(x), y)
loss.label = "C"
loss.backward()
nodes = toposort(loss)
arrows = sum(len(n.parents) for n in nodes)
print(f"{len(model.parameters()):,} parameters, {len(nodes):,} nodes, {arrows:,} arrows")
print(f"loss {loss.data:.4f}, and ln 27 = {math.log(27):.4f}")
draw(loss, depth=1)

# %% [markdown]
# ## The gradient of attention, by hand
#
# In (14.4), how does the output move with a score? With the derivative (5.3) of softmax,
#
# $$ \frac{\partial o_t}{\partial u_{ts}} = \sum_r w_{tr}\,([r = s] - w_{ts})\,v_r = w_{ts}\,(v_s -
#    o_t). \tag{14.5} $$
#
# In words: looking more at $s$ moves the output from what it is now towards $v_s$, in proportion to how much
# we look there already.

# %%
u = [Value(v) for v in (0.3, -1.0, 0.8)]
v = [2.0, -1.0, 0.5]
w = softmax(u)
o = dot(w, v)
for s, d in enumerate(gradients(o, u)):
    print(f"s = {s}: w (v - o) = {w[s].data * (v[s] - o.data):+.6f}   engine {d:+.6f}")

# %% [markdown]
# ## One thousand steps, compiled
#
# The same model, function and loss; `batch=True` makes a batch of windows out of one. 1000 steps of Adam with
# 16 windows each:

# %%
step = compile(lambda x, y: nn.losses.cross_entropy(model(x), y), model.parameters(), batch=True)
eager = [p.grad for p in model.parameters()]
model.zero_grad()
step([x], [y])
difference = max(abs(a - p.grad) for a, p in zip(eager, model.parameters())) / max(map(abs, eager))
print("compiled and eager gradients agree to 12 digits:", difference < 1e-12)

# %%
optimizer = nn.optim.Adam(model.parameters(), lr=0.01, betas=(0.9, 0.98))
draws = random.Random(7)
losses = []
for k in range(1000):
    batch = [window(draws.randrange(len(text) - 9)) for _ in range(16)]
    optimizer.lr = 0.01 * (1.0 - k / 1000)
    optimizer.zero_grad()
    losses.append(step([x for x, _ in batch], [y for _, y in batch]))
    optimizer.step()
print(f"loss {losses[0]:.3f} -> {sum(losses[-50:]) / 50:.3f}")

# %% [markdown]
# How good can it get? A table of pairs of letters, counted in the text, is the best that anyone can do who
# sees *one* letter back. Its loss is the level to beat:
#
# $$ C_{\text{pairs}} = -\frac{1}{n} \sum_t \ln \frac{\#(c_t c_{t+1})}{\#(c_t)}. \tag{14.6} $$

# %%
pairs = [text[i : i + 2] for i in range(len(text) - 1)]
level = -sum(math.log(pairs.count(p) / text[:-1].count(p[0])) * pairs.count(p) for p in set(pairs)) / len(
    pairs
)
smooth = [sum(losses[i : i + 20]) / 20 for i in range(0, 1000, 20)]
figure, ax = plt.subplots(figsize=(6.4, 3.4))
ax.plot(range(10, 1010, 20), smooth, color="#0072B2", label="tiny GPT (mean of 20 steps)")
ax.axhline(math.log(27), color="black", linestyle=":", linewidth=1, label="ln 27: knows nothing")
ax.axhline(level, color="#D55E00", linestyle="--", linewidth=1, label="best table of pairs (14.6)")
ax.set(xlabel="step", ylabel="loss")
ax.legend(fontsize=8)
ax.grid(alpha=0.3)
print(f"table of pairs {level:.3f}, tiny GPT {smooth[-1]:.3f}")

# %% [markdown]
# ## Sampling
#
# Start with a point, draw the next character from the probabilities, append it, and go on until the model
# says point. A *temperature* below 1 sharpens the choice: $\operatorname{softmax}(s / T)$.

# %%
def sample(dice, temperature=0.7):
    name = ""
    with no_grad():
        while len(name) < 10:
            scores = model([ONE_HOT[c] for c in ("." + name)[-8:]])[-1]
            c = dice.choices(LETTERS, softmax([s.data / temperature for s in scores]))[0]
            if c == ".":
                break
            name += c
    return name


dice = random.Random(11)
invented = [sample(dice) for _ in range(100)]
rule_1 = sum(map(follows_rule_1, invented))
rule_2 = sum(map(follows_rule_2, invented))
new = sum(n not in names for n in invented)
print(", ".join(invented[:20]))
print(f"of 100: rule 1 (turns) {rule_1}, rule 2 (harmony) {rule_2}, not in the training text {new}")

# %% [markdown]
# It has found both rules, and it makes up names that it has never seen. Nobody programmed "vowel": look at
# where it looks. Below are the weights $w_{ts}$ of the four heads while it reads a name. Row: the place that
# looks; column: what it looks at. Where the next letter must be a vowel, after a consonant such as *d* or
# *r*, some heads look at the vowel *before* that consonant: that is where the harmony is to be read.

# %%
word = ".kadoru"
with no_grad():
    rows = [norm(row) for row in model.embed([ONE_HOT[c] for c in word])]
    q, k = ([[s.data for s in layer(row)] for row in rows] for layer in (model.query, model.key))
figure, axes = plt.subplots(1, 4, figsize=(9.6, 2.8), layout="constrained")
for head, ax in enumerate(axes):
    part = slice(head * model.size, (head + 1) * model.size)
    grid = [[*model.weights_of(q, k, t, part), *[0.0] * (len(word) - t - 1)] for t in range(len(word))]
    ax.imshow(grid, cmap="Blues", vmin=0, vmax=1)
    ax.set(title=f"head {head}", xticks=range(len(word)), yticks=range(len(word)))
    ax.set_xticklabels(word)
    ax.set_yticklabels(word)
plt.show()

# %% [markdown]
# ## Exercises
#
# **1.** Count the parameters part by part, and compare with `len(model.parameters())`.
#
# <details><summary>Solution</summary>
#
# ```python
# parts = {"token": 27 * 16, "place": 8 * 16, "attention": 4 * 16 * 16, "mlp": 2 * 16 * 64, "head": 27 * 16}
# assert sum(parts.values()) == len(model.parameters()) == 4064
# ```
#
# </details>
#
# **2.** A model that could see the future would cheat in training and be useless afterwards. Show with the
# engine that no score at place $t$ depends on a later character.
#
# <details><summary>Solution</summary>
#
# Make the inputs nodes and ask for gradients: they must be exactly zero.
#
# ```python
# inputs = [[Value(e) for e in ONE_HOT[c]] for c in ".kado"]
# scores = model(inputs)
# for t in range(5):
#     total = scores[t][0]
#     for s in range(5):
#         reach = any(d != 0.0 for d in gradients(total, inputs[s]))
#         assert reach == (s <= t)
# ```
#
# </details>
#
# ## What has been shown

# %%
assert abs(loss.data - math.log(27)) < 0.5
assert difference < 1e-12
assert all(abs(d - w[s].data * (v[s] - o.data)) < 1e-15 for s, d in enumerate(gradients(o, u)))  # (14.5)
assert smooth[-1] < level < smooth[0]  # it looks back farther than one letter
assert rule_1 >= 85
assert rule_2 >= 75
assert new >= 20
