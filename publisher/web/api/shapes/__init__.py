"""The shapes of what is asked and answered, as the OpenAPI document shows them.

Answers are made by publisher.documents; these say what those look like, and tests hold them to it.
"""
