"""Models: neurons, layers, networks, and what else has parameters."""
