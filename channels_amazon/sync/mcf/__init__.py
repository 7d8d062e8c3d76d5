"""Decides, places, follows and cancels MCF orders; sync layer."""
