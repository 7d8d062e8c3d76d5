"""Decisions without Django: what follows from what, in tables and arithmetic."""
