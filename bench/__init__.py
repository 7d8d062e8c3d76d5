"""Measurements: each prints a table and adds rows to bench/results.json."""
