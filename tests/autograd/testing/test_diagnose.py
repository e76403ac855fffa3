"""What is wrong with somebody's own engine: what is named, and that nobody is accused who is right."""

import os
import sys
import threading

import pytest
import student_engines
from student_engines import RIGHT, WRONG, engine, made, right_engines

from autograd import Value
from autograd.errors import UsageError
from autograd.testing import diagnose
from autograd.testing.diagnosis import child
from autograd.testing.diagnosis.graphs import catalogue
from autograd.testing.diagnosis.misconceptions import MISCONCEPTIONS

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="these classes stand in no file")


@pytest.mark.parametrize("title", WRONG)
def test_a_wrong_engine_is_named_on_at_most_three_operations(title):
    diagnosis = diagnose(engine(WRONG[title]))
    assert not diagnosis
    assert diagnosis.kinds == [title.partition(",")[0]]
    assert len(diagnosis.findings[0].graph.steps) <= 3
    assert MISCONCEPTIONS[diagnosis.kinds[0]].title[1:] in str(diagnosis).replace("\n", " ")


@pytest.mark.parametrize("title", right_engines())
def test_a_right_engine_is_not_accused_whatever_its_shape(title):
    diagnosis = diagnose(right_engines()[title])
    assert diagnosis, str(diagnosis)
    assert diagnosis.checked >= 10


def test_there_are_twenty_right_engines_and_more_than_twelve_kinds_of_wrong_ones():
    assert len(right_engines()) >= 20
    assert len({title.partition(",")[0] for title in WRONG}) > 12
    assert {title.partition(",")[0] for title in WRONG} <= set(MISCONCEPTIONS)


def test_a_rule_is_off_by_a_factor_that_is_told():
    diagnosis = diagnose(engine(WRONG["rule, by a factor"]))
    assert "off by the factor 0.5" in diagnosis.findings[0].detail
    assert "off by the factor -1" in diagnose(engine(WRONG["rule, by a sign"])).findings[0].detail


def test_the_first_hint_asks_and_the_second_says_more():
    wrong = engine(WRONG["variable"])
    first, second = str(diagnose(wrong)), str(diagnose(wrong, hint=2))
    assert "?" in first
    assert "1 - a²" not in first
    assert "1 - a²" in second
    assert len(second) > len(first) - 60


def test_the_graph_is_drawn_with_what_is_wrong_in_it():
    diagnosis = diagnose(engine(WRONG["overwritten"]))
    assert "y = a + a" in str(diagnosis) or "y = a * a" in str(diagnosis)
    assert "<- wrong" in str(diagnosis)
    assert diagnosis.svg.startswith("<svg")
    assert "yours: " in diagnosis.svg
    assert diagnosis.svg in diagnosis._repr_html_()
    assert not diagnose(Value).svg


def test_two_mistakes_that_have_nothing_to_do_with_each_other_are_both_told():
    diagnosis = diagnose(engine(WRONG["variable"] + WRONG["rule, of relu"]))
    assert sorted(diagnosis.kinds) == ["rule", "variable"]


def test_this_package_s_own_class_is_right():
    diagnosis = diagnose(Value)
    assert diagnosis
    assert diagnosis.checked > 70
    assert not diagnosis.missing


def test_what_is_not_there_is_told_and_is_not_wrong():
    diagnosis = diagnose(student_engines.Slots)
    assert {"a - b", "tanh(a)"} <= set(diagnosis.missing)
    assert "Not there, and so not tried: " in str(diagnosis)


def test_constants_are_remarked_upon_where_no_operator_means_to_take_them():
    assert any("Constants are not wrapped" in note for note in diagnose(student_engines.ByPaths).notes)


def test_a_recursive_pass_is_remarked_upon_and_not_accused():
    diagnosis = diagnose(engine())
    assert diagnosis
    assert any("RecursionError" in note for note in diagnosis.notes)
    assert any("twice on the same graph gives 3 times" in note for note in diagnosis.notes)


