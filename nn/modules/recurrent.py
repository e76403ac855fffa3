"""Recurrent networks: what a sequence's next element does to a state, one step written once for all steps.

Weights stand in layers of neurons over the input and the state together, [x, h], each neuron with one bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd import Value
from autograd.spellings import IDLE, TENSORS, options
from autograd.words import gettext
from nn.activations import Activation
from nn.checks import is_sequence, listed, whole
from nn.init import Initializer, Rng, generator
from nn.modules.layers import Layer
from nn.modules.module import Module

__all__ = ["GRU", "LSTM", "RNN"]


_SIZES = {"input_size": "nin", "hidden_size": "size"}
_OTHERS = {
    "num_layers": (1, "a second module, and call it with the outputs of the first"),
    "bias": (True, "the module, set its biases to 0, and give the optimizer model.weights()"),
    "batch_first": IDLE,  # a module takes one sequence, and nn.Batch(sequences) several
    "dropout": (0.0, "nn.Dropout(p) between two modules"),
    "bidirectional": (False, "a second module, and call it with the sequence reversed"),
    "proj_size": (0, "nn.Linear of the outputs"), **TENSORS,
}  # fmt: skip


class _Recurrent(Module):
    """What all recurrent modules share: the walk along the sequence. A subclass defines ``step``."""

    nin: int
    size: int

    def _sizes(self, nin: int, size: int) -> tuple[int, int]:
        self.nin, self.size = whole("nin", nin), whole("size", size)
        return self.nin + self.size, self.size

    def start(self) -> Any:
        """Return the state before the first element: zeros."""
        return [0.0] * self.size

    def _output(self, state: Any) -> list[Any]:
        """Return what of a state is shown outside."""
        return list(state)

    def step(self, x: Any, state: Any) -> Any:
        """Return the state after an element.

        Parameters
        ----------
        x
            The element: ``nin`` numbers or Values.
        state
            The state before it.
        """
        raise NotImplementedError(gettext(
            "{kind} has no step(); define step(self, x, state)",
            kind=type(self).__name__,
        ))  # fmt: skip

    def forward(self, xs: Any, state: Any = None) -> tuple[list[list[Any]], Any]:
        """Return the outputs after each element, and the last state, as PyTorch does.

        Parameters
        ----------
        xs
            The sequence: a list of elements of ``nin`` numbers or Values.
        state
            The state to begin with; zeros by default.

        Raises
        ------
        ValueError
            If the sequence is empty, or an element or a state has another size.
        """
        sequence = listed(gettext("the sequence"), xs)
        if not sequence:
            raise ValueError(gettext(
                "{given} of an empty sequence is not defined; pass at least one element",
                given=repr(self),
            ))  # fmt: skip
        state = self.start() if state is None else state
        sizes = [len(part) for part in (state if isinstance(state, tuple) else (state,)) if is_sequence(part)]
        if sizes != [self.size] * (2 if isinstance(self.start(), tuple) else 1):
            raise ValueError(gettext(
                "{given} takes a state of {size} numbers such as start() returns",
                given=repr(self), size=self.size,
            ))  # fmt: skip
        outputs = []
        for x in sequence:
            if len(x if is_sequence(x) else [x]) != self.nin:
                raise ValueError(gettext(
                    "{given} takes a sequence of elements of {nin} numbers each, got an element of {given2}",
                    given=repr(self), nin=self.nin, given2=len(x) if is_sequence(x) else 1,
                ))  # fmt: skip
            state = self.step(list(x) if is_sequence(x) else [x], state)
            outputs.append(self._output(state))
        return outputs, state

    def _tried(self, inputs: list[Value]) -> Any:
        """Return what one step makes of an element, from a state labelled h0, ... and c0, ...."""

        def labelled(letter: str, part: Any) -> list[Value]:
            return [Value(x, f"{letter}{i}") for i, x in enumerate(part)]

        state = self.start()
        if isinstance(state, tuple):
            return self.step(inputs, tuple(labelled(*pair) for pair in zip("hc", state, strict=True)))
        return self.step(inputs, labelled("h", state))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.nin}, {self.size})"

    def _kind(self) -> str:
        return repr(self)


class RNN(_Recurrent):
    """A recurrent network (Elman 1990): h' = tanh(W [x, h] + b).

    Parameters
    ----------
    nin
        How many numbers an element of the sequence has.
    size
        How many the state has.
    activation
        Name or function of the activation.
    init, rng
        As for `Layer`.

    Attributes
    ----------
    layer : Layer
        The neurons over [x, h].

    Examples
    --------
    >>> rnn = RNN(1, 2, rng=0)
    >>> outputs, state = rnn([[1.0], [0.5], [-1.0]])
    >>> len(outputs), outputs[-1] == state, rnn
    (3, True, RNN(1, 2))
    """

    @options({**_SIZES, "nonlinearity": "activation"}, **_OTHERS)
    def __init__(
        self, nin: int, size: int, *, activation: Activation = "tanh",
        init: str | Initializer = "xavier_uniform", rng: Rng = None,
    ) -> None:  # fmt: skip
        both, size = self._sizes(nin, size)
        self.layer: Layer[Any] = Layer(both, size, activation=activation, init=init, rng=rng)

    def step(self, x: Any, state: Any) -> list[Any]:
        """Return the state after an element.

        Parameters
        ----------
        x
            The element: ``nin`` numbers or Values.
        state
            The state before it.
        """
        return self.layer.outputs([*x, *state])


class GRU(_Recurrent):
    """A gated recurrent unit (Cho et al. 2014), in the form that PyTorch computes.

    r = sigmoid(W_r [x, h] + b_r), z = sigmoid(W_z [x, h] + b_z), n = tanh(W_n x + b_n + r (U_n h + c_n)),
    h' = (1 - z) n + z h.

    Parameters
    ----------
    nin, size, init, rng
        As for `RNN`.

    Attributes
    ----------
    reset, update, new, old : Layer
        The neurons of r and z over [x, h], and the two parts of n, over x and over h.

    Examples
    --------
    >>> gru = GRU(1, 2, rng=0)
    >>> outputs, state = gru([[1.0], [0.5]])
    >>> len(outputs), len(state), len(gru.parameters())
    (2, 2, 26)
    """

    @options(_SIZES, **_OTHERS)
    def __init__(
        self, nin: int, size: int, *, init: str | Initializer = "xavier_uniform", rng: Rng = None
    ) -> None:  # fmt: skip
        both, size = self._sizes(nin, size)
        rng = generator(rng)
        self.reset: Layer[Any] = Layer(both, size, activation="sigmoid", init=init, rng=rng)
        self.update: Layer[Any] = Layer(both, size, activation="sigmoid", init=init, rng=rng)
        self.new: Layer[Any] = Layer(self.nin, size, nonlin=False, init=init, rng=rng)
        self.old: Layer[Any] = Layer(size, size, nonlin=False, init=init, rng=rng)

    def step(self, x: Any, state: Any) -> list[Any]:
        """Return the state after an element.

        Parameters
        ----------
        x
            The element: ``nin`` numbers or Values.
        state
            The state before it.
        """
        r, z = self.reset.outputs([*x, *state]), self.update.outputs([*x, *state])
        a, b = self.new.outputs(x), self.old.outputs(state)
        n = [(ai + ri * bi).tanh() for ai, ri, bi in zip(a, r, b, strict=True)]
        return [(1.0 - zi) * ni + zi * hi for zi, ni, hi in zip(z, n, state, strict=True)]


class LSTM(_Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000).

    i, f, o = sigmoid(W [x, h] + b) each with its own weights, g = tanh(W_g [x, h] + b_g);
    c' = f c + i g, h' = o tanh(c'). The state is the pair (h, c).

    Parameters
    ----------
    nin, size, init, rng
        As for `RNN`.

    Attributes
    ----------
    input, forget, cell, output : Layer
        The neurons of i, f, g and o, each over [x, h].

    Examples
    --------
    >>> lstm = LSTM(1, 2, rng=0)
    >>> outputs, (h, c) = lstm([[1.0], [0.5]])
    >>> outputs[-1] == h, len(c), len(lstm.parameters())
    (True, 2, 32)
    """

    @options(_SIZES, **_OTHERS)
    def __init__(
        self, nin: int, size: int, *, init: str | Initializer = "xavier_uniform", rng: Rng = None
    ) -> None:  # fmt: skip
        both, size = self._sizes(nin, size)
        rng = generator(rng)

        def gate(activation: str) -> Layer[Any]:
            return Layer(both, size, activation=activation, init=init, rng=rng)

        self.input, self.forget = gate("sigmoid"), gate("sigmoid")
        self.cell, self.output = gate("tanh"), gate("sigmoid")

    def start(self) -> tuple[list[float], list[float]]:
        """Return the state before the first element: zeros."""
        return [0.0] * self.size, [0.0] * self.size

    def _output(self, state: Any) -> list[Any]:
        return list(state[0])

    def step(self, x: Any, state: tuple[Sequence[Any], Sequence[Any]]) -> tuple[list[Any], list[Any]]:
        """Return the state (h, c) after an element.

        Parameters
        ----------
        x
            The element: ``nin`` numbers or Values.
        state
            The pair (h, c) before it.
        """
        h, c = state
        seen = [*x, *h]
        i, f = self.input.outputs(seen), self.forget.outputs(seen)
        g, o = self.cell.outputs(seen), self.output.outputs(seen)
        c = [fk * ck + ik * gk for fk, ck, ik, gk in zip(f, c, i, g, strict=True)]
        return [ok * ck.tanh() for ok, ck in zip(o, c, strict=True)], c
