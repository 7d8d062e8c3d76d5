"""Tests of views, stock."""
