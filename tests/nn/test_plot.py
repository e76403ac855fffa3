import builtins
import sys

import pytest

import nn
from autograd import MissingDependencyError
from nn import plot

pytest.importorskip("matplotlib")


def png(ax, tmp_path):
    path = tmp_path / "plot.png"
    ax.figure.savefig(path)
    return path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and path.stat().st_size > 5000


def test_loss_curves(tmp_path):
    ax = plot.plot_loss({"SGD": [100.0, 10.0, 1.0], "Adam": [100.0, 5.0, 0.5]}, title="Race")
    assert [line.get_label() for line in ax.lines] == ["SGD", "Adam"]
    assert ax.get_yscale() == "log"
    assert list(ax.lines[0].get_ydata()) == [100.0, 10.0, 1.0]
    assert plot.plot_loss([1.0, -1.0]).get_yscale() == "linear"
    assert plot.plot_loss([1.0, 100.0], log=False).get_yscale() == "linear"
    assert png(ax, tmp_path)


def test_history_plots_itself(tmp_path):
    model = nn.MLP(2, [4, 1], rng=0)
    data = nn.data.make_moons(20)
    optimizer = nn.optim.Adam(model.parameters())
    history = nn.fit(
        model,
        data,
        nn.losses.binary_cross_entropy_with_logits,
        optimizer,
        epochs=4,
        metrics=["accuracy"],
        validation=data,
        progress=False,
    )
    ax = history.plot()
    assert [line.get_label() for line in ax.lines] == ["loss", "val_loss"]
    assert [line.get_label() for line in ax.figure.axes[1].lines] == ["accuracy", "val_accuracy"]
    assert png(ax, tmp_path)
    own = plot.plot_loss([1.0])
    assert history.plot(ax=own) is own
    with pytest.raises(ValueError, match="empty"):
        nn.callbacks.History().plot()


@pytest.mark.parametrize("classes", [2, 3])
def test_decision_boundary(tmp_path, classes):
    x, y = nn.data.make_moons(40) if classes == 2 else nn.data.make_spiral(60)
    model = nn.MLP(2, [4, 1 if classes == 2 else 3], rng=0)
    ax = plot.plot_decision_boundary(model, x, 2 * y - 1 if classes == 2 else y, steps=12)
    assert len(ax.get_legend().get_texts()) == classes
    assert png(ax, tmp_path)
    assert not any(p.grad for p in model.parameters())


def test_decision_boundary_needs_two_features():
    with pytest.raises(ValueError, match="two features"):
        plot.plot_decision_boundary(lambda p: 0.0, [[1.0, 2.0, 3.0]], [1])


def test_activation_and_its_derivative(tmp_path):
    ax = plot.plot_activation("relu", steps=11)
    assert list(ax.lines[1].get_ydata()) == [0.0] * 6 + [1.0] * 5
    assert plot.plot_activation("linear").get_title() == "linear"
    assert plot.plot_activation(lambda x: x * x, low=-1.0, high=1.0, steps=3).lines[1].get_ydata()[2] == 2.0
    assert png(ax, tmp_path)


def test_gradient_flow(tmp_path):
    model = nn.MLP(2, [3, 3, 1], rng=0)
    assert plot.plot_grad_flow(model).get_yscale() == "linear", "all zero"
    model([1.0, 2.0]).backward()
    ax = plot.plot_grad_flow(model)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["layer0", "layer1", "layer2"]
    assert png(ax, tmp_path)
    with pytest.raises(ValueError, match="no parameters"):
        plot.plot_grad_flow(nn.Module())


def test_without_matplotlib_the_error_names_the_command(monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    monkeypatch.delitem(sys.modules, "matplotlib.figure", raising=False)
    with pytest.raises(MissingDependencyError, match=r"pip install 'chainrule\[plot\]'"):
        plot.plot_loss([1.0])


TASTES = {
    "LaTeX": {"text.usetex": True},
    "formulas": {"axes.formatter.use_mathtext": True, "mathtext.fontset": "custom", "mathtext.default": "rm"},
    "comics": {"path.sketch": (1.0, 100.0, 2.0), "font.family": ["no such font"]},
    "programs": {"ps.usedistiller": None, "pdf.use14corefonts": True, "svg.fonttype": "none"},
    "window": {"figure.autolayout": True, "toolbar": "None"},
}


@pytest.mark.parametrize("taste", TASTES)
def test_pictures_are_made_whatever_the_users_matplotlibrc_says(tmp_path, taste):
    import matplotlib as mpl

    with mpl.rc_context(TASTES[taste]):
        model = nn.MLP(2, [3, 1], rng=0)
        drawn = [
            plot.plot_loss([3.0, 2.0], title="a_b $ 100% \\x"),
            plot.plot_activation("tanh"),
            plot.plot_history({"loss": [2.0, 1.0], "val_accuracy": [0.5, 1.0]}),
        ]
        drawn.append(plot.plot_decision_boundary(model, [[0.0, 1.0], [1.0, 0.0]], [0, 1]))
        for i, ax in enumerate(drawn):
            for ending in ("png", "svg", "pdf"):
                plot.save_plot(ax, tmp_path / f"{i}.{ending}")
                assert (tmp_path / f"{i}.{ending}").stat().st_size > 1000
        assert mpl.rcParams["text.usetex"] is (taste == "LaTeX")  # it is the user's again
