"""Tests of views, health."""
