"""Tests of emulator, control."""
