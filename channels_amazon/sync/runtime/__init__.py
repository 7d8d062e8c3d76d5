"""What runs a reconciler: registry, runner, context, results, backoff; sync layer."""
