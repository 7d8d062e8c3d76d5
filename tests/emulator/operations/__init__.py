"""Tests of emulator, operations."""
