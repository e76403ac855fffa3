# %% [markdown]
# # 18. A tiny GPT, scalar by scalar
#
# **Question.** What is inside a language model? Here is one that is small enough to be written with single
# numbers on two screens and to train in seconds, and still has all the parts: tokens, positions, attention,
# normalisation, residual connections, a next-token loss, sampling.
#
# It shall learn to invent names, by two rules that we know and the model does not, so that we can check what
# it has understood.

# %%
import math
import random
from itertools import pairwise

import nn
from autograd import Value, compile, dot, draw, gradients, no_grad, scope, softmax, sqrt, toposort
from nn.course import check_exercise
from nn.plot import beside, chart, grid

# %% [markdown]
# ## Names, by rule
#
# **Rule 1:** consonants and vowels take turns; a name ends in a vowel or in *n*, *s* or *l*. **Rule 2
# (harmony):** all vowels of a name are dark (*a, o, u*), or all are bright (*e, i*). Rule 1 needs one
# letter of memory. Rule 2 needs to look back across a consonant: whoever sees only the previous letter
# cannot follow it.

# %% tags=["folded"]
CONSONANTS, DARK, BRIGHT = "bdklmnrstv", "aou", "ei"
LETTERS = "." + "abcdefghijklmnopqrstuvwxyz"
rng = random.Random(5)


def invent():
    vowels = rng.choice((DARK, BRIGHT))
    name = "".join(rng.choice(CONSONANTS) + rng.choice(vowels) for _ in range(rng.choice((2, 2, 3))))
    return name + rng.choice(("", "", "n", "s", "l"))


def follows_rule_1(name):
    turns = all((a in CONSONANTS) != (b in CONSONANTS) for a, b in pairwise(name))
    known = bool(name) and set(name) <= set(CONSONANTS + DARK + BRIGHT)
    return known and turns and (name[-1] in "aeiou" or name[-1] in "nsl")


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
# $$ C = -\frac{1}{8}\sum_{t=1}^{8} \ln p_t(\text{character } t + 1). \tag{18.1} $$
#
# ## The parts
#
# **Embedding.** Each character has a vector of 16 numbers, each place from 1 to 8 too; they are added. A
# character is given as a one-hot vector, so looking up its row *is* a product with a matrix:
#
# $$ x_t = W_{\text{token}}\,\text{onehot}(c_t) + w_{\text{place}, t}. \tag{18.2} $$
#
# **Normalisation** keeps sizes in hand (lesson 12): divide by the root mean square,
#
# $$ \operatorname{norm}(x) = \frac{x}{\sqrt{\frac{1}{n}\sum_i x_i^2 + \epsilon}}. \tag{18.3} $$
#
# **Attention** lets a place look back. From each $x_t$ come a *query* $q_t$ (what am I looking for?), a
# *key* $k_t$ (what do I have?) and a *value* $v_t$ (what do I tell?). Scores between the query and all keys
# up to $t$ become weights by softmax, and the values are averaged with them, in four *heads* of $d = 4$
# numbers:
#
# $$ u_{ts} = \frac{q_t \cdot k_s}{\sqrt d},
#    \qquad w_{t\cdot} = \operatorname{softmax}(u_{t1}, \dots, u_{tt}),
#    \qquad o_t = \sum_{s \le t} w_{ts}\, v_s. \tag{18.4} $$
#
# **Residual connections.** Each part adds to what is there,
# $x \leftarrow x + \text{part}(\operatorname{norm}(x))$, so that gradients have a way around every part. The
# two-layer net in the middle is lesson 4's: 16 to 64 with relu, back to 16. A last layer gives 27 scores.

# %% tags=["folded"]
def small_normal(nin, nout, rng=None):
    return nn.init.normal(nin, nout, std=0.08, rng=rng)


def linear(nin, nout, rng, activation=None):
    return nn.Layer(nin, nout, activation=activation, bias=False, init=small_normal, rng=rng)


def norm(x):  # (18.3)
    scale = 1.0 / sqrt(dot(x, x) / len(x) + 1e-5)
    return [a * scale for a in x]


def add(rows, more):
    return [[a + b for a, b in zip(row, other)] for row, other in zip(rows, more)]

# %%
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

    def attention(self, rows):  # (18.4)
        q, k, v = ([layer(row) for row in rows] for layer in (self.query, self.key, self.value))
        result = []
        for t in range(len(rows)):
            mixed = []
            for first in range(0, self.heads * self.size, self.size):
                w = self.weights_of(q, k, t, slice(first, first + self.size))
                mixed += [dot(w, [v[s][i] for s in range(t + 1)]) for i in range(first, first + self.size)]
            result.append(self.out(mixed))
        return result

    def embed(self, characters):  # (18.2)
        return [norm([a + b for a, b in zip(self.token(c), self.place(t))]) for t, c in enumerate(characters)]

    def forward(self, characters):
        with scope("embed"):
            x = self.embed(characters)
        with scope("attention"):
            x = add(x, self.attention([norm(row) for row in x]))
        with scope("mlp"):
            x = add(x, [self.down(self.up(norm(row))) for row in x])
        with scope("head"):
            return [self.head(row) for row in x]

# %% [markdown]
# ## One step, scalar by scalar
#
# Forward and backward over one window, and the graph, folded to the parts by their scopes.
#
# **Predict.** What is the loss before any training?

# %% tags=["folded"]
model = GPT()
ONE_HOT = {c: nn.data.one_hot(i, 27) for i, c in enumerate(LETTERS)}


