"""Neurons and what is built of them.

A neuron is one ``dot`` node: the bias stands in the vector of weights, opposite a one in the vector of
inputs, and all neurons of a layer share the vector of inputs. With ``granular=True`` every product and
every sum is a node of its own, as on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Literal, overload

from autograd import Note, Value, dots, modes
from autograd.native import engine
from autograd.spellings import TENSORS, options
from autograd.words import gettext
from nn.activations import Activation, activation_function, activation_title
from nn.checks import listed, whole
from nn.init import Initializer, Rng, generator, initializer, uniform
from nn.modules.module import Batch, Module

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from autograd.typing import Numbers

    Out_co = TypeVar("Out_co", covariant=True, default="Value | list[Value]")
else:
    from typing import TypeVar

    Out_co = TypeVar("Out_co", covariant=True)  # defaults are of Python 3.13

__all__ = ["MLP", "Layer", "Linear", "Neuron"]


def _inputs(x: Any, nin: int, neuron: str = "") -> tuple[Any, ...]:
    """Return the inputs of a layer, or a neuron, as a tuple of the right length; one may stand by itself."""
    if isinstance(x, Value) or not hasattr(x, "__iter__"):
        x = (x,)
    inputs = tuple(x)
    if len(inputs) != nin or (nin and inputs[0].__class__.__name__ in _ROWS):
        rows = inputs and inputs[0].__class__.__name__ in _ROWS
        got = gettext("a table of {count}", count=len(inputs)) if rows else len(inputs)
        layer = gettext("a layer of {nin} inputs", nin=nin)
        whose = gettext("this {neuron}", neuron=neuron) if neuron else layer
        raise ValueError(gettext(
            "{whose} takes {nin} inputs, got {got}; pass one sample at a time, as a sequence of numbers or "
            "Values: [model(x) for x in samples]",
            whose=whose, nin=nin, got=got,
        ))  # fmt: skip
    return inputs


_ROWS = frozenset(("list", "tuple", "ndarray"))
"""What the rows of several samples are."""


def _drawn(init: str | Initializer, nin: int, nout: int, rng: Rng) -> list[list[float]]:
    """Return the first weights, ``nin`` for each neuron."""
    rows = [
        listed(gettext("a row of first weights"), row)
        for row in listed(gettext("what an initialiser returns"), initializer(init)(nin, nout, rng=rng))
    ]
    if len(rows) != nout or any(len(row) != nin for row in rows):
        raise ValueError(gettext(
            "an initialiser of ({nin}, {nout}) returns {nout} rows of {nin} numbers; this one returned "
            "{count} rows of {given}",
            nin=nin, nout=nout, count=len(rows), given=[*map(len, rows)],
        ))  # fmt: skip
    return rows


class Weights(list["Value"]):
    """The weights of a neuron, as a list: ``w + [b]`` is another list, and ``w[0] = x`` sets the neuron's."""

    __slots__ = ("_neuron",)

    def __init__(self, neuron: Neuron, weights: Iterable[Value]) -> None:
        super().__init__(weights)
        self._neuron = neuron

    def __setitem__(self, place: Any, weights: Any) -> None:
        changed = list(self)
        changed[place] = weights
        self._neuron.w = changed
        super().__setitem__(slice(None), self._neuron.w)

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError(gettext(
            "this neuron has {count} weights, of which none is added, taken away or moved here; assign "
            "others with neuron.w = [...], or make a neuron of another size",
            count=len(self),
        ))  # fmt: skip

    if not TYPE_CHECKING:
        __delitem__ = __iadd__ = __imul__ = append = clear = extend = _refuse
        insert = pop = remove = reverse = sort = _refuse


_PLANNED = {"_row", "_note", "_activate", "granular", "bias"}
"""The attributes of a neuron of which its plan is made."""


