"""Publisher: one newsletter issue, every reader, feed and network, each exactly once."""

__version__ = "0.1.0"