def window(start):
    """Return 8 characters of the text as one-hot vectors, and the numbers of those that follow."""
    follow = [LETTERS.index(c) for c in text[start + 1 : start + 9]]
    return [ONE_HOT[c] for c in text[start : start + 8]], follow


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
# In (18.4), how does the output move with a score? With the derivative (5.3) of softmax,
#
# $$ \frac{\partial o_t}{\partial u_{ts}} = \sum_r w_{tr}\,([r = s] - w_{ts})\,v_r = w_{ts}\,(v_s -
#    o_t). \tag{18.5} $$
#
# Looking more at $s$ moves the output from what it is now towards $v_s$, in proportion to how much we look
# there already.

# %%
u, v = [Value(score) for score in (0.3, -1.0, 0.8)], [2.0, -1.0, 0.5]
w = softmax(u)
o = dot(w, v)
for s, d in enumerate(gradients(o, u)):
    print(f"s = {s}: w (v - o) = {w[s].data * (v[s] - o.data):+.6f}   engine {d:+.6f}")

# %% [markdown]
# ## One thousand steps, compiled
#
# The same model, function and loss; `batch=True` makes a batch of windows out of one. The level to beat is
# that of the best table of pairs of letters, which sees *one* letter back:
#
# $$ C_{\text{pairs}} = -\frac{1}{n} \sum_t \ln \frac{\#(c_t c_{t+1})}{\#(c_t)}. \tag{18.6} $$

# %% tags=["folded"]
step = compile(lambda x, y: nn.losses.cross_entropy(model(x), y), model.parameters(), batch=True)
eager = [p.grad for p in model.parameters()]
model.zero_grad()
step([x], [y])
difference = max(abs(a - p.grad) for a, p in zip(eager, model.parameters())) / max(map(abs, eager))
print("compiled and eager gradients agree to 12 digits:", difference < 1e-12)
optimizer = nn.optim.Adam(model.parameters(), lr=0.01, betas=(0.9, 0.98))
draws, losses = random.Random(7), []
for k in range(1000):
    batch = [window(draws.randrange(len(text) - 9)) for _ in range(16)]
    optimizer.lr = 0.01 * (1.0 - k / 1000)
    optimizer.zero_grad()
    losses.append(step([x for x, _ in batch], [y for _, y in batch]))
    optimizer.step()
pairs = [text[i : i + 2] for i in range(len(text) - 1)]
counts = {p: pairs.count(p) for p in set(pairs)}
level = -sum(n * math.log(n / text[:-1].count(p[0])) for p, n in counts.items()) / len(pairs)
smooth = [sum(losses[i : i + 20]) / 20 for i in range(0, 1000, 20)]
print(f"table of pairs {level:.3f}, tiny GPT {smooth[-1]:.3f}")
ends = [0, 1000]
lines = {"tiny GPT": (range(10, 1010, 20), smooth), "ln 27: knows nothing": (ends, [math.log(27)] * 2)}
chart({**lines, "best table of pairs": (ends, [level] * 2)}, x="step", y="loss")

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
rule_1, rule_2 = (sum(map(rule, invented)) for rule in (follows_rule_1, follows_rule_2))
new = sum(n not in names for n in invented)
print(", ".join(invented[:20]))
print(f"of 100: rule 1 (turns) {rule_1}, rule 2 (harmony) {rule_2}, not in the training text {new}")

# %% [markdown]
# It has found both rules, and makes up names that it has never seen. Nobody programmed "vowel": below are
# the weights $w_{ts}$ of the four heads while it reads a name. Row: the place that looks; column: what it
# looks at. Where the next letter must be a vowel, some heads look at the vowel *before* the consonant.

# %% tags=["folded"]
word = ".kadoru"
with no_grad():
    rows = [norm(row) for row in model.embed([ONE_HOT[c] for c in word])]
    q, k = ([[s.data for s in layer(row)] for row in rows] for layer in (model.query, model.key))
heads = []
for head in range(4):
    part = slice(head * model.size, (head + 1) * model.size)
    table = [[*model.weights_of(q, k, t, part), *[0.0] * (len(word) - t - 1)] for t in range(len(word))]
    heads.append(grid(table, title=f"head {head}", across=word, down=word, size=(215, 220)))
beside(*heads)

# %% [markdown]
# ## Exercises
#
# **18.1** Four matrices of 16 x 16 make queries, keys, values and the mixed output. How many parameters has
# attention?
#
# <details><summary>Hint 1</summary>
#
# No biases.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("18.1", answer)

# %% [markdown]
# **18.2** Five places have equal scores. Which weight does each get?
#
# <details><summary>Hint 1</summary>
#
# Softmax of equal scores.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("18.2", answer)

# %% [markdown]
# **18.3** Two places with scores 0 and 0, and values 2 and -1. What is $\partial o/\partial u_1$ for the
# first score?
#
# <details><summary>Hint 1</summary>
#
# (18.5): $w = 0.5$ and $o = 0.5$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $0.5 \cdot (2 - 0.5)$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("18.3", answer)

# %% [markdown]
# ## Summary
#
# - A GPT is embedding, attention, a small net and residual connections, with a loss for the next character.
# - Attention's gradient pulls the output towards the values that help.
# - It finds rules that look back farther than one letter.

# %% tags=["folded"]
assert abs(loss.data - math.log(27)) < 0.5
assert difference < 1e-12
assert all(abs(d - w[s].data * (v[s] - o.data)) < 1e-15 for s, d in enumerate(gradients(o, u)))  # (18.5)
assert smooth[-1] < level < smooth[0]  # it looks back farther than one letter
assert rule_1 >= 85
assert rule_2 >= 75
assert new >= 20
