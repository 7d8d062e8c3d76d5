"""One module an Amazon API: operations in snake_case, answers as frozen rows."""
