"""Tests of emulator, feeds."""
