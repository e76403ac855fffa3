"""Names that programs for PyTorch use: what they are here, or what to write instead."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial, wraps
from importlib import import_module
from inspect import signature
from typing import Any

import autograd
from autograd.spellings import IDLE, options
from autograd.words import gettext
from nn import losses
from nn.checks import refuse
from nn.modules.blocks import Activate
from nn.modules.norms import BatchNorm

__all__ = ["FORMULAS", "instead", "spelled"]


def _activation(name: str, *ours: str) -> Callable[..., Activate]:
    """Return what makes a module of an activation; its options in PyTorch's order."""

    @options({"negative_slope": "slope"}, inplace=IDLE)  # nothing is overwritten here
    def make(*numbers: float, **given: Any) -> Activate:
        return Activate(name, **dict(zip(ours, numbers, strict=False)), **given)

    return make


def _formula(function: Callable[..., Any]) -> Callable[..., Activate]:
    """Return what makes a module of a function of a number and of options, as PyTorch has them."""

    @options(inplace=IDLE)
    @wraps(function)
    def make(*numbers: Any, **given: Any) -> Activate:
        def activation(x: Any) -> Any:
            return function(x, *numbers, **given)

        activation(0.0)  # an option that there is not is found here
        return Activate(renamed(activation, function.__name__))

    return make


def renamed(function: Any, name: str) -> Any:
    """Return a function after giving it a name."""
    function.__name__ = function.__qualname__ = name
    return function


def _loss(loss: Callable[..., Any]) -> Callable[..., Any]:
    """Return what binds a loss to its options, as the classes of that name do."""

    def make(**given: Any) -> Callable[..., Any]:
        if unknown := given.keys() - signature(loss).parameters:
            raise TypeError(gettext("{kind}() has no option {which}", kind=loss.__name__, which=min(unknown)))
        return partial(loss, **given)

    return options(**losses.foreign(loss))(renamed(make, loss.__name__))


def _along_the_only_axis(function: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda dim=None: function


def smooth_l1(prediction: Any, target: Any, *, reduction: str = "mean", beta: float = 1.0) -> Any:
    """Huber's loss divided by ``beta``, the threshold."""
    if not beta:
        return losses.l1_loss(prediction, target, reduction=reduction)


    def divided(x: Any) -> Any:
        return [divided(part) for part in x] if isinstance(x, list) else x / beta

    return divided(losses.huber_loss(prediction, target, reduction=reduction, delta=beta))


def gelu(x: Any, approximate: str = "none") -> Any:
    """x Phi(x), or its approximation by tanh (Hendrycks and Gimpel 2016)."""
    if approximate not in ("none", "tanh"):
        raise ValueError(gettext(
            "approximate is 'none' or 'tanh', got {approximate}",
            approximate=f"{approximate!r:.40}",
        ))  # fmt: skip
    if approximate == "none":
        return autograd.gelu(x)
    return 0.5 * x * (1.0 + autograd.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)))


def softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:  # noqa: ARG001
    """log(1 + exp(beta x)) / beta, which needs no threshold."""
    return autograd.softplus(x * beta) / beta


