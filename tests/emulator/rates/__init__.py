"""Tests of emulator, rates."""
