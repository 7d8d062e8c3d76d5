"""Tests of emulator, listings."""
