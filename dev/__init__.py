"""Programs for those who work on Shoplink: run the demo, the tests, the lint."""
