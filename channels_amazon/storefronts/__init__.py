"""How servers that are not Amazon's, and files, are read and told; knows no rows."""
