"""Plans the calls that bring stale orders; rules layer."""
