"""Estimators for scikit-learn that train an `nn.MLP`, scalar by scalar, or with its compiled program.

They have the parameters of scikit-learn's own ``MLPClassifier`` and ``MLPRegressor``, go into pipelines and
searches, and keep the network as ``module_``, which can be drawn, explained and differentiated. No other
module of this package needs scikit-learn (``pip install scikit-learn``).
"""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self

import autograd
from autograd.errors import MissingDependencyError
from autograd.words import gettext
from nn import losses, optim
from nn.activations import Activation
from nn.callbacks import EarlyStopping, History
from nn.checks import real, whole
from nn.modules.layers import MLP
from nn.optim.optimizer import Optimizer
from nn.train.fit import fit

try:
    import numpy as np
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets, unique_labels
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise MissingDependencyError(
        gettext("scikit-learn 1.6 or later"), "nn.sklearn", "pip install -U scikit-learn"
    ) from error

__all__ = ["ScalarClassifier", "ScalarRegressor"]

SOLVERS: Mapping[str, Callable[..., Optimizer]] = MappingProxyType(
    {"adam": optim.Adam, "adamw": optim.AdamW, "sgd": optim.SGD, "rmsprop": optim.RMSProp,
     "adagrad": optim.AdaGrad, "lbfgs": optim.LBFGS}
)  # fmt: skip
"""The optimizers by the names that ``solver`` takes."""


