"""Graphs kept beyond a program: copies, pickles, JSON, files."""
