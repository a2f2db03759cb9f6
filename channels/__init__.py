"""Adapters to the outside. One module a kind; see docs/writing-a-channel.md."""
