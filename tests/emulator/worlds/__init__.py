"""Tests of emulator, worlds."""
