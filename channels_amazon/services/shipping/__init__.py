"""Shipments of Amazon orders, from the store's parcel to Amazon's answer."""
