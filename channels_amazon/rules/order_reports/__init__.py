"""What an order report proves, and when one is asked for; rules layer."""
