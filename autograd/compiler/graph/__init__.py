"""The scalar graph as arrays: simplified, expanded, differentiated, put in order.

A node is a number here, and a graph a few arrays over all nodes (`ir`): the kind of each node, the operands
of rows, and the terms of sums of products, of which sums, differences, products and scalar products are made.
Every pass takes a graph and returns one. `simplify` absorbs sums into sums and leaves out what is computed
twice; `differentiate` appends one sum for each adjoint, from the table's rules; `expand` writes rows out in
primitives; `hoist` takes products out of recurrences; `rounds` finds the rounds of loops; `schedule` groups
nodes that can be computed together; `bounds` says whose size is looked at.

So w * x + b is one node, the sum of the terms w * x and 1 * b, and its gradient another three: d_w, a sum
over the examples of x * d, and so on. Nothing here knows of layers, loops or backends.
"""
