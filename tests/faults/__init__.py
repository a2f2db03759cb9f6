"""The whole service under faults: `make faults`, and what it proves in `docs/reliability.md`."""
