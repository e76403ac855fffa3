"""All rounds: importing this enters them."""

from hostile import expressions, graph_files, growth, mutations, programs, saving, training

__all__ = ["expressions", "graph_files", "growth", "mutations", "programs", "saving", "training"]
