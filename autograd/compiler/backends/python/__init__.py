"""Graphs as straight-line Python over floats."""
