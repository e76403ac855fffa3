"""Programs in C, and finding a compiler for them."""
