"""One step of training: eagerly, node by node, or by a compiled program."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import autograd
from autograd import Value
from autograd.blocks import collector_paused
from autograd.bulk import gather, scatter, set_grads
from autograd.compiler.backends.placing import Placed
from autograd.compiler.training import moves_arrays
from autograd.words import gettext
from nn.arrays import numpy_for
from nn.modules.module import Batch, Module
from nn.modules.norms import Told
from nn.optim.optimizer import Optimizer

__all__ = ["Compiled", "Eager"]


def outputs_of(model: Module, x: Sequence[Any]) -> list[Any]:
    """Apply a model to samples: to each, or to all at once where it holds a BatchNorm."""
    if not model._takes_batches():
        return [model(sample) for sample in x]
    try:
        outputs = model(Batch(x))
    except (TypeError, ValueError) as error:
        error.add_note(gettext(
            "The model holds a BatchNorm, so that it is called with a nn.Batch, a list of samples, which its "
            "forward hands to its modules."
        ))  # fmt: skip
        raise
    if not isinstance(outputs, list) or len(outputs) != len(x):
        raise TypeError(gettext(
            "a model that holds a BatchNorm is called with a nn.Batch of samples, here {count}, and returns "
            "as many outputs; it returned {outputs}",
            count=len(x), outputs=f"{outputs!r:.60}",
        ))  # fmt: skip
    return outputs


class Eager:
    """One step of the optimizer on a batch, recording every node."""

    def __init__(
        self,
        model: Module,
        loss: Any,
        optimizer: Optimizer,
        reduction: str,
        penalty: Callable[[], Any] | None,
    ) -> None:
        self.model, self.loss, self.optimizer, self.penalty = model, loss, optimizer, penalty
        self.reduce: Callable[[list[Any]], Any] = autograd.mean if reduction == "mean" else autograd.sum

    def look_again(self) -> None:
        """Take note that a callback may have changed the model; nothing is kept of it here."""

    def total(self, x: Sequence[Any], y: Sequence[Any]) -> Any:
        """Return the loss of a batch, penalty included."""
        losses = self.losses(x, y)
        for value in losses:
            if not isinstance(value, Value):
                kind = type(value).__name__
                raise TypeError(gettext(
                    "the loss must return one Value for each sample, got {kind}; does it depend on the "
                    "model's output?",
                    kind=kind,
                ))  # fmt: skip
        total = losses[0] if len(losses) == 1 else self.reduce(losses)
        return total if self.penalty is None else total + self.penalty()

    def losses(self, x: Sequence[Any], y: Sequence[Any]) -> list[Any]:
        """Return the loss of each sample."""
        outputs = outputs_of(self.model, x)
        return [self.loss(output, target) for output, target in zip(outputs, y, strict=True)]

    def __call__(self, x: Sequence[Any], y: Sequence[Any], epoch: int) -> float:
        """Move the parameters; return the loss before."""
        first: list[float] = []

        def closure() -> float:
            with collector_paused():
                value = self.backward(x, y)  # on return the graph is gone, before the collector looks again
            if not first:
                self.check(value, x, y, epoch)
            first.append(value)
            return value

        if self.optimizer.needs_closure:
            self.optimizer.step(closure)
        else:
            closure()
            self.optimizer.step()
        return first[0]

    def backward(self, x: Sequence[Any], y: Sequence[Any]) -> float:
        """Fill the parameters' gradients; return the loss."""
        total = self.total(x, y)
        self.optimizer.zero_grad()
        total.backward()
        return float(total.data)

    def check(self, value: float, x: Sequence[Any], y: Sequence[Any], epoch: int) -> None:
        """Raise where the loss or a gradient is not finite, naming the operation where that began."""
        if math.isfinite(value) and all(
            p.grad is None or math.isfinite(p.grad) for p in self.optimizer.params
        ):
            return
        message = gettext(
            "epoch {epoch}: the loss is {value}, or a gradient is not finite; the parameters are those "
            "before this step",
            epoch=epoch + 1, value=value,
        )  # fmt: skip
        try:
            with autograd.detect_anomaly():
                self.total(x, y).backward()
        except autograd.AnomalyError as error:
            error.add_note(message + gettext(". Try a smaller learning rate, or clip the gradients."))
            raise
        raise autograd.AnomalyError(message + gettext("; some parameter was not finite before it"))


