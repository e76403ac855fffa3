"""From a Python function to a graph of arrays: run once, walked once.

What comes in is a function and the shapes of its arguments. `recording` calls it with nodes whose numbers
nobody may read, and keeps every node that is made; `extract` turns the list of nodes into a few arrays, many
nodes of a kind at a time; `trace` does both, and lets `autograd.compiler.graph` simplify and differentiate.
What goes out is a `Source`: the graph, and where the numbers of its leaves come from at a call.

>>> from autograd import Value
>>> from autograd.compiler.record.recording import record
>>> tape = []
>>> result = record(lambda x: (3.0 * x).tanh(), [Value(2.0)], tape)
>>> [node.op.name for node in tape]
['mul', 'tanh']
"""
