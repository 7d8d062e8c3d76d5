"""Exchange rates: the bank's as they are fetched, people's, and what a store needs."""
