# %% [markdown]
# # The spiral scalar by scalar, then on eight devices
#
# **Question.** A loss is written for one point, on numbers that remember where they came from. What has to
# change before eight processors share the work, and what stays the same to the twelfth digit?
#
# The answer needs JAX. Without it the notebook runs too, on one processor, and leaves out what is about many.

# %%
# %matplotlib inline
import os
from importlib.util import find_spec

import numpy as np

import autograd
import nn
from nn.plot import plot_decision_boundary

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
if find_spec("jax"):
    import jax

    print("JAX sees", len(jax.devices()), "devices")
else:
    jax = None
    print("There is no JAX, so NumPy computes alone; for the rest: pip install 'chainrule[xla]'")

# %% [markdown]
# The two variables come before the import, since JAX reads them once. They make one processor play eight
# devices: nothing gets faster, but everything is divided as it would be among eight GPUs.
#
# ## One point
#
# 300 points on three arms, as in notebook 10. `loss` is a function of one point and its arm.
# Nothing in it knows of batches, arrays or devices.

# %%
points, labels = nn.data.make_spiral(300, noise=0.2, rng=0)
model = nn.MLP(2, [100, 3], rng=1)
parameters = model.parameters()


def loss(x, y):
    return nn.losses.cross_entropy(model(x), y)


# %% [markdown]
# The engine takes it literally. 300 calls build a graph of scalars, and one pass back over it gives the
# derivatives of the mean with respect to all 603 parameters.

# %%
mean = autograd.mean([loss(x, y) for x, y in zip(points.tolist(), labels.tolist())])
mean.backward()
gradient = np.array([p.grad for p in parameters])
print(f"loss {mean.data:.6f}, largest derivative {abs(gradient).max():.6f}")

# %% [markdown]
# ## One device
#
# `compile` calls `loss` once, finds the matrices in what it did, and prints them as a
# function of JAX, which XLA compiles. The gradient in it is the one that this engine took: JAX
# differentiates nothing.

# %%
where = {"backend": "xla"} if jax else {"backend": "numpy"}
one = autograd.compile(loss, parameters, batch=True, **where)
value, grads = one.value_and_grad(points, labels)


def apart(a, b):
    return abs(a - b).max() / abs(b).max()


print("as the engine, to 12 digits:", apart(grads, gradient) < 1e-12)
if jax:
    print(one.jax_source[one.jax_source.index("    z1 = ") :])

# %% [markdown]
# `z1` to `z3` are two matrix products with a bias, relu between them; then comes the softmax. Each column is
# an example. Columns meet in three kinds of places only, and all are sums: `z7.sum()`, `.sum(1)`, and the
# products with `x.T` and `relu_z1.T`.
#
# ## Eight devices
#
# A mesh names the devices. `mesh=` is all that changes: examples are split over its first axis.

# %%
if jax:
    where["mesh"] = jax.make_mesh((8,), ("examples",))
eight = autograd.compile(loss, parameters, batch=True, **where)
value8, grads8 = eight.value_and_grad(points, labels)
print(f"{value:.12f}\n{value8:.12f}\nas one device, to 12 digits:", apart(grads8, grads) < 1e-12)

# %% [markdown]
# ![Four devices. Each has all parameters and a quarter of the examples' columns; an all-reduce adds up their
# gradients](docs/pages/assets/sharding.svg)
#
# The picture has four devices, and its *lanes* are columns. Here is what eight hold. 300 examples do not come
# out even, so four copies of the first fill up the last device, and a mask keeps them out of every sum. An
# example is three numbers: two coordinates and an arm.

# %%
if jax:
    bound = eight._latest[1].bound  # what the latest call ran on
    with bound.devices.arithmetic():
        theta, (_, lanes) = bound.theta(), bound.data()
    print("of all:", theta.shape, "parameters,", lanes.shape, "numbers of examples")
    for a, b in zip(theta.addressable_shards, lanes.addressable_shards):
        print(f"device {a.device.id}: {a.data.shape}, {b.data.shape}, from column {b.index[1].start}")

# %% [markdown]
# ## The one thing that travels
#
# With $B_d$ the examples of device $d$ and $L_i$ the loss of example $i$, the gradient is
#
# $$ \nabla L = \frac1N \sum_{i=1}^{N} \nabla L_i
#    = \frac1N \sum_{d=0}^{7} \sum_{i \in B_d} \nabla L_i. $$
#
# A device adds up its own examples. Then an *all-reduce* adds up the eight results, and leaves the total on
# every device: 603 numbers, however many examples there are. XLA inserts it by itself. By hand:

# %%
share = [slice(k, k + 38) for k in range(0, 300, 38)]
by_hand = sum(one.value_and_grad(points[s], labels[s])[1] * len(labels[s]) for s in share) / 300
print("eight shares, added up by hand, to 12 digits:", apart(by_hand, grads8) < 1e-12)

# %% [markdown]
# Sums in another order round differently, so it is 12 digits, and not all bits.
#
# ## Training inside one call
#
# A call from Python for each step would leave eight devices waiting for one interpreter. `train` puts the
# optimizer's update and the loop into the compiled function too: 300 steps, one call. Every device takes the
# same step from the same total, so that the parameters stay equal without ever being sent.

# %%
losses = eight.train(points, labels, nn.optim.Adam(parameters, lr=0.02), 300)
right = nn.metrics.accuracy([model(x) for x in points.tolist()], labels.tolist())
print(f"loss {losses[0]:.2f} -> {losses[-1]:.2f}, right: {right:.0%}")
plot_decision_boundary(model, points, labels, steps=60).figure

# %% [markdown]
# The model is the one from the beginning: its Values hold the trained numbers, to be drawn, explained or
# differentiated on.
#
# ## On a GPU, and on several machines
#
# - **A GPU**: leave the two variables away and install JAX for your card. `backend="xla"` then runs there.
#   Cards that are slow at doubles want `dtype="float32"`: 7 digits in place of 16.
# - **Several GPUs**: `jax.make_mesh((jax.device_count(),), ("examples",))`. Nothing else changes. It pays
#   when a device's share takes longer than the all-reduce; for 300 points it does not.
# - **A large layer**: `shard="parameters"` splits the parameters and the optimizer's state as well.
# - **Several machines**: the same program starts on each, with
#   `jax.distributed.initialize("first-machine:1234", num_processes=2, process_id=k)` before all else. The
#   mesh then has the devices of all of them, and the all-reduce goes over the network.
#
# The page [One program, every device](docs/pages/devices.md) has the details, and says how data are read
# that do not fit.

# %%
assert abs(value - mean.data) < 1e-12 * mean.data
assert apart(grads, gradient) < 1e-12
assert abs(value8 - value) < 1e-12 * value
assert apart(grads8, grads) < 1e-12
assert apart(by_hand, grads8) < 1e-12
assert not jax or [s.data.shape[1] for s in lanes.addressable_shards] == [38] * 8
assert losses[-1] < 0.4 * losses[0]
