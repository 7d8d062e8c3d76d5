"""Confirms shipments and turns the store's parcels into them; sync layer."""
