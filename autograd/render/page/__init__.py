"""Live pages and what a notebook is given."""
