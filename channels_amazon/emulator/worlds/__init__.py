"""Builds the demonstration worlds and remembers grants; emulator."""