def hardtanh(x: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """The number, from ``min_val`` to ``max_val``."""
    return autograd.clamp(x, min_val, max_val)


def mish(x: Any) -> Any:
    """X tanh(softplus(x))."""
    return x * autograd.tanh(autograd.softplus(x))


def softsign(x: Any) -> Any:
    """X / (1 + |x|)."""
    return x / (1.0 + autograd.abs(x))


def hardsigmoid(x: Any) -> Any:
    """X / 6 + 1/2, from 0 to 1."""
    return autograd.clamp(x / 6.0 + 0.5, 0.0, 1.0)


def hardswish(x: Any) -> Any:
    """X times `hardsigmoid`."""
    return x * hardsigmoid(x)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """Alpha elu(x / alpha)."""
    return alpha * autograd.elu(x / alpha)


def tanhshrink(x: Any) -> Any:
    """X - tanh(x)."""
    return x - autograd.tanh(x)


def softshrink(x: Any, lambd: float = 0.5) -> Any:
    """X without its part from -lambd to lambd."""
    return x - autograd.clamp(x, -lambd, lambd)


def hardshrink(x: Any, lambd: float = 0.5) -> Any:
    """X, or 0 from -lambd to lambd."""
    return autograd.where(autograd.abs(x) > lambd, x, 0.0)


def _threshold(threshold: float, value: float, inplace: bool = False) -> Activate:  # noqa: ARG001
    def activation(x: Any) -> Any:
        return autograd.where(x > threshold, x, value)

    return Activate(renamed(activation, "threshold"))


def softmin(xs: Any) -> Any:
    """The softmax of -x."""
    return autograd.softmax([-x for x in xs])


def glu(xs: Any) -> Any:
    """The first half of the numbers, each times the sigmoid of its partner in the second."""
    half = len(xs) // 2
    if 2 * half != len(xs):
        raise ValueError(gettext("GLU takes an even number of numbers, got {count}", count=len(xs)))
    return [a * autograd.sigmoid(b) for a, b in zip(xs[:half], xs[half:], strict=True)]


ReLU = _activation("relu")
Tanh = _activation("tanh")
Sigmoid = _activation("sigmoid")
LeakyReLU = _activation("leaky_relu", "slope")
ELU = _activation("elu", "alpha")
SELU = _activation("selu")
GELU = _formula(gelu)
SiLU = _activation("silu")
Softplus = _formula(softplus)
LogSigmoid = _activation("logsigmoid")
ReLU6 = _activation("relu6")
Hardtanh = _formula(hardtanh)
Identity = _activation("linear")
Softmax = _along_the_only_axis(autograd.softmax)
LogSoftmax = _along_the_only_axis(autograd.log_softmax)
Softmin = _along_the_only_axis(softmin)
GLU = _along_the_only_axis(glu)
Mish = _formula(mish)
Softsign = _formula(softsign)
Hardsigmoid = _formula(hardsigmoid)
Hardswish = _formula(hardswish)
CELU = _formula(celu)
Tanhshrink = _formula(tanhshrink)
Softshrink = _formula(softshrink)
Hardshrink = _formula(hardshrink)
Threshold = _threshold
MSELoss = _loss(losses.mse_loss)
L1Loss = _loss(losses.l1_loss)
HuberLoss = _loss(losses.huber_loss)
SmoothL1Loss = _loss(smooth_l1)
BCELoss = _loss(losses.binary_cross_entropy)
BCEWithLogitsLoss = _loss(losses.binary_cross_entropy_with_logits)
CrossEntropyLoss = _loss(losses.cross_entropy)
NLLLoss = _loss(losses.nll_loss)
BatchNorm1d = BatchNorm
BatchNorm2d = BatchNorm
BatchNorm3d = BatchNorm

FORMULAS = {
    **{name: name for name in (
        "gelu", "softplus", "hardtanh", "mish", "softsign", "hardsigmoid", "hardswish", "celu", "tanhshrink",
        "softshrink", "hardshrink", "softmin", "glu",
    )},
    "smooth_l1_loss": "smooth_l1",
}  # fmt: skip
"""The names of functions here for those of PyTorch's functions that have no other home."""

_MEANT = (
    "ReLU", "Tanh", "Sigmoid", "LeakyReLU", "ELU", "SELU", "GELU", "SiLU", "Softplus", "LogSigmoid",
    "ReLU6", "Hardtanh", "Identity", "Softmax", "LogSoftmax", "MSELoss", "L1Loss", "HuberLoss",
    "SmoothL1Loss", "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "NLLLoss", "BatchNorm1d",
    "BatchNorm2d", "BatchNorm3d", "Softmin", "GLU", "Mish", "Softsign", "Hardsigmoid", "Hardswish", "CELU",
    "Tanhshrink", "Softshrink", "Hardshrink", "Threshold",
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
    "save": "write model.save(path)", "load": "write model.load(path)",
    "utils": "clip_grad_norm_ and clip_grad_value_ are in nn.optim, and nn.fit goes through data",
    **dict.fromkeys(["DataLoader", "TensorDataset", "Dataset"],
                    "write nn.fit(model, (x, y), loss, optimizer, batch_size=32), or "
                    "nn.data.batches(x, y, 32)"),
    **dict.fromkeys(["manual_seed", "seed", "set_seed"],
                    "write rng=0, or rng=random.Random(0), where a model is made: nn.MLP(2, [8, 1], rng=0)"),
    **dict.fromkeys(["Dense", "dense", "FullyConnected", "fully_connected", "Affine"],
                    "write nn.Linear(2, 3), or nn.Layer(2, 3, activation='relu')"),
    **dict.fromkeys(["Model", "Net", "Network", "NeuralNetwork", "NN", "Perceptron"],
                    "write nn.MLP(2, [8, 1]), or a class that derives from nn.Module"),
    "MLPClassifier": "write nn.sklearn.ScalarClassifier", "MLPRegressor": "write nn.sklearn.ScalarRegressor",
    **dict.fromkeys(["fit_model", "learn", "Trainer"],
                    "write nn.fit(model, (x, y), loss, optimizer, epochs=10)"),
    **dict.fromkeys(["Input", "InputLayer"], "write the number of inputs first: nn.MLP(2, [8, 1])"),
    "models": "write nn.MLP, or a class that derives from nn.Module",
    "layers": "write nn.Linear, nn.Conv2d and their like, which are names of nn",
    "summary": "write print(model)",
    "optimizers": "write nn.optim", "parameter": "write autograd.Value(number)",
    "grad": "write autograd.grad(f)",
    **dict.fromkeys(["PReLU", "RReLU", "Softmax2d"],
                    "write a function of one Value, and nn.Activate(function)"),
    **dict.fromkeys(["Buffer", "UninitializedBuffer"],
                    "a number that is an attribute of a Module is no parameter: write self.scale = 0.5"),
    "UninitializedParameter": "write autograd.Value(number)",
    "lr_scheduler": "write nn.optim.lr_scheduler", "DataParallel": "write nn.fit(model, data, compile=True)",
}  # fmt: skip
_KINDS = (
    ("LinearCrossEntropy.*", "write nn.Linear, and nn.CrossEntropyLoss of what it returns"),
    ("Lazy.*", "write the module with its sizes, such as nn.Linear(2, 3)"),
    (".*Loss(2d)?|CosineSimilarity|PairwiseDistance",
     "write the loss as a function of Values; those that there are stand in nn.losses"),
    (".*Dropout.*", "write nn.Dropout(p)"),
    (".*Pad[123]d", "write the image with its margin, or nn.Conv2d(..., padding=1)"),
    ("(RNN|GRU|LSTM)?(Cell|Base|CellBase)",
     "write nn.RNN, nn.GRU or nn.LSTM, whose step(x, state) takes one element"),
    ("Conv1d|(Max|Avg)Pool1d",
     "write the module for images, nn.Conv2d(...), with one row: kernel_size=(1, 3)"),
    (".*(Norm|LRN)([123]d)?", "nn.LayerNorm of each group of numbers does it"),
    (".*(Pool|Unpool)[123]d|Conv.*|.*Transformer.*|.*Attention|Upsampl.*|Bilinear", _OWN),
    ("Fold|Unfold|Unflatten|EmbeddingBag|.*[Ss]huffle|AdaptiveLogSoftmax.*|Container", _OWN),
)  # fmt: skip
"""Patterns of PyTorch's names, and what to write instead; the first that fits counts."""
_PARTS = ("activations", "init", "metrics", "callbacks", "data", "losses", "optim")
"""Where the public names are that are not in ``nn`` itself."""

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
    raise refuse("nn", name, {name: instead(name)}, [*_MODULES, *_MEANT])


def instead(name: str) -> str:
    """Return what to write in place of ``nn.NAME``; empty where nothing is known.

    Examples
    --------
    >>> instead("save")
    'write model.save(path)'
    """
    homes = {known: home for home in _PARTS for known in import_module(f"nn.{home}").__all__}
    if name in _INSTEAD:
        return _INSTEAD[name]
    if name in homes:
        return f"write nn.{homes[name]}.{name}"
    return next((said for pattern, said in _KINDS if re.fullmatch(pattern, name)), "")
