"""What the store is told and where it is told; services layer."""