def test_names_can_be_given():
    text = RIGHT.replace("grad", "slope").replace("def backward", "def unroll")
    odd = made(text.replace(".data", ".held"))["Value"]
    with pytest.raises(UsageError, match="no backward pass that is known"):
        diagnose(odd)
    with pytest.raises(UsageError, match="no gradient was found"):
        diagnose(odd, spelling={"backward": "unroll"})
    assert diagnose(odd, spelling={"backward": "unroll", "grad": "slope", "data": "held"})
    assert diagnose(odd, spelling={"backward": lambda y: y.unroll(), "grad": lambda x: x.slope})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (3, "takes a class"),
        ("engine.py", "write the file and the class"),
        ("nowhere.py:Value", "there is no file"),
        (lambda: None, "makes a leaf of one number"),
        (lambda x: object(), "holds 1.3"),
        (float, "holds 1.3|no backward"),
        (made("class Bare:\n    def __init__(self, x): self.data, self.grad = x, 0.0\n"
              "    def backward(self): pass\n")["Bare"], "no operation that is known"),
    ],
)
def test_what_cannot_be_tried_is_said_in_a_sentence(make, message):
    with pytest.raises(UsageError, match=message):
        diagnose(make)


@pytest.mark.parametrize("options", [{"hint": 3}, {"hint": "1"}, {"timeout": 0.0}, {"timeout": float("nan")}])
def test_options_that_mean_nothing_are_refused(options):
    with pytest.raises(UsageError):
        diagnose(Value, **options)


def test_what_it_prints_and_asks_for_reaches_nobody(capfd):
    noise = "import sys; print('noise'); print('noise', file=sys.stderr); sys.stdin.read()"
    loud = made(RIGHT.replace("self.data = data", f"self.data = data; {noise}"))["Value"]
    assert diagnose(loud)
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit of memory is the system's")
def test_memory_has_a_limit():
    greedy = engine([("        build(self)\n", "        x = bytearray(1 << 34); build(self)\n")])
    diagnosis = diagnose(greedy)
    assert diagnosis.kinds == ["raises"]
    assert "MemoryError" in str(diagnosis)


def test_this_process_keeps_no_children_and_no_open_files(monkeypatch):
    for thread in threading.enumerate():
        if thread.name == "chainrule-build":  # another test's compiler
            thread.join()
    started, fork = [], os.fork

    def watched():
        started.append(fork())
        return started[-1]

    monkeypatch.setattr(os, "fork", watched)
    before = len(os.listdir("/dev/fd"))
    for title in ("crash", "hang", "overwritten"):
        diagnose(engine(WRONG[title]))
    assert len(os.listdir("/dev/fd")) == before
    assert started
    for process in started:
        with pytest.raises(ChildProcessError):
            os.waitpid(process, os.WNOHANG)


@pytest.mark.parametrize("title", ["variable", "overwritten"])
def test_where_a_system_starts_no_processes_the_class_runs_in_this_one_to_the_same_findings(
    title, monkeypatch, capfd
):
    wrong = engine(WRONG[title])
    elsewhere = str(diagnose(wrong))
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(os, "fork", None)
    assert str(diagnose(wrong)) == elsewhere
    assert not child.inside.get()
    assert capfd.readouterr().out == ""


def test_a_class_in_a_file_runs_in_an_interpreter_of_its_own(tmp_path):
    path = tmp_path / "engine.py"
    path.write_text(RIGHT + "\nprint('training ...')\n", encoding="utf-8")
    assert diagnose(f"{path}:Value")
    text = RIGHT
    for old, new in WRONG["overwritten"]:
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    assert diagnose(f"{path}:Value").kinds == ["overwritten"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(:\n", "cannot be imported: SyntaxError"),
        ("raise SystemExit(3)\n", "cannot be imported: SystemExit"),
        ("class Node: pass\n", "has no class Value; it has Node"),
        ("Value = 3\n", "has no class Value"),
        ("import os; os._exit(1)\n", "ended before a leaf was made"),
        ("from autograd.testing import diagnose\ndiagnose(print)\n", "under if __name__"),
    ],
)
def test_a_file_that_has_no_class_is_told(tmp_path, text, message):
    path = tmp_path / "engine.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        diagnose(f"{path}:Value")


def test_a_file_that_does_not_come_to_its_end_is_given_up(tmp_path):
    path = tmp_path / "engine.py"
    path.write_text("input()\nimport time\ntime.sleep(1000)\n", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be imported: EOFError"):
        diagnose(f"{path}:Value")
    path.write_text("import time\ntime.sleep(1000)\n", encoding="utf-8")
    with pytest.raises(UsageError, match="could not be made within"):
        diagnose(f"{path}:Value", timeout=0.05)


def test_graphs_grow_from_one_to_three_operations():
    sizes = [len(graph.steps) for graph in catalogue()]
    assert sizes == sorted(sizes)
    assert set(sizes) == {1, 2, 3}
    assert not child.inside.get()
