"""A program as a person would write it.

`names` finds arrays and names for stretches of the arenas, from the labels of parameters and from how
statements use results; `views` says how an operand is read, in the order of the result's axes; `rounds` makes
arrays of what the rounds of a loop compute; `expressions` prints one product or one row, and `source` the
whole program. What goes in is a `Program`, what comes out is text that nobody runs.

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
