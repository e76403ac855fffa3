"""All rounds: importing this enters them."""

from hostile import expressions, growth, training

__all__ = ["expressions", "growth", "training"]
