"""Readers' and operators' pages: thin calls to use cases."""
