"""Requests, follows and reads the all-orders report; sync layer."""
