"""What Goldmark, Hugo's renderer, does beyond CommonMark: rules for markdown-it, a module each."""
