"""Database migrations: named, one purpose each."""
