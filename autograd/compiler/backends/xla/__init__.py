"""Programs as functions of JAX, for whatever XLA runs on: processors, GPUs, many of them, many machines.

What comes in is a `Program`; `emit` prints it as the listing does, with `jax.numpy` in place of NumPy, as a
pure function of parameters, inputs and lanes: views are slices and reshapes, repeats `lax.fori_loop`, and
what lies scattered is gathered by a table. `spelling` says what jax.numpy lacks, by `functions`, and by
`translate`, which makes text of the Python that defines a row. `running`
compiles that for some devices: lanes are split over them, and where they do not come out even, copies of the
first example fill up, which a mask keeps out of every sum over lanes. The sums over lanes become all-reduces,
by XLA. No derivative is taken by JAX: a program holds its own.

`training` puts the update of an optimizer into the same function, and as many steps into one loop;
`exporting` writes the function to a file that a process with JAX alone reads.
"""
