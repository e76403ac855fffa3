"""One library a file: text alone, which imports nothing."""
