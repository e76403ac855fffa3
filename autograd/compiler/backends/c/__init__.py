"""Programs in C, and finding a compiler for them.

What comes in is a `Program`; `emit` prints loops over its statements, eight examples to a group of vector
registers, with `spelling` for its rows and `loops` for the order of a product's loops; what is too long for a
compiler becomes numbers that a short program reads (`listed`). A row is an operator or a function of C's
library, or is translated from the Python that computes its value, while the program is printed; so the
object's name, which is made of the whole text, changes with that Python. ``runtime.h`` has
what loops need beside C's library, ``autograd/native/arithmetic.h`` what translations do. `toolchain` finds a
compiler, tries what it makes in a process of its own (`probe`), and keeps shared objects in a folder in which
nobody else can write (`folders`); `bind` loads one over NumPy arrays.
"""
