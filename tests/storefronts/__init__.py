"""Tests of `storefronts`."""
