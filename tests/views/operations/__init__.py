"""Tests of views, operations."""
