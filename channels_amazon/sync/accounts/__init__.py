"""Reconciles marketplaces and permissions; sync layer."""
