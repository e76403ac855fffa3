"""Trainings that are killed at a random moment, go on, and must end with the bits of one that was not."""

import os
import random
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

from hostile.rounds import hostile_round

ROOT = Path(__file__).parents[2]
PROGRAM = """
import random, sys
import nn
model = nn.MLP(2, [4, 1], rng=random.Random(1))
data = nn.data.make_xor(24, rng=random.Random(2))
optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
loss = nn.losses.binary_cross_entropy_with_logits
nn.fit(model, data, loss, optimizer, epochs=12, batch_size=6, rng=random.Random(3),
       progress=False, checkpoint=sys.argv[1], resume=True)
print(*(p.data.hex() for p in model.parameters()))
"""


def training(folder: Path) -> subprocess.Popen[str]:
    """Start the training in a process of its own; it resumes from what the folder holds."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder / "run.json")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@cache
def undisturbed(folder: Path) -> tuple[str, float]:
    """Return what the training ends with where nobody disturbs it, and how long it takes."""
    start = time.monotonic()
    process = training(folder)
    said, complaint = process.communicate(timeout=120)
    assert process.returncode == 0, complaint
    return said, time.monotonic() - start


@hostile_round(
    "after any number of kills, the bits of the training that was not killed, and no file beside the "
    "checkpoint", 4,
)
def kills_while_training(rng: random.Random, folder: Path) -> str:
    """Kill a training some times, then let it finish."""
    reference = folder.parent / "undisturbed"
    reference.mkdir(exist_ok=True)
    expected, seconds = undisturbed(reference)
    killed = 0
    for _ in range(rng.choice([1, 1, 2])):
        process = training(folder)
        time.sleep(rng.uniform(0.3, 1.1) * seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=120)
        killed += process.returncode < 0
    process = training(folder)
    said, complaint = process.communicate(timeout=120)
    assert process.returncode == 0, complaint
    assert said == expected
    assert [path.name for path in folder.iterdir()] == ["run.json"]
    return f"finished after {killed} kills" if killed != 1 else "finished after 1 kill"
