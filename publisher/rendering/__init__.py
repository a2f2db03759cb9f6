"""Source text to Edition: front matter, shortcodes, Markdown, absolute links, summary."""
