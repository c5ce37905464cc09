"""The content that ships with the product, as data files, and its reader."""
