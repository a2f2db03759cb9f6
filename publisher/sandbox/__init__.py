"""Stand-ins of the networks: real protocols, pretend servers, failures on demand."""
