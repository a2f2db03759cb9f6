"""Oddities that an editor should see before readers do, by the part they are found in."""
