"""A program as a person would write it.

`names` finds arrays and names for stretches of the arenas, from the labels of parameters and from how
statements use results; `views` says how an operand is read, in the order of the result's axes, and `assembly`
how one that lies in several arrays is put together; `rounds` makes arrays of what the rounds of a loop
compute; `expressions` prints one product or one row; `copies` what moves results to their places; and
`source` the whole program. What goes in is a `Program`, what comes out is text that nobody runs.

`nests` prints what has triangles, in loops around slices whose ends move: numbers that grow along several
loops (`growing`); short loops round by round (`short`); and lines of loops that run alike in one (`fuse`).

A loop is found in the program, and its first round is printed, with numbers that know by how much they grow
from round to round (`Moving`) in place of its own. A number that grows unevenly cannot be printed so: then
the rounds are printed one by one.

>>> from autograd import Value, compile
>>> w, b = Value(0.5, "w"), Value(0.1, "b")
>>> step = compile(lambda x: (w * x + b).tanh(), [w, b], batch=True)
>>> step([0.0])
0.09966799462495582
>>> print(step.source.partition("slope")[0].rstrip())
z1 = w * x + b
tanh_z1 = tanh(z1)
loss = tanh_z1.sum() / N
"""
