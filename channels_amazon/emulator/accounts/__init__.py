"""Login with Amazon and the consent pages; emulator."""
