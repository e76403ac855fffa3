"""One process of two that train together: ``python process.py NUMBER PORT`` prints what it found.

Of the ways of training, the last gives each process its own examples alone.
"""

import json
import sys

import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

import nn
from autograd import GraphError, compile


def trained(x, y, mesh, shard):
    """Return the function, the losses of a training, and its parameters."""
    model = nn.MLP(2, [2, 1], rng=1)
    params = model.parameters()
    step = compile(
        lambda x, y: nn.losses.binary_cross_entropy_with_logits(model(x), y), params, batch=True,
        backend="xla", mesh=mesh, shard=shard,
    )  # fmt: skip
    losses = step.train(x, y, nn.optim.Adam(params, lr=0.05), 5)
    return step, [losses, [p.data for p in params]]


def fitted(data, mesh, **options):
    """Return the losses of a fit, and the parameters."""
    model = nn.MLP(2, [2, 1], rng=1)
    history = nn.fit(
        model, data, nn.losses.binary_cross_entropy_with_logits,
        nn.optim.Adam(model.parameters(), lr=0.05), epochs=3, compile=True, backend="xla", mesh=mesh,
        progress=False, **options,
    )  # fmt: skip
    return [history["loss"], [p.data for p in model.parameters()]]


def refused(call):
    """Return what an error says."""
    try:
        call()
    except (ValueError, GraphError) as error:
        return str(error)
    return ""


if __name__ == "__main__":
    number, port = map(int, sys.argv[1:])
    jax.config.update("jax_num_cpu_devices", 2)
    jax.distributed.initialize(f"127.0.0.1:{port}", 2, number)
    mesh = jax.make_mesh((4,), ("examples",))
    rs = np.random.RandomState(0)
    x = rs.randn(20, 2)
    y = (x.sum(1) > 0.0) * 1.0
    found = [trained(x[:19], y[:19], mesh, "parameters")[1]]

    def shared(own, *axes):
        with jax.enable_x64(True):
            return jax.make_array_from_process_local_data(NamedSharding(mesh, PartitionSpec(*axes)), own)

    mine = slice(10 * number, 10 * number + 10)
    parts = shared(x[mine], "examples"), shared(y[mine], "examples")
    step, apart = trained(*parts, mesh, None)
    found.append(apart)
    def batches():
        for k in range(0, 10, 4):  # of 4, 4 and 2 samples of each process
            own = slice(10 * number + k, 10 * number + min(k + 4, 10))
            yield shared(x[own], "examples"), shared(y[own], "examples")

    found += [fitted(parts, mesh), fitted(batches, mesh)]
    hole = np.where(np.arange(10)[:, None] == 3, np.nan, x[mine])
    other = compile(lambda x: x, batch=True, backend="numpy")
    texts = [
        refused(lambda: fitted(parts, mesh, batch_size=4)),
        refused(lambda: other(parts[1])),
        refused(lambda: step.value_and_grad(shared(x[:, mine], None, "examples"), parts[1])),
        refused(lambda: step.value_and_grad(shared(hole, "examples"), parts[1])),
    ]
    print(json.dumps([len(jax.devices()), found, texts]))
