"""Tests of emulator, reports."""
