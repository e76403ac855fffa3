"""Functions of floats that obey IEEE 754 and are accurate to the last digits; they know nothing of nodes."""
