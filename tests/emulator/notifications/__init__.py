"""Tests of emulator, notifications."""
