"""Tests of emulator, mcf."""
