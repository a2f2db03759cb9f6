"""Hours of operation in minutes: does anything grow that should not?"""
