"""Tests of views, privacy."""
