"""Which installation this is, whether it may work, its backups; services layer."""
