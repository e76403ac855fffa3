"""One process of two that train together: ``python process.py NUMBER PORT`` prints what it found."""

import json
import sys

import jax
import numpy as np

import nn
from autograd import compile

if __name__ == "__main__":
    number, port = map(int, sys.argv[1:])
    jax.config.update("jax_num_cpu_devices", 2)
    jax.distributed.initialize(f"127.0.0.1:{port}", 2, number)
    found = []
    mesh = jax.make_mesh((4,), ("examples",))
    for shard in (None, "parameters"):
        rs = np.random.RandomState(0)
        x = rs.randn(21, 2)
        y = (x.sum(1) > 0.0) * 1.0
        model = nn.MLP(2, [4, 1], rng=1)
        params = model.parameters()
        step = compile(
            lambda x, y, model=model: nn.losses.binary_cross_entropy_with_logits(model(x), y), params,
            batch=True, backend="xla", mesh=mesh, shard=shard,
        )  # fmt: skip
        value, grads = step.value_and_grad(x, y)
        losses = step.train(x, y, nn.optim.Adam(params, lr=0.05), 15)
        found.append([value, grads.tolist(), losses, [p.data for p in params]])
    print(json.dumps([len(jax.devices()), found]))
