"""Reverse mode: sort the graph topologically, then apply the chain rule from the output down to the leaves.

`adjoints` computes and writes nothing; `backward` writes ``grad``, on all nodes or on none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, overload

from autograd.errors import AnomalyError, GraphError
from autograd.floats.convert import to_float
from autograd.modes import ACTIVE, MODE, differentiating, mode, refuse_constant, refuse_while_tracing
from autograd.native import engine
from autograd.node import HOOKED, Bundle, Call, Node
from autograd.op import ANY, TABLE, Op
from autograd.spellings import IDLE, options
from autograd.sweep import add_to_leaves, in_turn, sweep
from autograd.words import gettext, marked

if TYPE_CHECKING:
    from autograd.typing import Real
    from autograd.value import Value

__all__ = ["adjoints", "backward", "gradients", "sort", "toposort", "zero_grad"]


_AS_VALUES: Final = marked("Write autograd.grad(f)(x), or pass create_graph=True: then they are Values")


def toposort(root: Value) -> list[Value]:
    """Return every node below ``root``, each after its parents; ``root`` comes last.

    Iterative, so any depth will do; the order is the same in every process.

    Parameters
    ----------
    root
        The output of the graph.

    Returns
    -------
    list of Value
        Each node once.

    Examples
    --------
    >>> from autograd import Value
    >>> a = Value(2.0, "a"); b = Value(3.0, "b")
    >>> [v.label or v.op.name for v in toposort(a * b + a)]
    ['a', 'b', 'mul', 'add']
    """
    order, bundles = sort(_node(root, "toposort"))
    return [node for node in order if not isinstance(node, Bundle)] if bundles else order


def sort(root: Node | Bundle, stop: Iterable[Any] = ()) -> tuple[list[Any], dict[int, Bundle]]:
    """Return the nodes below ``root``, each after what it depends on, and the bundles among them.

    Bundles are listed by the id of their tuple or call. The nodes of ``stop`` are left out, and so is what
    only they depend on. A node that depends on itself raises GraphError.
    """
    order: list[Any] = []
    bundles: dict[int, Bundle] = {}
    if engine is not None and (found := engine.sort(root, (*stop,))):
        order, others = found
        for i in others:
            x = order[i]
            if x is not root:
                order[i] = bundles[id(x)] = Bundle(x) if x.__class__ is tuple else x
        return order, bundles
    placed: dict[Any, bool] = dict.fromkeys(stop, True)  # False while what lies below is being sorted
    is_placed = placed.get
    stack: list[Any] = [root]
    pop, push = stack.pop, stack.append
    while stack:
        node = pop()
        if node is None:  # all that lies below the node under this mark has been placed
            node = pop()
            order.append(node)
            placed[node] = True
            continue
        if node in placed:
            if not placed[node]:
                raise GraphError(gettext(
                    "{node} rests on itself, through operands that were set by hand; no operation can make "
                    "such a graph, so leave the slots whose names begin with an underscore alone",
                    node=f"{node!r:.60}",
                ))  # fmt: skip
            continue
        a, b = node._a, node._b
        placed[node] = False
        push(node)
        push(None)
        plain = a.__class__ is not tuple and not (b.__class__ is float and isinstance(a, Call))
        for x in (a, b) if plain else _below(node, bundles):
            if x is not None and x.__class__ is not float and not is_placed(x):
                push(x)
    return order, bundles


def _below(node: Any, bundles: dict[int, Bundle]) -> Sequence[Any]:
    """Return what a node depends on that keeps anything but one or two operands; enter bundles."""
    a = node._a
    if isinstance(a, Call):  # the node is one of its results
        bundles[id(a)] = a
        return (a,)
    if not (a and a[0].__class__ is tuple):
        return a  # type: ignore[no-any-return]
    vectors = []
    for vector, local in zip(a, node._b, strict=True):
        if local is not None:  # else numbers alone
            vectors.append(bundles.setdefault(id(vector), Bundle(vector)))
    return vectors


@overload
def adjoints(
    root: Value, gradient: Real = 1.0, *, create_graph: Literal[False] = False
) -> dict[Value, float | None]: ...
@overload
def adjoints(
    root: Value, gradient: Real | Value = 1.0, *, create_graph: Literal[True]
) -> dict[Value, Value | None]: ...
@overload
def adjoints(root: Value, gradient: Real | Value = 1.0, *, create_graph: bool) -> dict[Value, Any]: ...
def adjoints(root: Value, gradient: Any = 1.0, *, create_graph: bool = False) -> dict[Value, Any]:
    """Map each node below ``root`` to the gradient that reaches it, or None. Writes nothing.

    Parameters
    ----------
    root
        The node to differentiate.
    gradient
        The derivative of what you are after with respect to ``root``.
    create_graph
        Whether the gradients are nodes, which can be differentiated again.

    Returns
    -------
    dict
        From node to gradient, in topological order; a float, or a Value with ``create_graph``. None where
        the node lies behind branches that were not taken.

    Raises
    ------
    GraphError
        With ``create_graph``, if a node's ``data`` was changed after it was used: its rule would then give
        the derivative of something that was never computed.
    AnomalyError
        Inside `detect_anomaly`, at the first product or sum that is not finite though its terms are.
    TracingError
        Without ``create_graph``, inside a function that is recorded, or differentiated with respect to what
        ``root`` depends on: the gradients would be constants there.

    Examples
    --------
    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> y = x * x
    >>> adjoints(y)[x]
    6.0
    """
    grads = _reverse(*_start(root, gradient, "adjoints", create_graph), create_graph)
    if create_graph:  # a derivative that is a number is a node all the same
        grads.update((x, root.__class__(g)) for x, g in grads.items() if g.__class__ is float)
    return grads


def _reverse(root: Value, gradient: Any, create_graph: bool) -> dict[Any, Any]:
    """Return what `adjoints` does, with derivatives that are numbers left as numbers."""
    order, bundles = sort(root)
    grads: dict[Any, Any] = dict.fromkeys(order)
    grads[root] = gradient
    if create_graph or (ACTIVE and MODE.get().anomaly):
        _accumulate_recorded(grads, order, bundles, create_graph)
    else:
        _accumulate(grads, order, bundles)
    for bundle in bundles.values():
        del grads[bundle]
    return grads


class Pass(NamedTuple):
    """The state of a backward pass: through a whole graph, or through one recomputed checkpointed call."""

    grads: dict[Any, Any]
    rest: Iterator[Any]
    """The nodes that are left, each before its parents."""
    bundles: dict[int, Bundle]
    ends: Sequence[Any] = ()
    """The inputs of the checkpointed call, whose gradients go on to the enclosing pass."""


def _accumulate(grads: dict[Any, Any], order: list[Any], bundles: dict[int, Bundle]) -> None:
    """Apply the chain rule to floats.

    Each parent's gradient += the node's gradient * the local derivative.
    """
    _run(Pass(grads, reversed(order), bundles), _chain_rule)


def _run(first: Pass, chain_rule: Callable[[Pass], Pass | None]) -> None:
    """Make a pass, and within it those of the checkpointed calls that it meets."""
    passes = [first]
    while passes:
        inner = chain_rule(passes[-1])
        if inner is not None:
            passes.append(inner)
            continue
        done = passes.pop()
        if passes:
            passes[-1].grads.update((x, done.grads[x]) for x in done.ends)
        del done  # and with it the nodes that were made again


def _chain_rule(now: Pass) -> Pass | None:
    """Make a pass to its end, or up to a checkpointed call, whose own is returned."""
    grads, rest, bundles, _ = now
    for node in rest:
        g = grads[node]
        if g is None:
            continue
        note = node.note
        if note is not None and note.hooks:
            g = grads[node] = _hooked(note.hooks, g)
        da = node._da
        if da is not None:
            a = node._a
            old = grads[a]
            grads[a] = g * da if old is None else old + g * da
        db = node._db
        if db is not None:
            b = node._b
            old = grads[b]
            grads[b] = g * db if old is None else old + g * db
        elif da is None:
            a = node._a
            if a.__class__ is tuple or isinstance(a, Call):
                inner = _spread(node, g, grads, bundles)
                if inner is not None:
                    return inner
    return None


def _spread(node: Any, g: Any, grads: dict[Any, Any], bundles: dict[int, Bundle]) -> Pass | None:
    """Apply the chain rule from what has more than two operands, or a call, to what it depends on."""
    if isinstance(node, Bundle):
        if node.recomputed:
            inner: Pass | None = node.replay(g, grads, recorded=False)
            return inner
        terms = node.pull(g)
    elif isinstance(node._a, Call):
        _store_cotangent(grads, node, g)
        return None
    elif node._a[0].__class__ is tuple:
        for vector, local in zip(node._a, node._b, strict=True):
            if local is not None:
                bundle = bundles[id(vector)]
                old = grads[bundle]
                grads[bundle] = (
                    [g * d for d in local]
                    if old is None
                    else [s + g * d for s, d in zip(old, local, strict=True)]
                )
        return None
    else:
        terms = [None if d is None else g * d for d in node._b]
    for x, term in zip(node._a, terms, strict=True):
        if term is not None and x.__class__ is not float:
            old = grads[x]
            grads[x] = term if old is None else old + term
    return None


def _store_cotangent(grads: dict[Any, Any], node: Any, g: Any) -> None:
    """Keep what one of several results receives until all of them have received theirs."""
    call, index = node._call, node._index
    waiting = grads[call]
    if waiting is None:
        waiting = grads[call] = [None] * call.count
    old = waiting[index]  # not None where a copy of the node was here: it is the same result
    waiting[index] = g if old is None else old + g


def _accumulate_recorded(
    grads: dict[Any, Any], order: list[Any], bundles: dict[int, Bundle], create_graph: bool
) -> None:
    """Do as `_accumulate` does, in the same order, but with nodes, or with a check of every result."""
    _run(Pass(grads, reversed(order), bundles), partial(_chain_rule_recorded, create_graph=create_graph))


def _chain_rule_recorded(now: Pass, create_graph: bool) -> Pass | None:
    """Do as `_chain_rule` does."""
    grads, rest, bundles, _ = now
    anomaly = bool(ACTIVE) and MODE.get().anomaly
    tape = MODE.get().tape if ACTIVE else None
    tracing = tape is not None
    results: dict[Any, Value] = {}  # of a call with several, one that messages name

    def sum_of(old: Any, term: Any, where: Any) -> Any:
        return _check_finite(where, old + term, (old, term)) if anomaly else old + term

    def add(key: Any, term: Any, where: Any) -> None:
        old = grads[key]
        grads[key] = term if old is None else sum_of(old, term, where)

    nodes = rest
    if engine is not None and create_graph and tape is not None and not anomaly:
        nodes = iter(partial(engine.pull, rest, grads, _RULES, tape.visits, tape, bundles, Bundle), None)
    for node in nodes:
        g = grads[node]
        if g is None:
            continue
        if tape is not None:
            tape.visits += len(tape), node
        note = node.note
        if note is not None and note.hooks and not tracing:  # a program's calls call them
            g = grads[node] = _hooked(note.hooks, g)
        a = node._a
        if create_graph and not anomaly and (isinstance(a, Node) or a.__class__ is float):  # one or two
            edges = _recorded_edges(node, tracing)
            for (x, _), term in zip(edges, [None if d is None else _times(g, d) for _, d in edges]):
                if term is not None:
                    old = grads[x]
                    grads[x] = term if old is None else old + term
            continue
        if isinstance(node, Bundle):
            if node.recomputed:
                inner: Pass | None = node.replay(g, grads, create_graph)
                if inner is not None:
                    return inner
                continue
            terms = node.pull(g, create_graph)
            given = [c for c in g if c is not None]
            for x, term in zip(node.elements, terms, strict=True):
                if isinstance(x, Node):
                    where = results.get(node, x)
                    add(x, _check_finite(where, term, given) if anomaly else term, where)
            continue
        if node._call is not None:
            if create_graph:
                node._call.check(node._index, node._data)
            results[node._call] = node
            _store_cotangent(grads, node, g)
            continue
        edges = _recorded_edges(node, tracing) if create_graph else node._edges()
        if anomaly:
            edges = [(x, _check_finite(node, d, node.operands)) for x, d in edges]
        terms = [None if d is None else _times(g, d) for _, d in edges]
        if anomaly:
            terms = [
                t if d is None else _check_finite(node, t, (g, d))
                for t, (_, d) in zip(terms, edges, strict=True)
            ]
        if node._vectors is not None:
            left = iter(terms)
            for vector, local in zip(node._vectors, node._b, strict=True):
                if local is not None:
                    bundle = bundles[id(vector)]
                    new = [next(left) if isinstance(x, Node) else 0.0 for x in vector]
                    old = grads[bundle]
                    grads[bundle] = (
                        new if old is None else [sum_of(s, t, node) for s, t in zip(old, new, strict=True)]
                    )
        else:
            for (x, _), term in zip(edges, terms, strict=True):
                if term is not None:
                    add(x, term, node)
    if tape is not None:
        tape.visits += len(tape), grads
    return None


def _recorded_edges(node: Node, tracing: bool) -> list[tuple[Node, Any]]:
    """Return each parent with its local derivative as a node: the row's rule, run on nodes.

    While the compiler is ``tracing``, no data can be changed, and a program has other data and branches.
    """
    op, operands = node._row, node.operands
    if op is None:
        return []
    if tracing:
        partials = op.rule(node, operands)
        if engine is not None:
            _write_down(op, operands)
        return [(x, p) for x, p in zip(operands, partials) if isinstance(x, Node)]
    y = changed(node)
    if y is not None:
        raise GraphError(gettext(
            "the data of {name}(...) = {data} or of its operands was changed after it was computed (it "
            "would be {y} now), and create_graph=True derives from the operands as they are; compute it "
            "afresh first",
            name=op.name, data=repr(node._data), y=repr(y),
        ))  # fmt: skip
    partials = op.rule(node, operands)
    pairs = [(x, p) for x, p in zip(operands, partials) if isinstance(x, Node)]  # constants may follow
    if op.gated:
        pairs = [(x, None if d is None else p) for (x, p), (_, d) in zip(pairs, node._edges(), strict=True)]
    return pairs


def changed(node: Any) -> float | None:
    """Return what a node would be of its operands as they are, where that is not what it was."""
    operands = [x._data if isinstance(x, Node) else x for x in node.operands]
    y: float = node._row.value(*operands)
    return None if y == node._data or (math.isnan(y) and math.isnan(node._data)) else y


_RULES: Final[dict[Any, Any]] = {}
"""A cache: the rules of rows for the engine's C, or None where it leaves them to Python.

