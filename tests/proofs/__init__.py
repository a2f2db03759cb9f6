"""Proofs that a person can repeat: `make prove-kills`, `make prove-faults`."""
