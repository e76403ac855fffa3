# %% [markdown]
# # 17. Data that matter
#
# **Question.** So far the points were made up. Here are measured ones: the carbon dioxide in the air of
# Mauna Loa, Hawaii, in parts per million (yearly means of NOAA's Global Monitoring Laboratory, rounded).
# Where will it be in the year in which you turn forty? And how much should you trust a program that tells
# you?

# %%
from autograd import Value, exp
from nn.course import check_exercise
from nn.optim import Adam
from nn.plot import chart

years = [1960, 1965, 1970, 1975, 1980, 1985, 1990, 1995, 2000, 2005, 2010, 2015, 2020]
ppm = [317, 320, 326, 331, 339, 346, 354, 361, 370, 380, 390, 401, 414]
chart(points={"measured": (years, ppm)}, x="year", y="ppm")

# %% [markdown]
# ## Look at the data before you fit
#
# Thirteen numbers. Ask of any data: who measured, how, where, and what is *not* in it? These are from one
# mountain (the seasons are averaged out, the whole northern hemisphere is not), measured the same way since
# 1958. There are no missing years, no duplicates, and no label that someone guessed. That is rare.
#
# ## Scale
#
# Years around 2000 and ppm around 350 would give gradients of wildly different sizes. So both are
# standardised, with the mean $\mu$ and the deviation $\sigma$ of the *training* part:
#
# $$ \tilde x = \frac{x - \mu_x}{\sigma_x}, \qquad \tilde y = \frac{y - \mu_y}{\sigma_y}. \tag{17.1} $$
#
# The last three values, 2010 to 2020, are held out. We pretend that it is 2006:

# %%
past = list(zip(years, ppm))[:10]


def moments(values):
    mean = sum(values) / len(values)
    return mean, (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5


(mx, sx), (my, sy) = (moments(column) for column in zip(*past))
print(f"years: mean {mx:.1f}, deviation {sx:.1f}; ppm: mean {my:.1f}, deviation {sy:.1f}")

# %% [markdown]
# ## Three models
#
# A line, a parabola, and a constant plus an exponential:
#
# $$ \tilde y = a + b\tilde x, \qquad \tilde y = a + b\tilde x + c\tilde x^2, \qquad
#    \tilde y = a + b\,e^{c\tilde x}. \tag{17.2} $$
#
# The loss is the mean squared error; the engine differentiates whatever formula you write.
#
# **Predict.** Which of the three will come closest to 2020, and on which side will the line be wrong?

# %%
MODELS = {
    "line": (lambda p, x: p[0] + p[1] * x, [0.0, 0.0]),
    "parabola": (lambda p, x: p[0] + p[1] * x + p[2] * x * x, [0.0, 0.0, 0.0]),
    "exponential": (lambda p, x: p[0] + p[1] * exp(p[2] * x), [-2.0, 2.0, 0.5]),
}


def fit(model, start, data, steps=1000):
    p = [Value(v) for v in start]
    optimizer = Adam(p, lr=0.05)
    for k in range(steps):
        optimizer.lr = 0.05 * (1 - k / steps)
        errors = [model(p, (x - mx) / sx) - (y - my) / sy for x, y in data]
        loss = sum(e * e for e in errors) / len(errors)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return lambda year: my + sy * float(model([v.data for v in p], (year - mx) / sx))


curves = {name: fit(model, start, past) for name, (model, start) in MODELS.items()}
for name, curve in curves.items():
    known = (sum((curve(x) - y) ** 2 for x, y in past) / 10) ** 0.5
    print(f"{name:12} error on the past {known:4.1f} ppm; 2020: {curve(2020):.0f} (measured 414)")

# %%
future = range(1960, 2061, 2)
shown = {name: (future, [curve(t) for t in future]) for name, curve in curves.items()}
chart(shown, {"measured": (years, ppm)}, x="year", y="ppm", title="fitted to the values up to 2005")

# %% [markdown]
# The line is too low: the growth itself grows. Parabola and exponential fit the past about equally well, and
# 2020 too. In 2060 they differ. **The past cannot tell them apart; the assumption decides.** And neither
# knows of what people may do: a model fitted to numbers extrapolates habits.
#
# ## How uncertain is it?
#
# Leave out one value at a time, fit again, and see how far the forecast moves:
#
# $$ \text{spread} = \max_i \hat y^{(-i)}(t) - \min_i \hat y^{(-i)}(t). \tag{17.3} $$

# %%
ranges = {}
for name, (model, start) in MODELS.items():
    forecasts = [fit(model, start, past[:i] + past[i + 1 :], 400)(2040) for i in range(0, 10, 3)]
    ranges[name] = min(forecasts), max(forecasts)
    print(f"{name:12} 2040: {min(forecasts):.0f} to {max(forecasts):.0f} ppm")

# %% [markdown]
# A single value moves each forecast by some ppm. Say such a range together with the number; and say what is
# not in it: that the model itself may be wrong. The three ranges do not even overlap.
#
# ## Your own data
#
# `chainrule train FILE.csv --target COLUMN --validation 0.2` does all this for a table of yours: it
# standardises, holds out, trains and draws. Before you begin: may you use the data? Are people in it who did
# not ask to be? Who is missing?
#
# ## Exercises
#
# **17.1** A column has the mean 350 and the deviation 25. What is the value 400 after (17.1)?
#
# <details><summary>Hint 1</summary>
#
# How many deviations is it above the mean?
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("17.1", answer)

# %% [markdown]
# **17.2** A line through standardised data has the slope $b$. Write the slope in units of $y$ per unit of
# $x$ as a function of $(b, \sigma_x, \sigma_y)$.
#
# <details><summary>Hint 1</summary>
#
# Put (17.1) into $\tilde y = b \tilde x$.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# $b\,\sigma_y / \sigma_x$.
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("17.2", answer)

# %% [markdown]
# **17.3** From which values may mean and deviation be computed? **a** from all, since more data are better ·
# **b** from the training part only · **c** from the held-out part only
#
# <details><summary>Hint 1</summary>
#
# What would the fit otherwise know of the future?
#
# </details>

# %% tags=["exercise"]
answer = ...
check_exercise("17.3", answer)

# %% [markdown]
# ## Summary
#
# - Look at data, and ask what is not in them, before fitting.
# - Standardise with the training part; hold out the future, not random points, when you forecast.
# - Models that fit the past alike may part in the future: give ranges, and name the assumption.

# %% tags=["folded"]
assert curves["line"](2020) < 405  # too low: the growth grows
assert abs(curves["parabola"](2020) - 414) < 8
assert abs(curves["exponential"](2020) - 414) < 8
assert abs(curves["exponential"](2060) - curves["line"](2060)) > 20
assert ranges["line"][1] < ranges["parabola"][0]
assert ranges["parabola"][1] < ranges["exponential"][0]
