"""The command line: thin calls to use cases, one module a family of commands."""
