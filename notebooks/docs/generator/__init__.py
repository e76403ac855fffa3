"""What the site is made of beside its written pages: formulas, tables from the rows, pictures, measurements."""
