"""What every model is: something with parameters, which are found, named, saved and switched through it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from autograd import Value
from autograd.keep.files import SIZE
from autograd.words import gettext
from nn.modules.missing import missing
from nn.state import assign_parameters, load, save

__all__ = ["Batch", "Module"]

Out_co = TypeVar("Out_co", covariant=True)


class _HasForward(Protocol[Out_co]):
    """A module, for type checkers: a call returns what its ``forward`` is declared to return."""

    def forward(self, *args: Any, **kwargs: Any) -> Out_co: ...


class Batch(list[Any]):
    """A list of samples, to each of which a module is applied.

    So it is with modules that take one sample at a time, as nearly all do. One that holds a `BatchNorm`
    takes the samples together: its ``forward`` is called with the batch, and hands it on.

    Examples
    --------
    >>> import nn
    >>> model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.BatchNorm(3), nn.ReLU(), nn.Linear(3, 1, rng=1))
    >>> outputs = model(nn.Batch([[1.0, 2.0], [3.0, 5.0], [0.0, 1.0]]))
    >>> len(outputs), type(outputs[0]).__name__
    (3, 'Value')
    """


class Module:
    """A model or a part of one. Its attributes that are Values are its parameters; modules nest.

    Lists, tuples and dicts of Values and modules count too. Each parameter's label is its path from the
    outermost module, such as ``layer1.n2.w0``, unless it had a label of its own.

    Define ``forward`` (as in PyTorch) or ``__call__`` (as in micrograd) in a subclass.

    Examples
    --------
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope = Value(2.0)
    ...         self.offset = Value(1.0)
    ...     def forward(self, x):
    ...         return self.slope * x + self.offset
    >>> line = Line()
    >>> line(3.0).data
    7.0
    >>> [name for name, parameter in line.named_parameters()]
    ['slope', 'offset']
    """

    training: bool = True
    """Whether the module is being trained: `Dropout` passes everything when it is not."""
    _path: str = ""
    _joins_samples = False
    # How an element of a list is called in paths, where not by the list's own name.
    _element_names: Mapping[str, str] = MappingProxyType({})

    def __call__(self: _HasForward[Out_co], *args: Any, **kwargs: Any) -> Out_co:
        """Return what `forward` computes; of a `Batch`, what it computes of each sample."""
        if args and args[0].__class__ is Batch and not Module._takes_batches(self):
            made: Any = Batch([self.forward(sample, *args[1:], **kwargs) for sample in args[0]])
            return made  # type: ignore[no-any-return]
        return self.forward(*args, **kwargs)

    def _takes_batches(self: Any) -> bool:
        """Tell whether the output for a sample depends on the others of its batch."""
        return any(module._joins_samples for module in self.modules())

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output, as a call does; a subclass defines one of the two.

        Parameters
        ----------
        *args, **kwargs
            Whatever the subclass takes.

        Raises
        ------
        NotImplementedError
            Where the subclass has neither ``forward`` nor ``__call__``.
        """
        if type(self).__call__ is not Module.__call__:
            return self(*args, **kwargs)
        raise NotImplementedError(gettext(
            "{kind} has no forward(): define forward(self, x) or __call__(self, x) in it",
            kind=type(self).__name__,
        ))  # fmt: skip

    def __setattr__(self, name: str, attribute: Any) -> None:
        members = list(_members(self._element_names.get(name, name), attribute))
        # Only a module that has a path already can be inside of what it is given.
        for path, child in members if self._path else ():
            if isinstance(child, Module):
                _check_outside(self, path, child.modules())
        for path, child in members:
            _name(child, _join(self._path, path), "", (self,))
        super().__setattr__(name, attribute)

    # Finding what is inside.

    if not TYPE_CHECKING:  # an attribute that is not there is an error to checkers

        def __getattr__(self, name: str) -> Any:
            raise missing(type(self).__name__, name)

    def _children(self) -> Iterator[tuple[str, Any]]:
        """Yield the path and the object of each Value and module held directly."""
        for name, attribute in vars(self).items():
            for path, child in _members(self._element_names.get(name, name), attribute):
                if child is self:
                    _check_outside(self, path, [self])
                yield path, child

    def _walk(self) -> Iterator[tuple[str, Any]]:
        """Yield this module and all below it, with their paths from here, each object once, parents first."""
        seen = {self}
        stack: list[tuple[str, Any]] = [("", self)]
        while stack:
            path, item = stack.pop()
            yield path, item
            if isinstance(item, Module):
                inner = []
                for name, child in item._children():
                    if child not in seen:
                        seen.add(child)
                        # A list may have grown since it was assigned: name what came later.
                        _name(child, _join(item._path, name), "", (item,))
                        inner.append((_join(path, name), child))
                stack.extend(reversed(inner))

    def parameters(self) -> list[Value]:
        """Return every parameter, each once, in the order in which modules and attributes were made."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Return every parameter with its path from this module, such as ``layer1.n2.w0``.

        Raises
        ------
        ValueError
            If two parameters have one path, say the attribute ``w0`` and the first element of ``w``.
        """
        named = [(path, item) for path, item in self._walk() if not isinstance(item, Module)]
        if len({path for path, _ in named}) < len(named):
            paths = [path for path, _ in named]
            twice = next(path for path in paths if paths.count(path) > 1)
            raise ValueError(gettext(
                "two parameters of {kind} are called {twice}; rename an attribute",
                kind=type(self).__name__, twice=repr(twice),
            ))  # fmt: skip
        return named

    def weights(self) -> list[Value]:
        """Return the parameters that are not biases, that is, whose last name is not ``b`` or ``bias``.

        Penalties apply to these.

        Examples
        --------
        >>> import nn
        >>> [w.label for w in nn.Layer(2, 2).weights()]
        ['n0.w0', 'n0.w1', 'n1.w0', 'n1.w1']
        """
        return [
            p
            for path, p in self.named_parameters()
            if path.rpartition(".")[2].rstrip("0123456789_") not in ("b", "bias", "biases")
        ]

    def named_buffers(self) -> list[tuple[str, Value]]:
        """Return what modules keep beside their parameters, such as running means, with the paths.

        Buffers are saved and loaded, and no optimizer moves them.

        Examples
        --------
        >>> import nn
        >>> [path for path, buffer in nn.BatchNorm(1).named_buffers()]
        ['running_mean0', 'running_var0']
        """
        return [
            (_join(path, name), buffer)
            for path, item in self._walk()
            if isinstance(item, Module)
            for name, buffer in item._buffers()
        ]

    def _buffers(self) -> Iterator[tuple[str, Value]]:
        """Yield this module's own buffers by name."""
        return iter(())

    def modules(self) -> list[Module]:
        """Return this module and every one inside, each once, parents first."""
        return [item for _, item in self._walk() if isinstance(item, Module)]

    # Switching.

    def example_outputs(self) -> list[Value]:
        """Return the outputs for inputs of zero, labelled x0, x1, ...; pictures of the model are drawn so.

        They are those of evaluation: nothing is dropped, drawn or learnt from these inputs.

        Returns
        -------
        list of Value
            All of them in a row, where the model returns lists or tuples.

        Raises
        ------
        TypeError
            If no module in it says by ``nin`` how many inputs there are.

        Examples
        --------
        >>> import nn
        >>> [y.data for y in nn.Layer(2, 3, activation="tanh", rng=0).example_outputs()]
        [0.0, 0.0, 0.0]
        """
        counts = [getattr(module, "nin", None) for module in self.modules()]
        count = next((count for count in counts if isinstance(count, int)), None)
        if count is None:
            raise TypeError(gettext(
                "nothing in this {kind} says by nin how many inputs it takes; call it with some, and draw "
                "the output: draw(model(x), view='network')",
                kind=type(self).__name__,
            ))  # fmt: skip
        inputs: Any = [Value(0.0, f"x{i}") for i in range(count)]
        modes = [(module, module.training) for module in self.modules()]
        self.eval()
        try:
            pending, found = [self._tried(inputs)], []
        finally:
            for module, mode in modes:
                module.training = mode
        while pending:
            made = pending.pop()
            if isinstance(made, Value):
                found.append(made)
            elif isinstance(made, list | tuple):
                pending.extend(reversed(made))
        return list(dict.fromkeys(found))

    def _tried(self, inputs: list[Value]) -> Any:
        """Return what the module makes of one sample."""
        return self(inputs)

    def zero_grad(self, set_to_none: bool = False) -> None:
        """Set every parameter's ``grad`` to zero, before the next backward pass adds to it.

        Parameters
        ----------
        set_to_none
            To None instead, as PyTorch does unless told otherwise: an optimizer leaves alone a parameter that
            no backward pass reaches until the next step.
        """
        for parameter in self.parameters():
            parameter.grad = None if set_to_none else 0.0

    def train(self, mode: bool = True) -> Module:
        """Switch this module and all inside to training; return it.

        Parameters
        ----------
        mode
            False for evaluation.
        """
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Switch this module and all inside to evaluation; return it."""
        return self.train(False)

    # State.

    def state_dict(self) -> dict[str, float]:
        """Return the number in each parameter by its path, and in each buffer.

        Examples
        --------
        >>> import nn
        >>> nn.Neuron(2, init="zeros").state_dict()
        {'w0': 0.0, 'w1': 0.0, 'b': 0.0}
        """
        return {path: held.data for path, held in (*self.named_parameters(), *self.named_buffers())}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set every parameter to the number under its path; all of them, or on any error none.

        Parameters
        ----------
        state
            A number for each of `named_parameters` and `named_buffers`.

        Raises
        ------
        ValueError
            If a name is missing or unknown, with the names, or something is not a number.
        TypeError
            If the state is no mapping.
        """
        assign_parameters(self, state)

    def save(self, path: str | Path) -> None:
        """Write the parameters as JSON, .npz or .safetensors, whole or not at all; see `nn.state.save`.

        Parameters
        ----------
        path
            The file, which is replaced in one step; its folder must exist.
        """
        save(self, path)

    def load(self, path: str | Path, *, limit: int = SIZE) -> None:
        """Set the parameters from a file that `save` wrote; on any error none changes.

        Parameters
        ----------
        path
            The file, of a module of the same sizes.
        limit
            Bytes of the largest file that is read; 256 MiB by default.

        Raises
        ------
        ValueError
            If the file is damaged, of another format or version, beyond the limit, or does not fit the
            module.
        OSError
            If it cannot be read.
        """
        load(self, path, limit=limit)

    # Showing.

    def __repr__(self) -> str:
        inner = ", ".join(
            f"{name}: {child!r}" for name, child in self._children() if isinstance(child, Module)
        )
        return f"{type(self).__name__}({inner})"

    def summary(self) -> str:
        """Return a table of the modules inside with their numbers of parameters.

        Examples
        --------
        >>> import nn
        >>> print(nn.MLP(2, [3, 1]).summary())
        module  kind                   parameters
                MLP                            13
        layer0  Layer(2, 3, relu)               9
        layer1  Layer(3, 1, linear)             4
        """
        rows = [("module", "kind", "parameters")]
        for path, item in self._walk():
            if isinstance(item, Module) and item._in_summary:
                rows.append((path, item._kind(), str(len(item.parameters()))))
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        return "\n".join(f"{a:{widths[0]}}  {b:{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows)

    def _moved(self) -> None:
        """Take note of a new path."""

    _in_summary: bool = True

    def _kind(self) -> str:
        """Name the module for the summary."""
        return type(self).__name__


def _members(name: str, attribute: Any, around: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the Values and modules in an attribute, by name.

    The attribute's own, or for elements ``name0``, ``name0_1``, ``name.key``.
    """
    if isinstance(attribute, (Value, Module)):
        yield name, attribute
    elif isinstance(attribute, (list, tuple, dict)):
        if any(attribute is outer for outer in around):
            raise ValueError(gettext(
                "the {kind} at {name} contains itself, so its parameters have no end of names",
                kind=type(attribute).__name__, name=name,
            ))  # fmt: skip
        around = (*around, attribute)
        between = "." if isinstance(attribute, dict) else "_" if name[-1:].isdigit() else ""
        for key, element in attribute.items() if isinstance(attribute, dict) else enumerate(attribute):
            yield from _members(f"{name}{between}{key}", element, around)


def _check_outside(module: Module, path: str, others: Sequence[Module]) -> None:
    """Refuse a module that would be a part of a part of itself."""
    if module in others:
        raise ValueError(gettext(
            "a {kind} would contain itself, at {path}, and its parameters would have no end of names; to "
            "refer to an outer module without making it a part, store a function: self.outer = lambda: "
            "module",
            kind=type(module).__name__, path=repr(path),
        ))  # fmt: skip


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


def _name(child: Any, path: str, old: str, above: tuple[Module, ...]) -> None:
    """Give the parameters of a module their paths as labels, where they have none but the ``old`` ones."""
    if not isinstance(child, Module):
        if child.label in ("", old) and child.label != path:
            child.label = path
        return
    _check_outside(child, path, above)
    old = child._path
    if old != path:
        object.__setattr__(child, "_path", path)
        child._moved()
        for name, grandchild in child._children():
            _name(grandchild, _join(path, name), _join(old, name), (*above, child))
