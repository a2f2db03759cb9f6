"""From the push to the reader: a real Hugo site in a real git repository, on a real web server."""
