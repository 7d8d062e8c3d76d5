"""Pushes quantities to Amazon and reads FBA stock; sync layer."""
