"""Connect an independent store to Amazon: the one application of Shoplink."""
