"""What runs a program: NumPy, C, straight-line Python; a folder each."""
