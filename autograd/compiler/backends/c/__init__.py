"""Programs in C, and finding a compiler for them.

What comes in is a `Program`; `emit` prints loops over its statements, eight examples to a group of vector
registers, with `spelling` for its primitives and `loops` for the order of a product's loops. ``runtime.h``
and what it includes is the library beside libm. `toolchain` finds a compiler, tries what it makes in a
process of its own (`probe`), and keeps shared objects in a folder in which nobody else can write (`folders`);
`bind` loads one over NumPy arrays.
"""
