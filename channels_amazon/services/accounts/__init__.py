"""Connecting a seller: consent, identity, marketplaces, permissions, subscriptions."""
