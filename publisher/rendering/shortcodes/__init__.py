"""Shortcodes: found in the source, set aside before Markdown, put back after.

Hugo's `{{< name >}}`, Liquid's `{% name %}` and Zola's `{{ name() }}` become the same uses of the
same shortcodes. One that nobody knows is a mistake: its source must not reach readers.
"""

from publisher.rendering.shortcodes.places import CLOSE, OPEN, PLACEHOLDER

__all__ = ["CLOSE", "OPEN", "PLACEHOLDER"]
