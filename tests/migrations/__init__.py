"""Tests of the migrations that change data."""
