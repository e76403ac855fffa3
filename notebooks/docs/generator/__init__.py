"""What the site is made of beside its pages: formulas, tables, pictures, measurements."""
