"""Every public name says what each of its parameters is, what it returns, and shows an example, which the
doctests run."""

import ast
import dataclasses
import importlib
import inspect
import re

import pytest

import autograd
import autograd.testing
import nn
from autograd import Op
from autograd.operators import Operators

MODULES = [
    autograd,
    autograd.testing,
    nn,
    *(found for name in nn.__all__ if inspect.ismodule(found := getattr(nn, name))),
]
_REFERENCE = re.compile(r"[Ss]ee `([\w.]+)`|As (?:for )?`([\w.]+)`")


def public():
    """Yield each public function and class once, with its name. Rows of the table are no functions: the table
    documents them."""
    seen = set()
    for module in MODULES:
        for name in module.__all__:
            found = getattr(module, name)
            if (
                callable(found)
                and not isinstance(found, Op)
                and not inspect.ismodule(found)
                and found not in seen
                and hasattr(found, "__module__")
            ):
                seen.add(found)
                if found.__module__.split(".")[0] in ("autograd", "nn"):
                    yield pytest.param(found, id=f"{module.__name__}.{name}")


def methods():
    """Yield each public method of a public class. `Value`'s operators and elementary functions are rows of
    the table."""
    for case in public():
        for owner in case.values[0].__mro__ if inspect.isclass(case.values[0]) else ():
            if owner.__module__.split(".")[0] not in ("autograd", "nn") or owner is Operators:
                continue
            for name, found in vars(owner).items():
                if name in vars(Operators):  # the same, in C
                    continue
                if not name.startswith("_") and inspect.isfunction(
                    inspect.unwrap(getattr(found, "__func__", found))
                ):
                    yield pytest.param(owner, name, id=f"{owner.__module__}.{owner.__qualname__}.{name}")


def sections(text):
    """Return a NumPy docstring's sections by title."""
    found = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.cleandoc(text), flags=re.MULTILINE)
    return {"": found[0], **dict(zip(found[1::2], found[2::2], strict=True))}


def documented(text):
    """Return the parameters that a docstring explains."""
    heads = re.findall(r"^(\*{0,2}\w[\w, *]*)", sections(text).get("Parameters", ""), flags=re.MULTILINE)
    return {name.strip(" *") for head in heads for name in head.split(",")}


def parameters(function):
    if inspect.isclass(function) and not inspect.isfunction(function.__init__):
        return set()  # an exception takes a message
    return {name for name in inspect.signature(function).parameters if name not in ("self", "cls")}


def undocumented(function, text):
    """Return the parameters that are explained neither in a docstring nor where it points to."""
    missing = parameters(function) - documented(text)
    for names in _REFERENCE.findall(text) if missing else ():
        *path, name = next(filter(None, names)).split(".")
        home = importlib.import_module(function.__module__)
        for step in path:
            home = getattr(home, step, None) or importlib.import_module(step)
        other = getattr(home, name, None)
        missing -= documented(inspect.getdoc(other) or "") if other is not None else set()
        missing -= {"options"} if other is not None else set()  # whatever the other takes
    return missing


@pytest.mark.parametrize("found", list(public()))
def test_explains_each_parameter_what_it_returns_and_shows_an_example(found):
    text = inspect.getdoc(found)
    assert text
    if dataclasses.is_dataclass(found) and "Parameters" not in sections(text):
        assert fields_with_a_docstring(found) == {f.name for f in dataclasses.fields(found)}
    else:
        assert not undocumented(found, text)
    if (
        inspect.isfunction(found)
        and inspect.signature(found).return_annotation not in (None, "None")
        and not inspect.isgeneratorfunction(inspect.unwrap(found))
    ):
        assert "Returns" in sections(text)
    assert ">>> " in sections(text).get("Examples", "")


def fields_with_a_docstring(cls):
    """Return the fields of a dataclass under which a string says what they are."""
    body = ast.parse(inspect.cleandoc(inspect.getsource(cls))).body[0].body
    return {
        field.target.id for field, below in zip(body, body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value,
            ast.Constant) and "ClassVar" not in ast.unparse(field.annotation)
    }  # fmt: skip


@pytest.mark.parametrize(("owner", "name"), list(methods()))
def test_a_method_explains_each_parameter_or_does_what_its_base_class_explains(owner, name):
    method = getattr(owner, name)
    texts = [getattr(base, name).__doc__ or "" for base in owner.__mro__ if hasattr(base, name)]
    assert texts[0]
    assert any(not undocumented(method, text) for text in texts)


def test_the_checks_see_what_is_missing():
    def half(a, b):
        """Do.

        Parameters
        ----------
        a
            The first.
        """

    def pointing(root, **options):
        """Draw; see `autograd.draw` for the options."""

    assert undocumented(half, half.__doc__) == {"b"}
    assert undocumented(pointing, pointing.__doc__) == set()
    assert documented("x\n\nParameters\n----------\na, b\n    Two.\n*rest\n    More.\n") == {"a", "b", "rest"}
    assert len(list(public())) > 120
    assert len(list(methods())) > 80