class Neuron(Module):
    """A weighted sum of the inputs plus a bias, then an activation.

    Parameters
    ----------
    nin
        Number of inputs.
    nonlin
        Whether the activation is applied; False makes the neuron linear.
    activation
        A name from `nn.activations.NAMES`, or a function of one Value.
    bias
        Whether there is a bias, which starts at 0.
    granular
        Whether each product and each sum is a node of its own, rather than one ``dot`` node for all.
    init
        Name of a function in `nn.init`, or such a function.
    rng
        A ``random.Random`` or a seed; without it the module ``random`` is drawn from, as in micrograd.

    Attributes
    ----------
    w : list of Value
        The weights; assign a sequence, or to one of its places, to replace them.
    b : Value or None
        The bias.

    Examples
    --------
    >>> neuron = Neuron(2, activation="tanh")
    >>> neuron.w = [Value(0.5), Value(-1.0)]
    >>> neuron([1.0, 0.5])
    Value(data=0.0, grad=0.0)
    >>> neuron
    TanhNeuron(2)
    """

    def __init__(
        self, nin: int, nonlin: bool = True, *, activation: Activation = "relu", bias: bool = True,
        granular: bool = False, init: str | Initializer = "uniform", rng: Rng = None,
    ) -> None:  # fmt: skip
        nin = whole("nin", nin)
        self._build(_drawn(init, nin, 1, rng)[0], nonlin, activation, bias, granular)

    def _build(
        self, weights: Sequence[float], nonlin: bool, activation: Activation, bias: bool, granular: bool
    ) -> None:
        self.nin, self.granular, self.bias = len(weights), granular, bias
        self.activation, self._activate = activation_function(activation if nonlin else None)
        self.nonlin = self._activate is not None
        self._note = Note("", self._path)
        values = [Value(w) for w in weights]
        for i, w in enumerate(values):
            w.label = f"w{i}"
        # The bias stands last; this very tuple goes into every node, so that a backward pass sums its
        # gradient as one vector.
        self._row: tuple[Value, ...] = (*values, Value(0.0, "b")) if bias else tuple(values)

    @property
    def w(self) -> list[Value]:
        """The weights."""
        return Weights(self, self._row[: self.nin])

    @w.setter
    def w(self, weights: Iterable[Any]) -> None:
        self._replace((*listed("w", weights), *self._row[self.nin :]))

    @property
    def b(self) -> Value | None:
        """The bias, or None."""
        return self._row[-1] if self.bias else None

    @b.setter
    def b(self, bias: Any) -> None:
        if not self.bias:
            raise AttributeError(gettext("this neuron was made with bias=False; make one with bias=True"))
        self._replace((*self._row[: self.nin], bias))

    def _replace(self, row: tuple[Any, ...]) -> None:
        if len(row) != len(self._row):
            raise ValueError(gettext(
                "this neuron has {nin} weights, got {count}",
                nin=self.nin, count=len(row) - self.bias,
            ))  # fmt: skip
        self._row = tuple([x if isinstance(x, Value) else Value(x) for x in row])
        for name, x in self._children():
            x.label = x.label or (f"{self._path}.{name}" if self._path else name)

    def _children(self) -> Iterator[tuple[str, Any]]:
        for i, w in enumerate(self._row[: self.nin]):
            yield f"w{i}", w
        if self.bias:
            yield "b", self._row[-1]

    def __setattr__(self, name: str, attribute: Any) -> None:
        object.__setattr__(self, name, attribute)
        if name in _PLANNED:
            object.__setattr__(self, "_plan", self._planned())

    def _planned(self) -> tuple[Any, ...] | None:
        """Return what a layer in C is to know of this neuron; None where it is not for C."""
        if self.__class__ is not Neuron or not set(vars(self)) >= _PLANNED:
            return None
        return self._row, self._note, self._activate, self.granular, self.bias

    def _moved(self) -> None:
        self._note = Note("", self._path)

    def parameters(self) -> list[Value]:
        """Return the weights, then the bias."""
        return list(self._row)

    def weights(self) -> list[Value]:
        """Return the weights without the bias."""
        return list(self._row[: self.nin])

    def __call__(self, x: Numbers) -> Value:
        """Return the output for one sample of ``nin`` numbers or Values."""
        if x.__class__ is Batch:
            return Batch(map(self, x))  # type: ignore[return-value]
        inputs = _inputs(x, self.nin, repr(self))
        return self._fire((*inputs, 1.0) if self.bias else inputs)

    def _fire(self, x: tuple[Any, ...]) -> Value:
        """Return the output; ``x`` ends with the one that the bias is multiplied by."""
        return self._activated(self._summed(x) if self.granular else dots((self._row,), x)[0])

    def _activated(self, z: Value) -> Value:
        """Return the activation of the weighted sum; both nodes take note of this module's path."""
        if z.note is None:
            z.note = self._note
        elif z.note is not self._note:
            _put_in(z, self._path)
        activate = self._activate
        if activate is None:
            return z
        y: Value = activate(z)
        return self._marked(y) if isinstance(y, Value) and y is not z else y

    def _summed(self, x: tuple[Any, ...]) -> Any:
        """Return the weighted sum as a chain of products and sums, from the bias on, as micrograd does."""
        pairs = zip(self._row[: self.nin], x, strict=False)
        z: Any = self._row[-1] if self.bias else None
        if z is None:
            w, xi = next(pairs)
            z = self._marked(w * xi)
        if modes.ACTIVE:
            for w, xi in pairs:
                z = self._marked(z + self._marked(w * xi))
            return z
        note = self._note
        for w, xi in pairs:
            term = w * xi
            term.note = note
            z = z + term
            z.note = note
        return z

    def _marked(self, node: Value) -> Value:
        """Return a node after noting this module's path in it."""
        if node.note is None:
            node.note = self._note
        else:
            _put_in(node, self._path)
        return node

    def __repr__(self) -> str:
        return f"{activation_title(self.activation)}Neuron({self.nin})"

    def _kind(self) -> str:
        return repr(self)

    _in_summary = False


