"""All rounds: importing this enters them."""

from hostile import expressions, graph_files, growth, training

__all__ = ["expressions", "graph_files", "growth", "training"]
