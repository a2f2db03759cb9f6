"""The readers' pages, asked for over real HTTP."""
