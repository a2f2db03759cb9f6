"""An edition as plain text: blocks, tables, lines."""
