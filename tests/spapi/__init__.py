"""Tests of the client, most of them over a local socket."""
