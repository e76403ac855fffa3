"""The suite finds what is wrong with a library, blames nothing that is right, and says what it was given."""

import json
import math
import os
import random
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from profiles import NIGHTLY

from autograd import cli
from autograd.errors import MissingDependencyError, UsageError
from autograd.testing.conformance import BUILT_IN, Outcome, Plan, conform, find
from autograd.testing.conformance.data import FILE, Expectation, load, single
from autograd.testing.conformance.judge import judge
from autograd.testing.conformance.report import junit, markdown, read_baseline, text, write_baseline
from autograd.testing.conformance.run import examine
from autograd.testing.conformance.target import WORKER, Target

sys.path.insert(0, str(Path(__file__).parent))

import stand_ins

HERE = Path(__file__).parent
SOME = ("tanh", "relu", "sqrt", "atan2", "max", "xlogy", "softmax")


def run(*arguments):
    return cli.main(["conform", *arguments])


# The expectations.


def test_the_expectations_are_small_and_of_every_function():
    assert FILE.stat().st_size < 1_500_000
    assert len(load()) > 70
    assert sum(len(f.points) * len(f.derivatives) for f in load().values()) > 60_000


def test_a_python_built_without_lzma_is_told_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "lzma", None)
    with pytest.raises(MissingDependencyError, match="The conformance suite needs lzma.*liblzma-dev"):
        load.__wrapped__()


def test_the_expectations_are_the_oracles_rounded_once():
    pytest.importorskip("mpmath")
    from autograd import ops
    from autograd.testing import oracle

    rng = random.Random(5)
    checked = 0
    while checked < 60:
        name = rng.choice(
            [f for f in load() if f in ops.TABLE and load()[f].operands <= 2 and f != "lgamma"]
        )
        function, row = load()[name], ops.TABLE[name]
        path = rng.choice(list(function.derivatives))
        i = rng.randrange(len(function.points))
        expectation = function.derivatives[path][i]
        point = function.points[i]
        ordinary = all(1e-3 < abs(x) < 1e3 and x not in (1.0, -1.0) for x in point)
        if expectation is None or not expectation.value or not ordinary:
            continue
        exact = oracle.partial(row, [*point, *row.params.values()], path)
        assert expectation.value == oracle.to_double(exact), (name, point, path)
        checked += 1


# Verdicts.


@pytest.mark.parametrize(
    ("expectation", "got", "dtype", "kind"),
    [
        (Expectation(4e-18), 0.0, "float64", "zero"),
        (Expectation(4e-18), 4e-18 * (1 + 1e-15), "float64", "right"),
        (Expectation(4e-18), 4.1e-18, "float64", "digits"),
        (Expectation(4e-18), -4e-18, "float64", "sign"),
        (Expectation(1.5), math.inf, "float64", "infinite"),
        (Expectation(1.5), math.nan, "float64", "nan"),
        (Expectation(math.inf), 3.0, "float64", "finite"),
        (Expectation(math.inf), 3.0e38, "float32", "finite"),
        (Expectation(1e300), math.inf, "float32", "right"),
        (Expectation(1e-310), 0.0, "float64", "flushed"),
        (Expectation(1e-40), 0.0, "float32", "flushed"),
        (Expectation(1e-40), 0.0, "float64", "zero"),
        (Expectation(0.0, scale=1.0), 1e-17, "float64", "right"),
        (Expectation(0.0, scale=1.0), 1e-3, "float64", "digits"),
        (Expectation(0.0, scale=1e5), -2.8e-11, "float64", "right"),
        (Expectation(slopes=(-1.0, 1.0)), 0.0, "float64", "policy"),
        (Expectation(slopes=(-1.0, 1.0)), 1.5, "float64", "digits"),
        (Expectation(slopes=(-1.0, 1.0)), math.nan, "float64", "nan"),
        (Expectation(outside=True), -1.0, "float64", "policy"),
        (Expectation(outside=True), math.nan, "float64", "right"),
        # A root of the derivative: one rounding of the operand costs ten bits.
        (Expectation(1e-3, 10), 1e-3 * (1 + 1e-11), "float64", "right"),
        (Expectation(1e-3, 0), 1e-3 * (1 + 1e-11), "float64", "digits"),
        # A sine at 1e22: one rounding of the operand costs every digit of a float, and of a double at 1e300.
        (Expectation(1e-3, 20), -0.5, "float32", "right"),
        (Expectation(1e-3, 20), math.nan, "float32", "nan"),
        (Expectation(1e-3, 20), -0.5, "float64", "sign"),
        (Expectation(1e-3, 35), -0.5, "float64", "right"),
    ],
)
def test_a_number_is_judged(expectation, got, dtype, kind):
    assert judge(expectation, got, dtype, 1).kind == kind


