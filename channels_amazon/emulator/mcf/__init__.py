"""Fulfils MCF orders from FBA units; emulator."""
