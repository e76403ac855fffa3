"""Matrix products in C: calls of one function, whatever their sizes, strides and what they are added to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd.compiler.backends.c.toolchain import find_compiler

pytestmark = pytest.mark.skipif(find_compiler() is None, reason="there is no C compiler")


def product(a: Any, b: Any, c: Any) -> Any:
    """Return a product of matrices, added to another, a number at a time."""
    return [
        [c[i][j] + 0.5 * autograd.dot(row, [line[j] for line in b]) for j in range(len(b[0]))]
        for i, row in enumerate(a)
    ]


@pytest.mark.parametrize("rows", [4, 5, 7, 9])
@pytest.mark.parametrize("columns", [8, 11, 16, 19, 37])
@pytest.mark.parametrize("turned", ["neither", "left", "right", "both", "result"])
def test_a_product_of_matrices_is_one_call_and_right_to_the_last_row_and_column(
    rows: int, columns: int, turned: str
) -> None:
    g = np.random.default_rng(0)
    left, right = g.normal(size=(rows, 9)), g.normal(size=(9, columns))
    added = g.normal(size=(rows, columns))

    def f(a: Any, b: Any, c: Any) -> Any:
        a, b = (
            [list(line) for line in zip(*x, strict=True)] if turned in (side, "both") else x
            for side, x in (("left", a), ("right", b))
        )
        made = product(a, b, c)
        return [list(line) for line in zip(*made, strict=True)] if turned == "result" else made

    a, b = (x.T.copy() if turned in (side, "both") else x for side, x in (("left", left), ("right", right)))
    step = autograd.compile(f, backend="c")
    wanted = added + 0.5 * left @ right
    np.testing.assert_allclose(step(a, b, added), wanted.T if turned == "result" else wanted, rtol=1e-12)
    assert "matrix_product(&s" in step.c_source
