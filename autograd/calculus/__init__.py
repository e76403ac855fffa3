"""Derivatives of functions: what is built on the backward pass."""
