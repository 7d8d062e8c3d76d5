"""Processes feeds; emulator."""