def test_what_rounding_leaves_of_terms_that_cancel_is_no_fault():
    # The derivative by x and y of atan2 is the difference of two terms, of which each is 1/r^2 = 1e60.
    atan2 = load()["atan2"]
    at = {point: i for i, point in enumerate(atan2.points)}
    small = atan2.derivatives[0, 1][at[single(1e-30), single(1e-30)]]
    assert judge(small, -1.06e43, "float64", 2).kind == "right"
    assert judge(small, 1e50, "float64", 2).kind == "digits"
    assert atan2.derivatives[0, 1][at[1e-300, 1e-300]] is None  # both are infinite


def test_subnormal_operands_may_count_as_zero():
    assert judge(Expectation(2.2e161), math.inf, "float64", 1, (5e-324,)).kind == "flushed"
    assert judge(Expectation(2.2e161), math.inf, "float64", 1, (1e-300,)).kind == "infinite"


# No false alarm.


def test_this_package_has_no_fault():
    outcome = conform(find("chainrule"), Plan(functions=SOME, order=2, regions=False))
    assert outcome.faults == [], text(outcome)
    assert outcome.problems == []
    assert outcome.derivatives > 7_000


@pytest.mark.slow
def test_this_package_has_no_fault_in_any_derivative():
    outcome = conform(find("chainrule"), Plan(quick=not NIGHTLY), jobs=2)
    assert outcome.faults == [], text(outcome)
    assert outcome.problems == []


def test_correctly_rounded_derivatives_have_no_fault():
    pytest.importorskip("mpmath")
    outcome = conform(stand_ins.EXACT, Plan(order=2))
    assert outcome.faults == [], text(outcome)
    assert outcome.flushed == []
    assert outcome.problems == []
    assert outcome.derivatives > 3_000


# What is found.


@pytest.fixture(scope="module")
def torch_outcome():
    pytest.importorskip("torch")
    return conform(find("torch"), Plan(functions=("expm1", "tanh", "relu", "max", "prod"), quick=True))


def test_torch_loses_the_tails_of_tanh_and_expm1(torch_outcome):
    faults = {fault.name: fault for fault in torch_outcome.faults}
    assert "expm1' float64 zero" in faults
    assert faults["expm1' float64 zero"].region.startswith("x from -708.39")
    assert "tanh'' float64 zero" in faults
    assert not torch_outcome.problems
    assert {"relu'", "max_x"} <= {fault.name.split()[0] for fault in torch_outcome.policies}
    assert not any(fault.function in ("relu", "max") for fault in torch_outcome.faults)


def test_each_program_shows_its_fault_with_that_library_alone(torch_outcome):
    shown = [f for f in torch_outcome.faults if f.function != "prod" or "nan" in f.name][::3]
    assert len(shown) >= 3
    programs = [fault.script for fault in shown]
    # One process for all, since a library takes its time to be imported.
    code = f"for program in {programs!r}: exec(program, {{}})"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    for fault, line in zip(shown, done.stdout.splitlines(), strict=True):
        assert len(fault.script.splitlines()) == 5
        got, expected = line.split(" expected ")
        (number,) = json.loads(got.replace("nan", "NaN").replace("inf", "Infinity"))
        assert number == fault.worst.got or (math.isnan(number) and math.isnan(fault.worst.got))
        assert float(expected) == fault.worst.expected


def test_jax_compiled_and_not_has_the_same_faults_in_a_tail():
    pytest.importorskip("jax")
    outcome = conform(find("jax"), Plan(functions=("expm1",), order=1, modes=("reverse",)))
    (fault,) = [f for f in outcome.faults if f.dtype == "float64"]
    assert fault.symptom == "zero"
    assert fault.ways == "reverse; array, scalar; eager, jitted"


