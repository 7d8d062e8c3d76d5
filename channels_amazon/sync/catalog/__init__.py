"""Reconciles listings; sync layer."""
