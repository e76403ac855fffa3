"""The estimators for scikit-learn, by its own checks and in its own pipelines and searches."""

import doctest
import pickle
import subprocess
import sys
import textwrap

import pytest

import autograd
import nn

np = pytest.importorskip("numpy")
pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import nn.sklearn
from nn.sklearn import SOLVERS, ScalarClassifier, ScalarRegressor

ESTIMATORS = [ScalarClassifier, ScalarRegressor]


@parametrize_with_checks([ScalarClassifier((8,)), ScalarRegressor((8,))])
def test_scikit_learn_finds_nothing_to_object_to(estimator, check):
    check(estimator)


@pytest.mark.parametrize("own", [(ScalarClassifier, MLPClassifier), (ScalarRegressor, MLPRegressor)])
def test_every_parameter_but_compile_is_one_of_scikit_learns(own):
    ours, theirs = (set(estimator().get_params()) for estimator in own)
    assert ours - theirs == {"compile"}


def test_its_examples_run():
    found = doctest.testmod(nn.sklearn, optionflags=doctest.ELLIPSIS)
    assert found.attempted >= 8
    assert not found.failed


def test_a_pipeline_is_searched_over_sizes_and_penalties():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), ScalarClassifier(learning_rate_init=0.05, random_state=0))
    grid = {"scalarclassifier__hidden_layer_sizes": [(4,), (8,)], "scalarclassifier__alpha": [1e-4, 1e-2]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, y)
    assert search.best_score_ > 0.93
    assert len(search.cv_results_["params"]) == 4
    assert search.predict(X[:1]).shape == (1,)


def test_words_are_labels_and_probabilities_sum_to_one():
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    classifier = ScalarClassifier(solver="lbfgs", max_iter=40, random_state=0).fit(X, names)
    assert list(classifier.classes_) == ["setosa", "versicolor", "virginica"]
    assert classifier.score(X, names) > 0.95
    shares = classifier.predict_proba(X)
    assert shares.sum(axis=1) == pytest.approx(np.ones(len(X)))
    assert np.exp(classifier.predict_log_proba(X)) == pytest.approx(shares)
    assert np.isfinite(classifier.predict_log_proba(1e4 * X)).all()  # where shares are 0
    assert (classifier.classes_[shares.argmax(axis=1)] == classifier.predict(X)).all()
    assert (classifier.decision_function(X).argmax(axis=1) == shares.argmax(axis=1)).all()


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_each_solver_trains_the_same_compiled_and_scalar_by_scalar(estimator, solver):
    X, y = nn.data.make_moons(20, rng=0)
    given = {"solver": solver, "hidden_layer_sizes": 3, "max_iter": 4, "batch_size": 7, "random_state": 1}
    if solver == "lbfgs":  # each of whose epochs is twenty steps
        given |= {"batch_size": "auto", "max_iter": 2}
    fast = estimator(**given).fit(X, y)
    slow = estimator(**given, compile=False).fit(X, y)
    assert fast.loss_curve_ == pytest.approx(slow.loss_curve_, rel=1e-9)
    show = "predict_proba" if estimator is ScalarClassifier else "predict"
    assert getattr(fast, show)(X) == pytest.approx(getattr(slow, show)(X), rel=1e-8)
    assert fast.loss_ < fast.loss_curve_[0]


def test_rows_of_targets_are_learnt_and_predicted_as_rows():
    X = np.linspace(-1.0, 1.0, 40).reshape(-1, 1)
    y = np.hstack([np.sin(2 * X), X**2])
    regressor = ScalarRegressor(solver="lbfgs", max_iter=100, tol=0.0, random_state=0).fit(X, y)
    assert regressor.predict(X).shape == y.shape
    assert regressor.score(X, y) > 0.99
    assert cross_val_score(clone(regressor), X, y[:, 0], cv=2).shape == (2,)
    assert regressor.fit(X, y[:, :1]).predict(X).shape == (40, 1)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_pickled_one_predicts_the_same(compiled):
    X, y = nn.data.make_moons(30, rng=0)
    classifier = ScalarClassifier((3,), max_iter=3, compile=compiled, random_state=0).fit(X, y)
    again = pickle.loads(pickle.dumps(classifier))
    assert (again.predict_proba(X) == classifier.predict_proba(X)).all()
    assert again.module_.state_dict() == classifier.module_.state_dict()


def test_the_network_can_be_drawn_and_differentiated():
    X, y = nn.data.make_moons(30, rng=0)
    classifier = ScalarClassifier((2,), max_iter=3, random_state=0).fit(X, y)
    point = [autograd.Value(0.5, label="x"), autograd.Value(-0.5, label="y")]
    score = classifier.module_(point)
    assert score.data == pytest.approx(classifier.decision_function([[0.5, -0.5]])[0])
    score.backward()
    assert point[0].grad != 0.0
    assert "<svg" in autograd.draw(score).svg()


@pytest.mark.parametrize(
    "given, said",
    [
        ({"solver": "newton"}, "no solver is called 'newton'; choose from adam"),
        ({"learning_rate_init": 0.0}, "learning_rate_init"),
        ({"alpha": -1.0}, "alpha"),
        ({"max_iter": 0}, "max_iter"),
        ({"batch_size": 0}, "batch_size"),
        ({"hidden_layer_sizes": (0,)}, "nout"),
        ({"activation": "sine?"}, "sine"),
    ],
)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_parameter_that_means_nothing_is_refused_when_it_is_fitted(estimator, given, said):
    X, y = nn.data.make_moons(10, rng=0)
    with pytest.raises((ValueError, TypeError), match=said):
        estimator(**given).fit(X, y)


def test_importing_nn_imports_no_scikit_learn_and_its_absence_is_said_in_a_sentence():
    program = """
        import sys
        import nn
        nn.fit, nn.MLP, nn.losses, nn.data
        assert "sklearn" not in sys.modules
        sys.modules["sklearn"] = None
        try:
            import nn.sklearn
        except ImportError as error:
            print(error)
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    assert "nn.sklearn needs scikit-learn" in ran.stdout
    assert "pip install -U scikit-learn" in ran.stdout