class Compiled(Eager):
    """One step of the optimizer on a batch, by a program of matrices."""

    def __init__(
        self,
        model: Module,
        loss: Any,
        optimizer: Optimizer,
        reduction: str,
        penalty: Callable[[], Any] | None,
        where: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(model, loss, optimizer, reduction, penalty)
        self.numpy = numpy_for(gettext("nn.fit with compile=True"))
        self.told = Told(model)
        self.together, self.leaves = model._takes_batches(), model.parameters()
        self.step = autograd.compile(
            self.joint_loss if self.together else lambda x, y: loss(model(_as_lists(x)), _as_lists(y)),
            [*optimizer.params, *self.told.params], batch=not self.together, reduction=reduction,
            penalty=penalty, deterministic=True, **(where or {}),
        )  # fmt: skip

    def look_again(self) -> None:
        """Record the loss anew if the model has other parameters now."""
        leaves = self.model.parameters()
        if leaves != self.leaves:
            self.leaves = leaves
            self.step.retrace()

    def check_sizes(self, sizes: Iterable[int]) -> None:
        """Refuse batches that are smaller than the mesh."""
        backend: Any = self.step._backend
        for size in sizes if isinstance(backend, Placed) and not self.together else ():
            backend.placement.check(size)

    def joint_loss(self, x: Sequence[Any], y: Sequence[Any]) -> Any:
        """Return the loss of a batch whose samples depend on each other, without the penalty."""
        return self.told.added_to(lambda: self.reduce(self.losses(_as_lists(x), _as_lists(y))))

    def value_and_grad(self, x: Sequence[Any], y: Sequence[Any]) -> tuple[float, Any]:
        """Return the loss and the parameters' gradients, and move what a batch moves beside."""
        value, grads = self.step.value_and_grad(x, y)
        if not self.told.params:
            return value, grads
        count = len(self.optimizer.params)
        if math.isfinite(value) and self.numpy.isfinite(grads).all():
            self.told.take(grads[count:])
        return value, grads[:count]

    def __call__(self, x: Sequence[Any], y: Sequence[Any], epoch: int) -> float:
        """Move the parameters; return the loss before."""
        if self.optimizer.needs_closure:
            return super().__call__(x, y, epoch)
        value, grads = self.value_and_grad(x, y)
        params = self.optimizer.params
        set_grads(params, grads)
        if not (math.isfinite(value) and self.numpy.isfinite(grads).all()):
            self.check(value, x, y, epoch)
        if not moves_arrays(self.optimizer):
            self.optimizer.step()
            return float(value)
        theta = self.optimizer.step_flat(self._theta(), grads)
        scatter(params, self.numpy.ascontiguousarray(theta, float))
        return float(value)

    def _theta(self) -> Any:
        """Return the parameters' numbers as an array."""
        theta = self.numpy.empty(len(self.optimizer.params))
        gather(self.optimizer.params, theta)
        return theta

    def backward(self, x: Sequence[Any], y: Sequence[Any]) -> float:
        """Fill the parameters' gradients; return the loss."""
        value, grads = self.value_and_grad(x, y)
        set_grads(self.optimizer.params, grads)
        return float(value)

    def many(
        self, x: Sequence[Any], y: Sequence[Any], steps: int, report: Callable[[list[float]], bool]
    ) -> None:
        """Take steps on the same batch without leaving the arrays, and report their losses every so often.

        Where a loss is not finite, the steps since the last report are undone, and left to the slow path.
        """
        if self.together:  # such steps are taken one by one
            return
        np = self.numpy
        try:
            samples, targets = np.asarray(x, float), np.asarray(y, float)
        except (ValueError, TypeError) as error:
            raise ValueError(gettext(
                "compile=True takes samples of numbers, each of as many, and targets likewise: {error}",
                error=error,
            )) from None  # fmt: skip
        params, optimizer = self.optimizer.params, self.optimizer
        chunk = 1
        while steps > 0:
            before = self._theta(), optimizer.state_dict()
            start = time.perf_counter()
            losses = self.step.train(samples, targets, optimizer, min(chunk, steps))
            if not (all(map(math.isfinite, losses)) and np.isfinite(self._theta()).all()):
                scatter(params, before[0])
                optimizer.load_state_dict(before[1])
                return
            steps -= len(losses)
            if report(losses):
                return
            # A chunk lasts a fifth of a second or so, lest an interrupt wait and the bar stand still.
            if time.perf_counter() - start < 0.1:
                chunk *= 2


def _as_lists(x: Any) -> Any:
    """Return an array of nodes as nested lists, which are what models get where nothing is compiled."""
    return x.tolist() if hasattr(x, "tolist") else x
