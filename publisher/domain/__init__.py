"""What the newsletter is made of. Standard library only; no I/O, no clock."""
