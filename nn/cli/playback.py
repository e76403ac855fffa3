"""``chainrule train --live``: the training as one page, played back.

The page holds the parameters and the optimizer's numbers of some epochs, and computes the rest: what the
network says of each place, by the rows in JavaScript that it is made of.
"""

from __future__ import annotations

import base64
import json
import math
import re
import struct
from collections.abc import Sequence
from typing import Any, Final

from autograd import TABLE, ops
from autograd.native.javascript import Script
from autograd.render import escape
from autograd.render.page.compact import script, spoken, style, text
from autograd.render.picture.palette import DARK, LIGHT
from autograd.words import current
from nn.activations import activation_function
from nn.cli.task import Task

__all__ = ["Playback"]

NUMBERS: Final = 45_000
"""How many numbers a page holds; with more parameters it shows fewer epochs."""
FRAMES: Final = 150
PACKAGE: Final = "nn.cli"


class Playback:
    """Keeps what a training was like after some of its epochs.

    A callback of `nn.fit`.

    Parameters
    ----------
    model, optimizer
        The network before its training, and what trains it.
    epochs
        How many there will be.
    """

    def __init__(self, model: Any, optimizer: Any, epochs: int) -> None:
        self.names = [name for name, _ in model.named_parameters()]
        self.slots: list[str] = list(optimizer.state_dict().get("state", {}))
        size = len(self.names) * (1 + len(self.slots))
        self.every = max(1, math.ceil(epochs / max(10, min(FRAMES, NUMBERS // size))))
        self.epochs = epochs
        self.kept: list[tuple[int, float, list[list[float]]]] = []
        self._keep(model, optimizer, 0, math.nan)

    def __call__(self, training: Any) -> None:
        """Keep this epoch, if it is one of those that are shown."""
        if training.epoch % self.every == 0 or training.epoch == self.epochs:
            self._keep(training.model, training.optimizer, training.epoch, training.history["loss"][-1])

    def _keep(self, model: Any, optimizer: Any, epoch: int, loss: float) -> None:
        numbers = [[p.data for _, p in model.named_parameters()]]
        state = optimizer.state_dict().get("state", {})
        numbers += [list(state[slot]) for slot in self.slots]
        self.kept.append((epoch, loss, numbers))

    def page(self, task: Task, sizes: Sequence[int], activation: str, title: str) -> str:
        """Return the page.

        Parameters
        ----------
        task
            What was learnt.
        sizes
            Numbers of neurons, of the inputs first.
        activation
            Of the hidden layers.
        title
            Its heading.
        """
        name, function = activation_function(activation)
        made = Script()
        functions = {
            "activation": "x=>x" if function is None else made.value(TABLE[name]),
            "probability": made.value(ops.sigmoid), "shares": made.value(ops.softmax),
        }  # fmt: skip
        rules = made.text() + "".join(f"const {key}={value};\n" for key, value in functions.items())
        flat = [clipped(x) for _, _, rows in self.kept for row in rows for x in row]
        numbers = struct.pack(f"<{len(flat)}f", *flat)  # the page reads the lowest byte first
        data = {
            "names": self.names, "slots": self.slots, "sizes": list(sizes),
            "classes": task.classes if task.labels else [],
            "epochs": [epoch for epoch, _, _ in self.kept],
            "losses": [shown(loss) for _, loss, _ in self.kept],
            "x": [[shown(v) for v in row] for row in task.x] if len(task.x[0]) == 2 else [],
            "labels": task.labels, "targets": targets(task),
            "features": task.features or ["x\u2080", "x\u2081"],
            "numbers": base64.b64encode(numbers).decode(), "activation": name,
        }  # fmt: skip
        css = style("playback.css", PACKAGE)
        for key, palette in (("light", LIGHT), ("dark", DARK)):
            css = css.replace(f"{{{key}}}", ";".join(f"--{k}:{color}" for k, color in palette.items()))
        written = text("page.js") + text("playback.js", PACKAGE)
        program = f'(()=>{{"use strict";\n{rules}{script(written)}}})();'
        parts = {
            "lang": current().replace("_", "-"), "title": escape.xml(title), "css": css,
            "script": program.replace("</", "<\\/"),
            "data": json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        }  # fmt: skip
        page = spoken(text("playback.html", PACKAGE))
        return re.sub(rf"\{{({'|'.join(parts)})\}}", lambda found: parts[found[1]], page)


def targets(task: Task) -> list[float]:
    """Return the numbers that are to be predicted; none where these are classes, or several for a sample."""
    flat: list[Any] = [y[0] if isinstance(y, (list, tuple)) and len(y) == 1 else y for y in task.y]
    single = not task.labels and task.outputs == 1 and len(task.x[0]) == 2
    return [float(f"{y:.6g}") for y in flat] if single and all(map(math.isfinite, flat)) else []


def clipped(x: float) -> float:
    """Return a number that a short float holds."""
    return math.copysign(3.4e38, x) if abs(x) > 3.4e38 else x


def shown(x: float) -> float | None:
    """Return a number with six digits; None where it is none."""
    return float(f"{x:.6g}") if math.isfinite(x) else None
