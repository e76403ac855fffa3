"""Names that programs for PyTorch use: what they are here, or what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import autograd
from nn import losses
from nn.checks import refuse
from nn.modules.blocks import Activate
from nn.modules.norms import BatchNorm

__all__ = ["spelled"]


def _activation(name: str, *options: str) -> Callable[..., Activate]:
    """Return what makes a module of an activation; its options in PyTorch's order."""
    known = ("alpha", "beta", "negative_slope", "inplace")

    def make(*numbers: float, **named: Any) -> Activate:
        given = {**dict(zip(options, numbers, strict=False)), **named}
        given.pop("inplace", None)  # nothing is overwritten here
        renamed = {("slope" if key == "negative_slope" else key): x for key, x in given.items()}
        if unknown := set(given) - set(known):
            raise TypeError(f"this activation has no option {', '.join(map(repr, sorted(unknown)))}")
        return Activate(name, **renamed)

    return make


def _loss(name: str) -> Callable[..., Any]:
    """Return what binds a loss to its options, as the classes of that name do."""
    return partial(partial, getattr(losses, name))


def _along_the_only_axis(function: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda dim=None: function


ReLU = _activation("relu")
Tanh = _activation("tanh")
Sigmoid = _activation("sigmoid")
LeakyReLU = _activation("leaky_relu", "negative_slope")
ELU = _activation("elu", "alpha")
SELU = _activation("selu")
GELU = _activation("gelu")
SiLU = _activation("silu")
Softplus = _activation("softplus")
LogSigmoid = _activation("logsigmoid")
ReLU6 = _activation("relu6")
Hardtanh = _activation("hardtanh")
Identity = _activation("linear")
Softmax = _along_the_only_axis(autograd.softmax)
LogSoftmax = _along_the_only_axis(autograd.log_softmax)
MSELoss = _loss("mse_loss")
L1Loss = _loss("l1_loss")
HuberLoss = _loss("huber_loss")
SmoothL1Loss = _loss("huber_loss")
BCELoss = _loss("binary_cross_entropy")
BCEWithLogitsLoss = _loss("binary_cross_entropy_with_logits")
CrossEntropyLoss = _loss("cross_entropy")
NLLLoss = _loss("nll_loss")
BatchNorm1d = BatchNorm
BatchNorm2d = BatchNorm
BatchNorm3d = BatchNorm

_MEANT = (
    "ReLU", "Tanh", "Sigmoid", "LeakyReLU", "ELU", "SELU", "GELU", "SiLU", "Softplus", "LogSigmoid",
    "ReLU6", "Hardtanh", "Identity", "Softmax", "LogSoftmax", "MSELoss", "L1Loss", "HuberLoss",
    "SmoothL1Loss", "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "NLLLoss", "BatchNorm1d",
    "BatchNorm2d", "BatchNorm3d",
)  # fmt: skip

_MODULES = (
    "Module", "Linear", "Sequential", "Embedding", "Dropout", "Flatten", "BatchNorm", "LayerNorm", "RMSNorm",
    "Conv2d", "MaxPool2d", "AvgPool2d", "RNN", "GRU", "LSTM",
)  # fmt: skip
_OWN = (
    "write a class that derives from nn.Module; its attributes that are Values, modules, or lists and dicts "
    "of them, are its parameters"
)
_INSTEAD = {
    "Parameter": "an attribute of a Module that is a Value is a parameter: write autograd.Value(0.5)",
    **dict.fromkeys(["ModuleList", "ParameterList"], "a list of modules or Values does: self.parts = [...]"),
    **dict.fromkeys(["ModuleDict", "ParameterDict"], "a dict of modules or Values does: self.parts = {...}"),
    "functional": "losses are in nn.losses, and functions such as relu and softmax in autograd",
    "utils": "clip_grad_norm_ and clip_grad_value_ are in nn.optim",
    **dict.fromkeys(["RNNCell", "GRUCell", "LSTMCell"],
                    "write nn.RNN, nn.GRU or nn.LSTM, whose step(x, state) takes one element"),
    **dict.fromkeys(["Conv1d", "MaxPool1d", "AvgPool1d"],
                    "write the module for images, nn.Conv2d(...), with one row: kernel_size=(1, 3)"),
    **dict.fromkeys(["Dropout1d", "Dropout2d", "AlphaDropout"], "write nn.Dropout(p)"),
    **dict.fromkeys(["Softmin", "Softmax2d", "PReLU", "CELU", "Mish", "Hardswish", "Hardsigmoid", "Softsign"],
                    "write a function of one Value, and nn.Activate(function)"),
    **dict.fromkeys(["KLDivLoss", "HingeEmbeddingLoss", "MarginRankingLoss", "SoftMarginLoss", "CTCLoss",
                     "TripletMarginLoss", "PoissonNLLLoss", "GaussianNLLLoss", "CosineEmbeddingLoss",
                     "MultiMarginLoss", "CosineSimilarity", "PairwiseDistance"],
                    "write the loss as a function of Values; those that there are stand in nn.losses"),
    **dict.fromkeys(["GroupNorm", "InstanceNorm1d", "InstanceNorm2d"],
                    "nn.LayerNorm of each group of numbers does it"),
    **dict.fromkeys(["MultiheadAttention", "Transformer", "TransformerEncoder", "TransformerEncoderLayer",
                     "Bilinear", "Conv3d", "ConvTranspose2d", "Upsample", "AdaptiveAvgPool2d", "EmbeddingBag",
                     "Unflatten", "ZeroPad2d"], _OWN),
}  # fmt: skip

def spelled(name: str) -> Any:
    """Return what a name of PyTorch's ``nn`` is here.

    Raises
    ------
    AttributeError
        If it is nothing here; the message says what to write.

    Examples
    --------
    >>> spelled("MSELoss")(reduction="sum")([1.0, 2.0], [0.0, 0.0])
    5.0
    >>> spelled("Softmax2d")
    Traceback (most recent call last):
        ...
    AttributeError: module 'nn' has no attribute 'Softmax2d'; write a function of one Value, and ...
    """
    if name in _MEANT:
        return globals()[name]
    inside = {**dict.fromkeys(losses.__all__, "losses"), **dict.fromkeys(("SGD", "Adam", "AdamW"), "optim")}
    moved = {moved: f"write nn.{home}.{moved}" for moved, home in inside.items()}
    raise refuse("nn", name, {**moved, **_INSTEAD}, [*_MODULES, *_MEANT])
