"""Programs as calls of NumPy.

What comes in is a `Program`; `bind` makes the arrays, and for each statement the calls that compute it into
views that are made once, so that a run allocates nothing. A sum of products becomes ``matmul``, ``dot``, a
broadcast product, a sum over axes, or ``einsum`` (`contract`); a row becomes the call that `spelling` has for
it, the error functions and log gamma by `special`, over whole arrays; what has none runs number by number,
and `report` names it. Statements that recur run in a loop over views that move.
"""
