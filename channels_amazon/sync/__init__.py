"""The reconcilers, their runner and the worker that runs them; sync layer."""