def _put_in(node: Value, path: str) -> None:
    """Enter the module's path in a node that has a note: of an outer scope, or of its source line."""
    note = node.note
    if note is not None and not note.label:
        outer = modes.MODE.get().scope
        node.note = Note("", f"{outer}.{path}" if outer and path else outer or path, note.source)


class Layer(Module, Generic[Out_co]):
    """Neurons side by side over the same inputs.

    Parameters
    ----------
    nin, nout
        Numbers of inputs and of neurons.
    nonlin, activation, bias, granular, init, rng
        As for `Neuron`.

    Notes
    -----
    `outputs` returns a list whatever the number of neurons, which helps type checkers.

    Examples
    --------
    >>> layer = Layer(2, 3, activation="tanh", rng=0)
    >>> len(layer([1.0, 2.0]))
    3
    >>> Layer(2, 1, nonlin=False, init="zeros")([1.0, 2.0])     # one neuron: no list around its output
    Value(data=0.0, grad=0.0)
    """

    _element_names = MappingProxyType({"neurons": "n"})

    @overload
    def __init__(
        self: Layer[Value], nin: int, nout: Literal[1], nonlin: bool = True, *,
        activation: Activation = "relu", bias: bool = True,
        granular: bool = False, init: str | Initializer = "uniform", rng: Rng = None,
    ) -> None: ...  # fmt: skip
    @overload
    def __init__(
        self, nin: int, nout: int, nonlin: bool = True, *, activation: Activation = "relu", bias: bool = True,
        granular: bool = False, init: str | Initializer = "uniform", rng: Rng = None,
    ) -> None: ...  # fmt: skip
    def __init__(
        self, nin: int, nout: int, nonlin: bool = True, *, activation: Activation = "relu", bias: bool = True,
        granular: bool = False, init: str | Initializer = "uniform", rng: Rng = None,
    ) -> None:  # fmt: skip
        self.nin = whole("nin", nin)
        rows = _drawn(init, self.nin, whole("nout", nout), rng)
        neurons = []
        for row in rows:
            neuron = Neuron.__new__(Neuron)
            neuron._build(row, nonlin, activation, bias, granular)
            neurons.append(neuron)
        self.bias, self.activation = bias, neurons[0].activation
        self.neurons: list[Any] = neurons

    def outputs(self, x: Numbers) -> list[Value]:
        """Return the outputs as a list, even a single one.

        Parameters
        ----------
        x
            One sample: ``nin`` numbers or Values.
        """
        inputs = _inputs(x, self.nin)
        shared = (*inputs, 1.0) if self.bias else inputs
        neurons = self.neurons
        if engine is not None:
            made = engine.layer(neurons, shared)
            if made is not None:
                return made  # type: ignore[no-any-return]
        rows: list[tuple[Value, ...]] = [n._row for n in neurons if n.__class__ is Neuron and not n.granular]
        if len(rows) == len(neurons):
            sums = dots(rows, shared)
            if modes.ACTIVE:
                return [n._activated(z) for n, z in zip(neurons, sums, strict=True)]
            # What `Neuron._activated` does, in the hottest loop of a forward pass.
            outputs = []
            for n, z in zip(neurons, sums, strict=True):
                note, activate = n._note, n._activate
                z.note = note
                y = z if activate is None else activate(z)
                if isinstance(y, Value) and y.note is None:
                    y.note = note
                outputs.append(y)
            return outputs
        return [n._fire(shared) if n.__class__ is Neuron else n(inputs) for n in neurons]

    def __call__(self, x: Numbers) -> Out_co:
        """Return the outputs for one sample: a list, or with one neuron its output."""
        if x.__class__ is Batch:
            return Batch(map(self, x))  # type: ignore[return-value]
        outputs: Any = self.outputs(x)
        out: Out_co = outputs[0] if len(outputs) == 1 else outputs
        return out

    def parameters(self) -> list[Value]:
        """Return the neurons' parameters in order."""
        return [p for n in self.neurons for p in n.parameters()]

    def weights(self) -> list[Value]:
        """Return the neurons' weights without the biases."""
        return [w for n in self.neurons for w in n.weights()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(repr, self.neurons))}]"

    def _kind(self) -> str:
        return f"Layer({self.nin}, {len(self.neurons)}, {self.activation})"


