"""Tests of emulator, accounts."""
