"""The all-orders report: asked for, compared with what is here, taken in."""
