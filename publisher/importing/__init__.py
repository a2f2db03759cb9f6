"""Taking over readers from a file: what other programs export, and what this one does."""
