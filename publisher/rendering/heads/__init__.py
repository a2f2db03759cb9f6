"""What a source says of itself: its head in whatever notation, taken apart and understood."""
