"""Programs as calls of NumPy."""
