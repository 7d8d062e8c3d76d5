"""The client of Amazon's Selling Partner API; knows neither Django nor our rows."""
