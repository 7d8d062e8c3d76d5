"""Tests of views, shipping."""