def test_a_library_whose_operations_compile_one_by_one_is_asked_for_compiled_functions_in_a_hurry():
    library, hurry, whole = find("jax"), Plan(quick=True), Plan()
    assert {way.jit for order in (1, 2, 3) for way in hurry.ways(library, order)} == {True}
    assert {way.jit for way in Plan(quick=True, jit=False).ways(library, 1)} == {False}
    eager = {order: [way for way in whole.ways(library, order) if not way.jit] for order in (1, 3)}
    assert [len(eager[1]), [str(way) for way in eager[3]]] == [8, ["reverse, array, eager"]]
    compiled = {order: [way.shape for way in whole.ways(library, order) if way.jit] for order in (1, 3)}
    assert compiled == {1: ["array"] * 4 + ["scalar"] * 4, 3: ["array"] * 4}


def test_what_is_compiled_at_once_is_judged_as_what_is_compiled_alone():
    plan = Plan(quick=True)
    asked = []
    with Target(stand_ins.TOGETHER) as target:
        run, target.run = target.run, lambda **task: asked.append(task["wanted"]) or run(**task)
        together = [examine(target, plan, name) for name in ("sin", "mul")]
    assert max(map(len, asked)) == 11  # the nine derivatives of a product, two of them in both modes
    with Target(stand_ins.ALONE) as target:
        alone = [examine(target, plan, name) for name in ("sin", "mul")]
    assert [outcome.judged for outcome in alone] == [outcome.judged for outcome in together]
    assert not any(outcome.problems or outcome.faults for outcome in (*alone, *together))


def test_a_process_that_ends_or_hangs_is_a_fault():
    crash = conform(stand_ins.CRASHES, Plan(functions=("sin",), order=1))
    assert [fault.symptom for fault in crash.faults] == ["crash"]
    assert "sin' in float64: crash" in text(crash)
    hang = conform(stand_ins.HANGS, Plan(functions=("sin",), order=1), timeout=3.0)
    assert [fault.symptom for fault in hang.faults] == ["hang"]
    assert "no answer within 3 seconds" in text(hang)


def test_what_a_library_prints_is_not_taken_for_an_answer():
    outcome = conform(stand_ins.PRINTS, Plan(functions=("sin",), order=1))
    assert not outcome.faults and not outcome.problems


def test_a_fault_of_functions_that_meet_is_shrunk_to_the_smallest():
    pytest.importorskip("mpmath")
    pytest.importorskip("hypothesis")
    from autograd.testing.conformance.compositions import smallest_wrong

    with Target(stand_ins.LOST) as target:
        fault, judged = smallest_wrong(target, [], 100, operations=2)
    assert judged > 1
    steps = fault.function.partition(" of ")[2].split("; ")
    assert 1 <= len(steps) <= 2
    assert f"def f(v0{', v1' * (len(steps) > 1)}):\n" in fault.script
    with Target(stand_ins.RIGHT) as target:
        assert smallest_wrong(target, [], 15, operations=3)[0] is None


