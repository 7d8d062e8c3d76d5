"""What a listing costs: rates, price rules, rounding, bounds, review; pure."""