class _ScalarEstimator(BaseEstimator):  # type: ignore[misc]
    """What the two estimators share: the parameters, the training, and the outputs of the network."""

    def __init__(
        self, hidden_layer_sizes: Sequence[int] | int = (16,), *, activation: Activation = "tanh",
        solver: str = "adam", alpha: float = 1e-4, batch_size: int | str = "auto",
        learning_rate_init: float = 0.01, max_iter: int = 500, shuffle: bool = True, tol: float = 1e-4,
        n_iter_no_change: int = 10, compile: bool = True, random_state: Any = None,
    ) -> None:  # fmt: skip
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.compile = compile
        self.random_state = random_state

    def _train(self, X: Any, y: Any, outputs: int, loss: Callable[[Any, Any], Any]) -> None:
        """Make a network of so many outputs, and train it."""
        if self.solver not in SOLVERS:
            raise ValueError(gettext(
                "no solver is called {solver}; choose from {known}",
                solver=f"{self.solver!r:.60}", known=", ".join(SOLVERS),
            ))  # fmt: skip
        given: Any = self.hidden_layer_sizes
        hidden = [given] if np.ndim(given) == 0 else list(given)
        size = min(200, len(X)) if self.batch_size == "auto" else whole("batch_size", self.batch_size)
        size = len(X) if self.solver == "lbfgs" and self.batch_size == "auto" else min(size, len(X))
        rate = real("learning_rate_init", self.learning_rate_init, above=0.0)
        alpha = real("alpha", self.alpha, least=0.0)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        module: MLP[Any] = MLP(X.shape[1], [*hidden, outputs], activation=self.activation, rng=seed)
        options = {"line_search_fn": "strong_wolfe", "lr": 1.0} if self.solver == "lbfgs" else {"lr": rate}
        self.history_: History = fit(
            module, (X, y), loss, SOLVERS[self.solver](module.parameters(), **options),
            epochs=whole("max_iter", self.max_iter), batch_size=size, compile=bool(self.compile),
            penalty=(lambda: losses.l2_penalty(module, alpha / (2 * size))) if alpha else None,
            callbacks=[
                EarlyStopping(self.n_iter_no_change, monitor="loss", min_delta=self.tol, restore_best=False)
            ],
            progress=False, shuffle=bool(self.shuffle), rng=seed,
        )  # fmt: skip
        self.module_ = module.eval()
        self.loss_curve_ = list(self.history_["loss"])
        self.loss_, self.n_iter_ = self.loss_curve_[-1], self.history_.epochs
        self.n_outputs_, self.n_layers_ = outputs, len(hidden) + 2
        self._program = self._made()

    def _made(self) -> Callable[[Any], Any]:
        """Return the network as a function of many samples."""
        if self.compile:
            return autograd.compile(self.module_, batch=True)
        return self._eagerly

    def _eagerly(self, X: Any) -> Any:
        with autograd.no_grad():
            outputs = [self.module_(list(map(float, sample))) for sample in X]
        return np.array([[y.data for y in (row if isinstance(row, list) else [row])] for row in outputs])

    def _outputs(self, X: Any) -> Any:
        """Return the last layer's numbers for each sample, in two dimensions."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=float)
        return np.asarray(self._program(X)).reshape(len(X), self.n_outputs_)

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        return {name: part for name, part in state.items() if name != "_program"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "module_" in state:
            self._program = self._made()


class ScalarClassifier(ClassifierMixin, _ScalarEstimator):  # type: ignore[misc]
    """A classifier for scikit-learn: an `nn.MLP` trained on the cross-entropy.

    Parameters
    ----------
    hidden_layer_sizes
        The number of neurons in each hidden layer.
    activation
        Of the hidden layers, as for `nn.MLP`.
    solver
        ``"adam"``, ``"adamw"``, ``"sgd"``, ``"rmsprop"``, ``"adagrad"`` or ``"lbfgs"``.
    alpha
        Strength of the penalty on squared weights.
    batch_size
        Samples for each step; ``"auto"`` for 200 or, if there are fewer, all.
    learning_rate_init
        The learning rate, of every solver but ``"lbfgs"``, which searches along a line.
    max_iter
        How often to go through the data, at most.
    shuffle
        Whether batches are drawn anew for each epoch.
    tol, n_iter_no_change
        Training ends where the loss has not fallen by ``tol`` for so many epochs.
    compile
        Whether to train and predict with the programs that `autograd.compile` makes.
    random_state
        Seed or generator of the first weights and of the batches.

    Attributes
    ----------
    module_ : nn.MLP
        The network; its outputs are scores, one for two classes and one each for more.
    classes_ : array
        The labels.
    history_ : nn.callbacks.History
        The loss of each epoch.
    loss_curve_, loss_, n_iter_
        That loss as a list, its last element, and the number of epochs.

    Examples
    --------
    >>> import nn
    >>> from nn.sklearn import ScalarClassifier
    >>> X, y = nn.data.make_moons(200, noise=0.1, rng=0)
    >>> classifier = ScalarClassifier((8, 8), random_state=0).fit(X, y)
    >>> classifier.score(X, y) > 0.95
    True
    >>> classifier.predict_proba(X[:3]).shape
    (3, 2)
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Train on samples and their labels, and return the estimator.

        Parameters
        ----------
        X
            Samples in rows: an array, or a table.
        y
            A label for each, of at least two different ones; numbers or words.
        """
        X, y = validate_data(self, X, y, dtype=float)
        check_classification_targets(y)
        self.classes_ = unique_labels(y)
        count = len(self.classes_)
        if count < 2:
            raise ValueError(gettext(
                "a classifier needs samples of 2 classes at least, got {count} class",
                count=count,
            ))  # fmt: skip
        loss = losses.binary_cross_entropy_with_logits if count == 2 else losses.cross_entropy
        self._train(X, np.searchsorted(self.classes_, y), 1 if count == 2 else count, loss)
        return self

    def decision_function(self, X: Any) -> Any:
        """Return the scores: for two classes that of the second, for more one for each.

        Parameters
        ----------
        X
            Samples in rows.
        """
        scores = self._outputs(X)
        return scores[:, 0] if self.n_outputs_ == 1 else scores

    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each class, in the order of ``classes_``.

        Parameters
        ----------
        X
            Samples in rows.
        """
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithm of each class's probability, exact also where that rounds to 0.

        Parameters
        ----------
        X
            Samples in rows.
        """
        scores = self._outputs(X)
        if self.n_outputs_ == 1:
            scores = np.hstack([np.zeros_like(scores), scores])
        scores = scores - scores.max(axis=1, keepdims=True)
        return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))

    def predict(self, X: Any) -> Any:
        """Return the likeliest label of each sample.

        Parameters
        ----------
        X
            Samples in rows.
        """
        scores = self._outputs(X)
        places = scores.argmax(axis=1) if self.n_outputs_ > 1 else (scores[:, 0] > 0.0).astype(int)
        return self.classes_[places]


class ScalarRegressor(RegressorMixin, _ScalarEstimator):  # type: ignore[misc]
    """A regressor for scikit-learn: an `nn.MLP` trained on the mean squared error.

    Parameters
    ----------
    hidden_layer_sizes
        The number of neurons in each hidden layer.
    activation
        Of the hidden layers, as for `nn.MLP`.
    solver, alpha, batch_size, learning_rate_init, max_iter, shuffle, tol, n_iter_no_change, compile
        As for `ScalarClassifier`.
    random_state
        Seed or generator of the first weights and of the batches.

    Attributes
    ----------
    module_ : nn.MLP
        The network.
    history_ : nn.callbacks.History
        The loss of each epoch.
    loss_curve_, loss_, n_iter_
        That loss as a list, its last element, and the number of epochs.

    Examples
    --------
    >>> import numpy as np
    >>> from nn.sklearn import ScalarRegressor
    >>> X = np.linspace(-2.0, 2.0, 60).reshape(-1, 1)
    >>> regressor = ScalarRegressor(solver="lbfgs", random_state=0).fit(X, np.sin(X[:, 0]))
    >>> regressor.score(X, np.sin(X[:, 0])) > 0.99
    True
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any) -> Self:
        """Train on samples and their targets, and return the estimator.

        Parameters
        ----------
        X
            Samples in rows: an array, or a table.
        y
            A number for each, or a row of numbers.
        """
        X, y = validate_data(self, X, y, dtype=float, multi_output=True, y_numeric=True)
        y = np.asarray(y, float)
        self._is_flat = y.ndim == 1
        y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        self._train(X, y, 1 if y.ndim == 1 else y.shape[1], losses.mse_loss)
        return self

    def predict(self, X: Any) -> Any:
        """Return a number, or a row of numbers as ``y`` had them, for each sample.

        Parameters
        ----------
        X
            Samples in rows.
        """
        outputs = self._outputs(X)
        return outputs[:, 0] if self._is_flat else outputs
