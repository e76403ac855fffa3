"""What several test files of the engine need."""

import pytest

from autograd import native


@pytest.fixture
def engine():
    """Say which engine runs, "C" or "Python"; test_native.py runs what asks with the other one too."""
    return "Python" if native.engine is None else "C"