# Bad input: one sentence, and the exit code 2.


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("toch", "no adapter is called toch; there are torch, jax"),
        ("stand_ins:NONE", "the module stand_ins has no NONE"),
        ("no_such_module:X", "the adapter's module no_such_module cannot be imported"),
        ("stand_ins:CONSTANT", "stand_ins:CONSTANT is int, not an Adapter"),
        ("stand_ins:MISSPELT", "has a function sine, which the suite has not; did you mean sin?"),
        ("stand_ins:ABSENT", "install it with: pip install no-such-library"),
        ("stand_ins:BROKEN", "cannot be set up: ZeroDivisionError: division by zero"),
        ("stand_ins:ENDS", "cannot be set up: its process ended, 3"),
        ("stand_ins:BACKWARDS", "derivative = ['backwards']; it should be of the keys"),
        ("stand_ins:HALVES", "dtypes = ('float16',); it should be of 'float64', 'float32'"),
        ("stand_ins:LISTED", "functions = ['sin']; it should be a dictionary of text"),
        ("stand_ins:EMPTY", "nothing was tried"),
        ("stand_ins:LACKING", "lacks = 'sine forward'; it should be a set, of"),
        ("stand_ins:LACKS_TEXT", "lacks = 'sin'; it should be a set, of"),
        ("stand_ins:LACKS_NUMBER", "lacks = 3; it should be a set, of"),
        ("stand_ins:HIGH", "highest = '3'; it should be 1, 2 or 3"),
        ("stand_ins:FOLDER", "path = '/tmp'; it should be folders"),
        ("stand_ins:NO_OPERATOR", "cannot be set up: NameError: name 'no_such_operator' is not defined"),
        ("stand_ins:NO_JIT", "cannot be set up: NameError: name 'no_such_jit' is not defined"),
    ],
)
def test_an_adapter_that_is_none_is_one_sentence(target, said, capsys):
    assert run(target) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def test_a_file_that_is_a_folder_is_said_before_anything_is_run(capsys, tmp_path):
    assert run("stand_ins:HANGS", "--junit", str(tmp_path)) == 2
    assert capsys.readouterr().err == f"chainrule conform: {tmp_path}: Is a directory\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(:", "cannot be imported: SyntaxError: invalid syntax"),
        ("1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
        ("raise SystemExit(4)", "cannot be imported: SystemExit: 4"),
    ],
)
def test_an_adapter_s_module_that_does_not_run_is_one_sentence(text, said, capsys, tmp_path, monkeypatch):
    name = f"no_adapter_{abs(hash(text))}"
    (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert run(f"{name}:ADAPTER") == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("stand_ins:LIAR", "the adapter's sin is not sin: the derivative of autograd.cos(x) at"),
        ("stand_ins:WITHOUT", "has no reverse derivative sin' of autograd.sin(x) (TypeError"),
        ("stand_ins:RAISES", "(NotImplementedError: derivative for f); take sin out"),
        ("stand_ins:SHAPES", "changes the shape: of arrays of 384 numbers it makes 7 numbers"),
    ],
)
def test_an_adapter_that_is_wrong_is_said_beside_the_report(target, said, capsys):
    assert run(target, "--order", "1") == 2
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--functions", "tanhh"], "has no function tanhh; did you mean tanh?"),
        (["--order", "4"], "the expectations are of the orders 1 to 3"),
        (["--timeout", "0"], "a time is a positive number of seconds"),
        (["--random", "-1"], "are counts"),
        (["--junit", "/no/such/folder/x.xml"], "there is no folder /no/such/folder"),
        (["--baseline", "/no/such/file"], "No such file"),
        (["--python", "/no/such/python", "--functions", "tanh"], "--python /no/such/python"),
    ],
)
def test_an_option_that_cannot_be_carried_out_is_one_sentence(arguments, said, capsys):
    assert run("chainrule", *arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def test_hips_autograd_has_our_import_name_and_needs_an_environment_of_its_own(capsys):
    assert run("hips") == 2
    assert "add --python hips/bin/python" in capsys.readouterr().err


def test_no_adapter_imports_its_library():
    code = "import sys; from autograd.testing.conformance import find; [find(n) for n in %r]; "
    code += "print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code % (BUILT_IN,)], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout.replace("'", '"')))
    assert not loaded & {"torch", "jax", "tensorflow", "tinygrad", "numpy", "mpmath", "hypothesis"}


def test_the_worker_imports_nothing_of_ours():
    assert "import autograd" not in WORKER.read_text(encoding="utf-8")
    assert "from autograd" not in WORKER.read_text(encoding="utf-8")


@pytest.mark.parametrize("library", [name for name in BUILT_IN if name != "chainrule"])
def test_an_adapter_writes_programs_that_python_reads(library):
    adapter = find(library)
    assert set(adapter.functions) <= set(load())
    for name in adapter.functions:
        point = (1.5, 0.5, 2.0)[: load()[name].operands]
        compile(adapter.script(name, (0, 0), "reverse", "float64", point, expected=math.inf), name, "exec")


# Reports.


def test_exit_codes_baselines_and_files(tmp_path, capsys):
    arguments = ["stand_ins:LOSES", "--order", "2", "--mode", "reverse", "--quick", "--jobs", "1"]
    files = [f"--{kind}={tmp_path / kind}" for kind in ("junit", "markdown", "json")]
    baseline = tmp_path / "baseline"
    assert run(*arguments, *files) == 1
    assert (
        "expm1' in float64: zero where the derivative is a normal number, x from -708.3"
        in capsys.readouterr().out
    )
    suite = ElementTree.fromstring((tmp_path / "junit").read_text(encoding="utf-8"))
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("2", "1")
    assert [case.attrib["name"] for case in suite if len(case)] == ["expm1"]
    assert "| `expm1'` | float64 | zero |" in (tmp_path / "markdown").read_text(encoding="utf-8")
    kept = json.loads((tmp_path / "json").read_text(encoding="utf-8"))
    assert {fault["derivative"] for fault in kept["faults"]} == {"expm1'", "expm1''"}
    assert run(*arguments, f"--write-baseline={baseline}") == 0
    capsys.readouterr()
    assert run(*arguments, f"--baseline={baseline}") == 0
    assert "no new fault beside 2 known ones" in capsys.readouterr().out
    content = json.loads(baseline.read_text(encoding="utf-8"))
    content["faults"].pop()
    baseline.write_text(json.dumps(content), encoding="utf-8")
    assert run(*arguments, f"--baseline={baseline}") == 1
    assert "1 new fault beside 1 known ones" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no baseline"),
        ("[]", "is no baseline"),
        (
            '{"format": "chainrule.conformance.baseline", "library": "jax", "faults": []}',
            "a baseline of jax, not of torch",
        ),
        (
            '{"format": "chainrule.conformance.baseline", "library": "torch", "faults": [1]}',
            "not a list of names",
        ),
    ],
)
def test_a_file_that_is_no_baseline_is_refused(content, said, tmp_path):
    (tmp_path / "x").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        read_baseline(str(tmp_path / "x"), "torch")


