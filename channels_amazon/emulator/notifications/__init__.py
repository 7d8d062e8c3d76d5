"""What is published to the queue; emulator."""
