"""Tests of views, notifications."""
