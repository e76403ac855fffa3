"""Derivations: the chain rule of one graph, step by step."""