class Linear(Layer[Out_co]):
    """A layer without an activation, with PyTorch's name and PyTorch's first weights.

    These are even in [-1 / sqrt(nin), 1 / sqrt(nin)], and so are the biases.

    Parameters
    ----------
    nin, nout, bias, rng
        As for `Layer`.

    Examples
    --------
    >>> linear = Linear(2, 3, rng=0)
    >>> len(linear([1.0, 2.0])), linear.activation
    (3, 'linear')
    """

    @options({"in_features": "nin", "out_features": "nout"}, **TENSORS)
    def __init__(self, nin: int, nout: int, bias: bool = True, *, rng: Rng = None) -> None:
        bound, rng = whole("nin", nin) ** -0.5, generator(rng)

        def even(nin: int, nout: int, *, rng: Any = None) -> list[list[float]]:
            return uniform(nin, nout, low=-bound, high=bound, rng=rng)

        super().__init__(nin, nout, nonlin=False, bias=bias, init=even, rng=rng)
        if bias:
            for neuron, (b,) in zip(self.neurons, even(1, nout, rng=rng), strict=True):
                neuron.b.data = b


class MLP(Module, Generic[Out_co]):
    """A multilayer perceptron: hidden layers with an activation, and a linear last layer.

    Parameters
    ----------
    nin
        Number of inputs.
    nouts
        Number of neurons in each layer; a single number for a single layer.
    activation
        Of the hidden layers.
    output
        Activation of the last layer; linear unless given.
    bias, granular, init, rng
        As for `Neuron`.

    Notes
    -----
    Type checkers cannot see the lengths that stand in a list. ``MLP(2, (4, 1))``, or ``MLP[Value](2, [4,
    1])``, tells them that a call returns one Value; ``MLP[list[Value]]``, a list.

    Examples
    --------
    >>> model = MLP(2, [4, 1], rng=0)
    >>> len(model.parameters())
    17
    >>> MLP(2, [1, 1])
    MLP of [Layer of [ReLUNeuron(2)], Layer of [LinearNeuron(1)]]
    >>> model([1.0, -2.0]).scope
    'layer1.n0'
    """

    _element_names = MappingProxyType({"layers": "layer"})

    @overload
    def __init__(
        self: MLP[Value], nin: int, nouts: Literal[1] | tuple[*tuple[int, ...], Literal[1]], *,
        activation: Activation = "relu", output: Activation = None,
        bias: bool = True, granular: bool = False, init: str | Initializer = "uniform", rng: Rng = None,
    ) -> None: ...  # fmt: skip
    @overload
    def __init__(
        self, nin: int, nouts: Sequence[int] | int, *, activation: Activation = "relu",
        output: Activation = None,
        bias: bool = True, granular: bool = False, init: str | Initializer = "uniform", rng: Rng = None,
    ) -> None: ...  # fmt: skip
    def __init__(
        self, nin: int, nouts: Sequence[int] | int, *, activation: Activation = "relu",
        output: Activation = None,
        bias: bool = True, granular: bool = False, init: str | Initializer = "uniform", rng: Rng = None,
    ) -> None:  # fmt: skip
        sizes = listed("nouts", nouts) if isinstance(nouts, Iterable) else [nouts]
        if not sizes:
            raise ValueError(gettext(
                "nouts is empty; give the number of neurons of at least one layer, such as [16, 1]"
            ))  # fmt: skip
        activation_function(activation)  # also where no hidden layer takes it
        rng, last = generator(rng), len(sizes) - 1
        ends = [nin, *sizes]
        self.layers: list[Any] = [
            Layer(
                ends[i], ends[i + 1], activation=output if i == last else activation,
                bias=bias, granular=granular, init=init, rng=rng,
            )
            for i in range(len(sizes))
        ]  # fmt: skip

    def __call__(self, x: Numbers) -> Out_co:
        """Return the outputs for one sample of ``nin`` numbers or Values: a list, or a single Value."""
        outputs: Any = x
        for layer in self.layers:
            outputs = layer(outputs)
        out: Out_co = outputs
        return out

    def parameters(self) -> list[Value]:
        """Return the layers' parameters in order."""
        return [p for layer in self.layers for p in layer.parameters()]

    def weights(self) -> list[Value]:
        """Return the layers' weights without the biases."""
        return [w for layer in self.layers for w in layer.weights()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"
