"""Tests of views, pricing."""
