"""How operations are called, paged and rendered; emulator."""
