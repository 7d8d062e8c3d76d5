"""Tests of emulator, model."""
