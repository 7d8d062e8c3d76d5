"""Where a store's own catalogue comes from; knows neither our rows nor Amazon."""
