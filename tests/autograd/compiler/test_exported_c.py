"""Programs as headers of C: a compiler builds them alone, and they compute what the program does."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import autograd
import nn
from autograd import Value

np = pytest.importorskip("numpy")
CC = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
CXX = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
compiled_by_cc = pytest.mark.skipif(CC is None, reason="no C compiler")


def ran(folder, header, call, dialect="c99", cc=CC):
    """What a program of C prints that includes a header, or some, and nothing else of ours."""
    main = folder / ("main.cpp" if "++" in dialect else "main.c")
    included = "".join(f'#include "{h.name}"\n' for h in ([header] if isinstance(header, Path) else header))
    start = f"#include <stdio.h>\n#include <math.h>\n{included}int main(void) {{\n"
    main.write_text(f"{start}{call}\nreturn 0;\n}}\n")
    program = folder / "main"
    subprocess.run(
        [cc, f"-std={dialect}", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic", str(main), "-o",
         str(program), "-lm"], check=True, cwd=folder,
    )  # fmt: skip
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return [float(x) for x in printed.split()]


def array(name, numbers):
    flat = np.asarray(numbers, float).ravel()
    return f"static const double {name}[] = {{{', '.join(map(repr, map(float, flat)))}}};"


LOSSES = {"mse": (nn.losses.mse_loss, 1), "cross": (nn.losses.cross_entropy, 3)}


@compiled_by_cc
@pytest.mark.parametrize(
    ("activation", "loss", "reduction"),
    [("relu", "mse", "mean"), ("tanh", "cross", "sum"), ("gelu", "mse", "sum"), ("relu", "cross", "mean")],
)
def test_a_step_of_a_perceptron_gives_loss_and_gradient_for_any_number_of_examples(
    tmp_path, activation, loss, reduction
):
    function, outputs = LOSSES[loss]
    model = nn.MLP(2, [4, outputs], activation=activation, rng=0)
    step = autograd.compile(
        lambda x, y: function(model(x), y), model.parameters(), batch=True, reduction=reduction
    )
    rng = np.random.default_rng(0)
    for count, dialect in ((3, "c99"), (11, "gnu17")):  # C's own types, and vectors
        x, y = rng.normal(size=(count, 2)), rng.integers(0, outputs, size=count)
        value, grads = step.value_and_grad(x, y)
        header = step.export(tmp_path / "step.h")
        size = len(grads)
        found = ran(tmp_path, header, f"""
            {array("x", x)} {array("y", y)}
            double loss = 0.0, gradient[{size}] = {{0.0}};
            printf("%d\\n", step(step_theta, x, y, {count}, &loss, gradient));
            printf("%.17g\\n", loss);
            for (int i = 0; i < {size}; i++) printf("%.17g\\n", gradient[i]);""", dialect)
        assert found[0] == 0.0
        assert found[1] == pytest.approx(value, rel=1e-12)
        assert found[2:] == pytest.approx(list(grads), rel=1e-11, abs=1e-14)


@compiled_by_cc
def test_a_trained_network_predicts_what_it_predicts_here(tmp_path):
    model = nn.MLP(3, [5, 2], rng=1).eval()
    predict = autograd.compile(model, batch=True)
    x = np.random.default_rng(1).normal(size=(9, 3))
    expected = np.asarray(predict(x))
    header = predict.export(tmp_path / "network.h")
    found = ran(tmp_path, header, f"""
        {array("x", x)}
        double results[18] = {{0.0}};
        if (network(x, 9, results)) return 1;
        for (int i = 0; i < 18; i++) printf("%.17g\\n", results[i]);""")
    assert found == pytest.approx(expected.ravel().tolist(), rel=1e-12)
    assert '#include "' not in header.read_text(encoding="utf-8")


FUNCTIONS = {
    "elementary": lambda x: autograd.sin(x[0]) * autograd.exp(x[1]) + autograd.log1p(x[2] ** 2),
    "special": lambda x: [autograd.lgamma(x[0]), autograd.erf(x[1]), autograd.digamma(x[2])],
    "choices": lambda x: [autograd.where(x[0] > x[1], x[2], x[0]), autograd.maximum(x[1], x[2]), 3.0],
    "many": lambda x: [autograd.logsumexp(x), *autograd.softmax(x)],
}


@compiled_by_cc
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_without_parameters_give_their_results_one_after_the_other(tmp_path, name):
    weight = Value(0.75)
    f = autograd.compile(lambda x, t: [weight * y for y in as_list(FUNCTIONS[name](x))] + [t])
    x = [1.5, 0.25, 2.5]
    expected = [float(y) for y in f(x, 4.0)]
    header = f.export(tmp_path / f"{name}.h")
    found = ran(tmp_path, header, f"""
        {array("x", x)} {array("t", [4.0])}
        double results[{len(expected)}] = {{0.0}};
        printf("%d\\n", {name}(x, t, results));
        for (int i = 0; i < {len(expected)}; i++) printf("%.17g\\n", results[i]);""")
    assert found == pytest.approx([0.0, *expected], rel=1e-12)


@pytest.mark.skipif(CXX is None, reason="no C++ compiler")
@pytest.mark.parametrize("dialect", ["c++17", "gnu++17"])
def test_a_program_of_cpp_includes_it_too(tmp_path, dialect):
    model = nn.MLP(3, [5, 2], activation="gelu", rng=1).eval()
    predict = autograd.compile(lambda x: autograd.softmax(model(x)), batch=True)
    x = np.random.default_rng(1).normal(size=(9, 3))
    expected = np.asarray(predict(x))
    header = predict.export(tmp_path / "network.h")
    found = ran(tmp_path, header, f"""
        {array("x", x)}
        double results[18] = {{0.0}};
        if (network(x, 9, results)) return 1;
        for (int i = 0; i < 18; i++) printf("%.17g\\n", results[i]);""", dialect, CXX)
    assert found == pytest.approx(expected.ravel().tolist(), rel=1e-12)


def test_no_array_that_is_copied_is_one_that_gcc_takes_apart(tmp_path):
    """See `test_zeros_behind_equal_numbers_in_a_table_stay_zeros`."""
    weights = [Value(1.0) for _ in range(7)]
    given = [0.0, 2.5, 2.5, 2.5, 2.5, 0.0, 0.0]
    step = autograd.compile(lambda x: x * autograd.dot(given, weights), weights)
    step(1.0)
    text = step.export(tmp_path / "step.h").read_text(encoding="utf-8")
    assert len(re.findall(r"^step_CONSTANTS step_(numbers|theta|t\d+)\[", text, re.MULTILINE)) >= 3
    assert not re.findall(r"^static const double .*", text, re.MULTILINE)


def test_no_number_in_it_is_longer_than_the_long_of_windows(tmp_path):
    predict = autograd.compile(nn.MLP(3, [5, 2], rng=1).eval(), batch=True)
    predict([[1.0, 2.0, 3.0]])
    text = predict.export(tmp_path / "network.h").read_text(encoding="utf-8")
    longs = re.findall(r"\blong \w+ = (-?\d+);", text)
    assert longs and all(abs(int(number)) < 2**31 for number in longs)


def as_list(x):
    return x if isinstance(x, list) else [x]


@compiled_by_cc
def test_files_stand_beside_each_other_and_a_program_s_own_names(tmp_path):
    """Whatever their programs are made of, and what the one who includes them calls run, B and N."""
    model = nn.MLP(1, [2, 1], rng=0).eval()
    functions = {
        "same": autograd.compile(lambda x: x),
        "gamma_of": autograd.compile(lambda x: autograd.lgamma(x) + autograd.tanh(x)),
        "net": autograd.compile(model),
    }
    expected = [float(np.ravel(f([1.5] if name == "net" else 1.5))[0]) for name, f in functions.items()]
    headers = [f.export(tmp_path / f"{name}.h") for name, f in functions.items()]
    calls = "".join(f'{name}(&x, &r); printf("%.17g\\n", r);' for name in functions)
    found = ran(tmp_path, headers, f"double x = 1.5, r = 0, B = 1, V = 2, run = 3, N = 4; {calls} "
                'printf("%g\\n", B + V + run + N);')  # fmt: skip
    assert found == pytest.approx([*expected, 10.0], rel=1e-13)


@compiled_by_cc
def test_what_is_not_finite_is_told(tmp_path):
    w = Value(1.0)
    step = autograd.compile(lambda x: autograd.log(w * x), [w])
    step.value_and_grad(2.0)
    header = step.export(tmp_path / "step.h")
    found = ran(tmp_path, header, """
        double x = 0.0, loss = 0.0, gradient = 0.0;
        printf("%d\\n", step(step_theta, &x, &loss, &gradient) != 0);""")
    assert found == [1.0]


@compiled_by_cc
def test_a_number_for_which_doubles_have_too_few_digits_is_nan_and_told(tmp_path):
    f = autograd.compile(lambda x: [autograd.digamma(x), autograd.sin(x)])
    assert f(-100.3)[0] == autograd.digamma(-100.3)
    header = f.export(tmp_path / "slope.h")
    found = ran(tmp_path, header, """
        double x = -100.3, results[2] = {0.0};
        printf("%d\\n", slope(&x, results));
        printf("%d\\n%.17g\\n", results[0] != results[0], results[1]);""")
    assert found == [1.0, 1.0, pytest.approx(autograd.sin(-100.3), rel=1e-15)]


@pytest.mark.parametrize(
    "name, said",
    [
        ("step.pb", "no export for files that end in .pb, but for those in .h, .js, .mjs, .onnx, .stablehlo"),
        ("step.pb2", "no export for files that end in .pb2"),
        ("2step.h", "cannot be called '2step'"),
        ("a-b.h", "cannot be called 'a-b'"),
        ("double.h", "cannot be called 'double'"),
        ("exp.h", "cannot be called 'exp'"),
        ("printf.h", "cannot be called 'printf'"),
        ("class.h", "cannot be called 'class'"),
        ("theta.mjs", "cannot be called 'theta'"),
        ("Float64Array.js", "cannot be called 'Float64Array'"),
    ],
)
def test_a_name_that_says_nothing_is_refused_and_writes_nothing(tmp_path, name, said):
    f = autograd.compile(lambda x: x * x)
    f(2.0)
    with pytest.raises(ValueError, match=said):
        f.export(tmp_path / name)
    assert not list(tmp_path.iterdir())
