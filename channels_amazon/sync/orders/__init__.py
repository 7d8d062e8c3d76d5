"""Fetches changed orders and sweeps for those that no event told; sync layer."""
