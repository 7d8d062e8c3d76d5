"""Tests of the whole product: its own processes, as `make run` starts them."""
