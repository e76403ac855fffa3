"""What is to go says so to who calls it, and works until then."""

import inspect
import warnings

import pytest

from autograd.errors import ChainruleDeprecationWarning, deprecated


@deprecated("autograd.grad(f)", since="0.2", until="0.4")
def slope(f, *, at=0.0):
    """The slope of a function."""
    return f(at)


def test_what_is_deprecated_names_versions_and_what_to_write_and_does_its_work():
    with pytest.warns(ChainruleDeprecationWarning) as caught:
        assert slope(abs, at=-2.0) == 2.0
    assert str(caught[0].message) == (
        "slope() is deprecated since version 0.2 and will be gone in 0.4; write autograd.grad(f) instead"
    )


def test_the_warning_points_at_the_line_that_calls():
    with pytest.warns(ChainruleDeprecationWarning) as caught:
        slope(abs)
    assert caught[0].filename == __file__


def test_it_keeps_its_signature_and_docstring():
    assert inspect.signature(slope).parameters.keys() == {"f", "at"}
    assert slope.__doc__ == "The slope of a function."


def test_others_deprecations_are_told_apart():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", ChainruleDeprecationWarning)
        with pytest.raises(ChainruleDeprecationWarning):
            slope(abs)
        warnings.warn("another library's", DeprecationWarning, stacklevel=1)
