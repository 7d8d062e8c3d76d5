"""Tests of views, orders."""
