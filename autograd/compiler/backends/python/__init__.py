"""Graphs as straight-line Python over floats, for what is too small or too sequential for arrays.

What comes in is a program's graph; `emit` prints one assignment a node, in order, and a loop over the
examples, with `spelling` for what Python does itself; other rows are called. What goes out is a function of
floats that needs nothing but the standard library.

>>> from autograd import Value, compile
>>> w = Value(2.0, "w")
>>> step = compile(lambda: w * w, [w], backend="python")
>>> step()
4.0
>>> "def run(theta, inputs, lanes):" in step.python_source
True
"""
