"""Makes and serves reports; emulator."""
