"""Of the page of error messages."""
