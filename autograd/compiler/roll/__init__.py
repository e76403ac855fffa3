"""From a graph to a program: statements over many nodes, with addresses that form loops.

What comes in is a graph whose nodes are grouped (`graph.schedule`): alike, and none resting on another.
`cells` orders the nodes of a group and the terms of their sums so that the addresses of what they read are
arithmetic progressions; `affine` finds these, and nests of them; `addresses` fits one nest of loops to
results and operands, or falls back to a table. What goes out is a `Program`: statements over views of two
arenas, one of numbers and one of lanes. Where `graph.rounds` found loops, `recurrence` lays out one round of
each, and that is all there is of them; where groups come again as those of time steps do, `steady` lays out
the first few, `uneven` having copied into rows what they read in no order; `repeats` finds statements that
recur elsewhere. `nests` lays a graph out anew for a backend whose loops may have moving bounds, so that
triangles are loops, and `stencils` so that grids with borders are; `sequential` finds the loops in which a
program was written, for one that computes one number after the other. `rolled` does it all, and `verify`
checks a program against its graph.

The addresses of the four products of a matrix of two rows with a vector are two nested loops:

>>> import numpy as np
>>> from autograd.compiler.roll.affine import nest
>>> nest(np.array([[10, 11, 12, 13], [20, 21, 20, 21]]))[0]  # of the matrix, of the vector
(2, 2)
"""
