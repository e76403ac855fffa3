"""What several test files of the engine need."""

import pytest

from autograd import backward as backward_module
from autograd import native
from autograd import sweep as sweep_module


@pytest.fixture(params=["Python", "C"])
def engine(request, monkeypatch):
    """Run a test with the pass in Python, and with its twin in C where that was compiled."""
    if request.param == "C" and native.engine is None:
        pytest.skip("not compiled here; install with a C compiler and Python's headers")
    if request.param == "Python":
        monkeypatch.setattr(backward_module, "sweep", native.REPLACED.get("sweep", sweep_module.sweep))
        monkeypatch.setattr(sweep_module, "sweep", backward_module.sweep)
        monkeypatch.setattr(
            sweep_module, "_exchange", native.REPLACED.get("exchange", sweep_module._exchange)
        )
        monkeypatch.setattr(sweep_module, "engine", None)
    return request.param