def test_an_empty_outcome_has_every_report(tmp_path):
    outcome = Outcome("mine", "1.0")
    write_baseline(str(tmp_path / "b"), outcome)
    assert read_baseline(str(tmp_path / "b"), "mine") == []
    assert "nothing could be judged" in text(outcome)
    assert "nothing could be judged" in markdown(outcome)
    assert ElementTree.fromstring(junit(outcome)).attrib["tests"] == "0"


def test_floats_are_rounded_to_single_precision_as_machines_do():
    assert single(1e-46) == 0.0
    assert single(-1e39) == -math.inf
    assert math.isnan(single(math.nan))


# The plugin.


def test_pytest_runs_the_suite_as_tests(tmp_path):
    (tmp_path / "test_own.py").write_text("def test_own(): pass\n", encoding="utf-8")
    (tmp_path / "stand_ins.py").write_text(
        (HERE / "stand_ins.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    # By itself: the other plugins that are installed take longer to load than the tests.
    # As the command does it, the folder in which it is called is not on Python's path.
    program = "import sys; sys.path.remove(''); import pytest; sys.exit(pytest.main())"
    common = [sys.executable, "-c", program, "-q", "-p", "nn.pytest_conform", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(HERE.parents[3])}

    def tests(*arguments):
        return subprocess.run(
            [*common, str(tmp_path), *arguments],
            capture_output=True, text=True, check=False, cwd=tmp_path, env=environment,
        )  # fmt: skip

    right = tests("--chainrule-conform", "chainrule", "-k", "own or [chainrule-sin]")
    assert right.returncode == 0, right.stdout
    assert "2 passed" in right.stdout
    wrong = tests("--chainrule-conform", "stand_ins:LIAR", "-k", "LIAR or mine")
    assert wrong.returncode == 1
    assert "the adapter's sin is not sin" in wrong.stdout
    assert "1 failed, 1 passed" in wrong.stdout
    absent = tests("--chainrule-conform", "toch")
    assert absent.returncode == 4
    assert "no adapter is called toch" in absent.stderr
    assert "1 passed" in tests().stdout


def test_pytest_knows_the_plugin_where_the_package_is_installed():
    project = tomllib.loads((HERE.parents[3] / "pyproject.toml").read_text(encoding="utf-8"))
    plugins = project["project"]["entry-points"]["pytest11"]
    assert plugins["chainrule-conform"] == "nn.pytest_conform"
