"""Of the page of names."""
