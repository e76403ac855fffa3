"""Processes that are killed while they save, at any moment: the file is the old one or the new one."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from hostile.rounds import hostile_round

import nn
from nn import state

ROOT = Path(__file__).parents[2]
SAVES = """
import sys
import nn
models = [nn.MLP(2, [16, 16, 1], rng=seed) for seed in (0, 1)]
print("begun", flush=True)
while True:
    for model in models:
        model.save(sys.argv[1])
"""


@hostile_round("the old weights or the new ones, whole, and nothing beside them after the next save", 3)
def kills_while_saving(rng: random.Random, folder: Path) -> str:
    """Kill a process that saves two models in turn, and read what it leaves."""
    models = [nn.MLP(2, [16, 16, 1], rng=seed) for seed in (0, 1)]
    path = folder / "weights.json"
    models[0].save(path)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", SAVES, str(path)], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(rng.uniform(0.0, 0.02))
        process.kill()
    found = state.read(path, kind=state.FORMAT)["parameters"]
    which = [model.state_dict() for model in models].index(found)
    between = len(list(folder.iterdir())) > 1
    models[which].save(path)
    assert [each.name for each in folder.iterdir()] == [path.name]
    return "in the midst of writing" if between else "between two saves"
