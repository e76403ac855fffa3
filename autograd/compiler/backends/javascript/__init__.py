"""JavaScript: a program as one module that needs nothing else.

In comes a `Program`, out comes a text: `emit` writes the statements as loops over two arrays, `exporting` the
function around them, with the numbers of parameters and constants. Rows are translated from the Python that
computes them (`autograd.native.javascript`). It runs in browsers and in node; nothing here runs it.
"""
