"""The stock ledger, reservations, shortages and the published quantity."""
