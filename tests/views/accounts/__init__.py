"""Tests of views, accounts."""
