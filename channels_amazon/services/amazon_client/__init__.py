"""Puts a client together: application, tokens, quota and the record of calls."""
