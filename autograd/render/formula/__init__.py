"""Formulas: symbols, and one file for each language in which they are written."""
