"""Tests of emulator, orders."""
