"""From a Python function to a graph of arrays: run once, walked once."""
