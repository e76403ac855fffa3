"""Neural networks of scalars: modules, losses, optimizers, data, training, plots.

Examples
--------
>>> import nn
>>> points, labels = nn.data.make_moons(100)
>>> model = nn.MLP(2, [16, 16, 1], rng=0)
>>> loss = nn.losses.hinge_loss([model(x) for x in points], [2 * int(y) - 1 for y in labels])
>>> loss.backward()
"""

from __future__ import annotations

import sys as _sys

# As in typing, which takes longer to import than what the command has to do before an interrupt is caught.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nn import activations, callbacks, data, init, losses, metrics, optim, plot, progress, state
    from nn.modules.blocks import Activate, Dropout, Embedding, Flatten, Sequential
    from nn.modules.convolution import AvgPool2d, Conv2d, MaxPool2d
    from nn.modules.layers import MLP, Layer, Linear, Neuron
    from nn.modules.module import Batch, Module
    from nn.modules.norms import BatchNorm, LayerNorm, RMSNorm
    from nn.modules.recurrent import GRU, LSTM, RNN
    from nn.train.fit import evaluate, fit

    # PyTorch's names; the alias tells checkers that they are public here, too.
    # isort: off
    from nn.elsewhere import (
        ELU as ELU, GELU as GELU, SELU as SELU, BatchNorm1d as BatchNorm1d, BatchNorm2d as BatchNorm2d,
        BatchNorm3d as BatchNorm3d, BCELoss as BCELoss, BCEWithLogitsLoss as BCEWithLogitsLoss,
        CrossEntropyLoss as CrossEntropyLoss, Hardtanh as Hardtanh, HuberLoss as HuberLoss,
        Identity as Identity, L1Loss as L1Loss, LeakyReLU as LeakyReLU, LogSigmoid as LogSigmoid,
        LogSoftmax as LogSoftmax, MSELoss as MSELoss, NLLLoss as NLLLoss, ReLU as ReLU, ReLU6 as ReLU6,
        Sigmoid as Sigmoid, SiLU as SiLU, SmoothL1Loss as SmoothL1Loss, Softmax as Softmax,
        Softplus as Softplus, Tanh as Tanh,
    )  # fmt: skip
    # isort: on

__all__ = [
    "GRU", "LSTM", "MLP", "RNN", "Activate", "AvgPool2d", "Batch", "BatchNorm", "Conv2d", "Dropout",
    "Embedding", "Flatten", "Layer", "LayerNorm", "Linear", "MaxPool2d", "Module", "Neuron", "RMSNorm",
    "Sequential", "activations", "callbacks", "data", "evaluate", "fit", "init", "losses", "metrics", "optim",
    "plot", "progress", "state",
]  # fmt: skip

_HOMES = {
    **dict.fromkeys(["Activate", "Dropout", "Embedding", "Flatten", "Sequential"], "nn.modules.blocks"),
    **dict.fromkeys(["MLP", "Layer", "Linear", "Neuron"], "nn.modules.layers"),
    **dict.fromkeys(["BatchNorm", "LayerNorm", "RMSNorm"], "nn.modules.norms"),
    **dict.fromkeys(["GRU", "LSTM", "RNN"], "nn.modules.recurrent"),
    **dict.fromkeys(["AvgPool2d", "Conv2d", "MaxPool2d"], "nn.modules.convolution"),
    **dict.fromkeys(["Batch", "Module"], "nn.modules.module"),
    **dict.fromkeys(["evaluate", "fit"], "nn.train.fit"),
}


# A name is imported when it is first asked for, so that the command begins before the engine is loaded, and
# can say what is wrong where another package named autograd stands in its place.
if not TYPE_CHECKING:  # a name that is not there is an error to checkers

    def __getattr__(name: str) -> Any:
        from importlib import import_module
        from importlib.machinery import PathFinder

        if name == "__version__":
            return import_module("autograd").__version__
        home = _HOMES.get(name)
        if home is None and (name.startswith("_") or PathFinder.find_spec(f"nn.{name}", __path__) is None):
            if name.startswith("_"):
                raise AttributeError(f"nn.{name}")  # which only Python's own machinery asks for
            return import_module("nn.elsewhere").spelled(name)
        try:
            found = import_module(f"nn.{name}") if home is None else getattr(import_module(home), name)
        except ImportError:
            from nn.cli.clash import problem

            if (said := problem()) is not None:
                raise ImportError(said) from None
            raise
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Imports:
    """Answers ``import nn.functional`` as ``nn.functional`` is answered, where nobody finds such a module."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> None:
        """Raise ModuleNotFoundError for a name of PyTorch's; nothing is found for any other."""
        if name.startswith("nn."):
            from autograd.elsewhere import Imports
            from nn.elsewhere import instead

            Imports("nn", instead).find_spec(name)


_sys.meta_path.append(_Imports)