A rule is its steps, each a row and what that is applied to, and the partials. Whole numbers stand for the
output, the operands and the results of the steps, in turn.
"""


def _write_down(op: Op, operands: tuple[Any, ...]) -> None:
    """Enter what the rule of a row of the table does, unless that is known."""
    count = len(operands) - len(op.params)
    constants = operands[count:]
    key = (op, count) if op.arity == ANY else (op, *constants) if constants else op
    if key in _RULES or max(len(_RULES), count) > 1000 or TABLE.get(op.name) is not op:
        return
    _RULES[key] = None
    made: list[Any] = []
    with mode(tape=made, grad=True):
        y, *xs = [Node._kind(1.0) for _ in range(count + 1)]
        partials = op.rule(y, (*xs, *constants))
    place = {x: i for i, x in enumerate((y, *xs, *map(repr, constants), *made))}
    if all(x._call is None and len(x.operands) <= 8 and x.op.arity != ANY for x in made):
        steps = [(x.op, *[place.get(a, a) for a in x.op.written(x.operands)]) for x in made]
        _RULES[key] = tuple(steps), tuple([place.get(p, p) for p in partials[:count]])


def _times(g: Any, local: Any) -> Any:
    """Multiply, without a node for a factor of one."""
    if local.__class__ is float and local == 1.0:
        return g
    return local if g.__class__ is float and g == 1.0 else g * local


def _hooked(hooks: tuple[Any, ...], g: Any) -> Any:
    if isinstance(g, Node) and MODE.get().differentiating:
        with differentiating(within=False):  # a hook looks at numbers, whatever goes on around it
            return _apply_hooks(hooks, g)
    return _apply_hooks(hooks, g)


def _apply_hooks(hooks: tuple[Any, ...], g: Any) -> Any:
    for hook in hooks:
        changed = hook(g)
        if changed is not None:
            g = changed if isinstance(changed, Node) else to_float(changed)
    return g


def _check_finite(node: Any, result: Any, terms: Iterable[Any], way: str = "backward") -> Any:
    """Return ``result``; raise where it is not finite although the ``terms`` that it was made of are."""
    if result is None or math.isfinite(_data(result)) or not all(math.isfinite(_data(t)) for t in terms):
        return result
    where = gettext(" Recorded at {line}.", line=node.source) if node.source else ""
    operation = (
        f"{node.op.name}({', '.join(repr(_data(x)) for x in node.op.written(node.operands))})"
        if node.op
        else repr(node)
    )
    raise AnomalyError(gettext(
        "{way} through {operation}: the gradient became {number}.{where}"
        if way == "backward"
        else "{way} through {operation}: the derivative became {number}.{where}",
        way=way, operation=operation, number=_data(result), where=where,
    ))  # fmt: skip


def _data(x: Any) -> float:
    return x._data if isinstance(x, Node) else x


def backward(
    root: Value,
    gradient: Any = 1.0,
    *,
    create_graph: bool = False,
    inputs: Value | Iterable[Value] | None = None,
) -> None:
    """Fill ``grad`` of ``root`` and of every node below it.

    Leaves add to what they hold, until `zero_grad`; interior nodes hold the gradient of this pass alone.
    Where anything raises, be it in the middle, no leaf's ``grad`` has changed; those of interior nodes then
    mean nothing. Several threads may make passes over shared nodes at once, and a process may fork in the
    middle of one.

    Parameters
    ----------
    root
        The node to differentiate.
    gradient
        The derivative of what you are after with respect to ``root``.
    create_graph
        Whether the gradients are Values, which can be differentiated again.
    inputs
        The nodes whose ``grad`` to write, as in PyTorch; by default that of all.

    Raises
    ------
    GraphError, AnomalyError, TracingError
        As `adjoints`; and GraphError where a signal handler calls it in the middle of another pass.

    Examples
    --------
    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> y = x ** 3
    >>> y.backward(create_graph=True)
    >>> x.grad.backward()        # adds the second derivative, 6x, to the first, 3x**2
    >>> x.grad.data
    24.0
    """
    if not (create_graph or ACTIVE or HOOKED or inputs is not None):
        root, gradient = _start(root, gradient, "backward", create_graph)
        if in_turn(partial(sweep, root, gradient)):
            return
    wanted = None if inputs is None else [inputs] if isinstance(inputs, Node) else _nodes(inputs, "backward")
    grads = adjoints(root, gradient, create_graph=create_graph)
    if wanted is not None:
        grads = {x: grads[x] for x in wanted if x in grads}
    in_turn(partial(add_to_leaves, grads, _check_finite if ACTIVE and MODE.get().anomaly else None))


@overload
def gradients(
    output: Value, inputs: Value, *, gradient: Real = 1.0, create_graph: Literal[False] = False
) -> float: ...
@overload
def gradients(
    output: Value, inputs: Iterable[Value], *, gradient: Real = 1.0, create_graph: Literal[False] = False
) -> list[float]: ...
@overload
def gradients(
    output: Value, inputs: Value, *, gradient: Real | Value = 1.0, create_graph: Literal[True]
) -> Value: ...
@overload
def gradients(
    output: Value, inputs: Iterable[Value], *, gradient: Real | Value = 1.0, create_graph: Literal[True]
) -> list[Value]: ...
@overload
def gradients(
    output: Value, inputs: Value, *, gradient: Real | Value = 1.0, create_graph: bool
) -> float | Value: ...
@overload
def gradients(
    output: Value, inputs: Iterable[Value], *, gradient: Real | Value = 1.0, create_graph: bool
) -> list[float] | list[Value]: ...
@overload
def gradients(
    output: Value | Iterable[Value], inputs: Value | Iterable[Value], grad_outputs: Any = ...,
    retain_graph: bool | None = ..., create_graph: bool = ..., allow_unused: bool | None = ..., *,
    gradient: Any = ...,
) -> Any: ...  # fmt: skip
@options(
    {"outputs": "output"}, only_inputs=IDLE, is_grads_batched=(False, "a call for each of grad_outputs"),
    materialize_grads=IDLE,
)  # fmt: skip
def gradients(
    output: Value | Iterable[Value],
    inputs: Value | Iterable[Value],
    grad_outputs: Any = None,
    retain_graph: bool | None = None,  # noqa: ARG001
    create_graph: bool = False,
    allow_unused: bool | None = None,
    *,
    gradient: Any = 1.0,
) -> Any:
    """Return the derivative of ``output`` with respect to each of ``inputs``. Writes nothing.

    Parameters
    ----------
    output
        The node to differentiate; or several, whose derivatives are added.
    inputs
        A node, or a sequence of them; interior nodes too.
    grad_outputs
        As ``gradient``, by PyTorch's name; of several outputs a sequence, in which None is 1.
    retain_graph
        Taken since PyTorch's programs pass it. A graph lives as long as something refers to it.
    create_graph
        Whether the results are Values, which can be differentiated again.
    allow_unused
        What to do about an input that is not in the graph of the output: its derivative is zero; with True,
        as in PyTorch, None; with False, an error.
    gradient
        The derivative of what you are after with respect to ``output``.

    Returns
    -------
    float or Value, or a list of them
        Zero for an input on which the output does not depend.

    Raises
    ------
    GraphError, AnomalyError, TracingError
        As `adjoints`; and GraphError for an unused input with ``allow_unused=False``.
    ValueError
        If there are not as many ``grad_outputs`` as outputs.

    Examples
    --------
    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> first = gradients(x ** 3, x, create_graph=True)
    >>> gradients(first, [x])
    [12.0]
    >>> gradients([x * x, 3.0 * x], x, grad_outputs=[1.0, 10.0])
    34.0
    """
    wanted = [inputs] if isinstance(inputs, Node) else _nodes(inputs, "gradients")
    if grad_outputs is None and not isinstance(output, (list, tuple)):
        grads = adjoints(_node(output, "adjoints"), gradient, create_graph=create_graph)
    else:
        grads = _adjoints_of_several(output, grad_outputs, gradient, create_graph)
    results: list[Any] = []
    for x in wanted:
        g = grads.get(x)
        if g is None and (allow_unused is None or x in grads):
            g = x.__class__(0.0) if create_graph else 0.0
        elif g is None and not allow_unused:
            raise GraphError(gettext(
                "the output does not depend on {x}; allow_unused=True gives None for it, and without "
                "allow_unused its derivative is zero",
                x=f"{x!r:.60}",
            ))  # fmt: skip
        results.append(g)
    return results[0] if isinstance(inputs, Node) else results


def _adjoints_of_several(output: Any, grad_outputs: Any, gradient: Any, create_graph: bool) -> dict[Any, Any]:
    """Return what `adjoints` does, of the sum of outputs, each times what it is given."""
    outputs = [output] if isinstance(output, Node) else _nodes(output, "gradients")
    given = grad_outputs if isinstance(grad_outputs, (list, tuple)) else [grad_outputs] * len(outputs)
    if len(given) != len(outputs) or not outputs:
        raise ValueError(gettext(
            "gradients() takes one of grad_outputs for each output: {count} outputs, got {count2}",
            count=len(outputs), count2=len(given),
        ))  # fmt: skip
    started = [
        _start(y, gradient if g is None else g, "gradients", create_graph)
        for y, g in zip(outputs, given, strict=True)
    ]
    root: Any = Bundle(tuple(y for y, _ in started))
    grads = _reverse(root, [g for _, g in started], create_graph)
    grads.pop(root, None)
    if create_graph:
        grads.update((x, x.__class__(g)) for x, g in grads.items() if g.__class__ is float)
    return grads


def zero_grad(values: Value | Iterable[Value]) -> None:
    """Set ``grad`` to zero: of every node below one root, or of each of several nodes.

    Parameters
    ----------
    values
        A root, or several nodes such as ``model.parameters()``.

    Examples
    --------
    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> y = x * x
    >>> y.backward()
    >>> zero_grad(y)
    >>> x.grad, y.grad
    (0.0, 0.0)
    """
    for node in toposort(values) if isinstance(values, Node) else _nodes(values, "zero_grad"):
        node.grad = 0.0


def _start(root: Any, gradient: Any, who: str, create_graph: bool) -> tuple[Value, Any]:
    """Check where a pass starts, and with what."""
    root = _node(root, who)
    if not create_graph:
        refuse_while_tracing("takes derivatives as numbers", _AS_VALUES)
        refuse_constant([root], "takes derivatives as numbers", "these", _AS_VALUES)
    if not isinstance(gradient, Node):
        return root, to_float(gradient)
    if not create_graph:
        raise TypeError(gettext(
            "the gradient to start from is a Value; pass create_graph=True, or its .data"
        ))  # fmt: skip
    return root, gradient


def _nodes(values: Any, who: str) -> list[Value]:
    """Check what must be several nodes."""
    if not isinstance(values, Iterable):
        raise TypeError(gettext(
            "{who}() takes a Value or several, got {kind} {values}",
            who=who, kind=type(values).__name__, values=f"{values!r:.40}",
        ))  # fmt: skip
    return [_node(x, who) for x in values]


def _node(x: Any, who: str) -> Any:
    if not isinstance(x, Node):
        raise TypeError(gettext(
            "{who}() takes a Value, got {kind}; make one with Value(x), or return one from your function",
            who=who, kind=type(x).__name__,
        ))  # fmt: skip
    return x
