"""Whether the documentation says what the program does."""
