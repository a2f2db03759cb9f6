"""Where editions come from: a folder, a git repository."""
