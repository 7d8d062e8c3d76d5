"""Listings: how changes are judged and applied, and how they are shown; emulator."""
