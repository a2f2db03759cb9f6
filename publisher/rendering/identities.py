"""Which edition a source file is: what its path tells, unless its head has an id of its own."""

import re
from pathlib import Path

from publisher.domain.habits import FIELDS, Habits
from publisher.domain.issue import BadSource
from publisher.rendering.heads import frontmatter
from publisher.rendering.heads.fields import line_of, text_field
from publisher.rendering.names import identity
from publisher.rendering.opening import decoded, raw_bytes

ID = re.compile(r"[^\W_][\w./-]{0,199}")


def identity_of(
    path: Path,
    *,
    root: Path | None,
    default_language: str,
    habits: Habits = Habits(),  # noqa: B008  it never changes
) -> tuple[str, str]:
    """The key and language of a source. The language is always the path's.

    The key is its `publisher_id`, or else what the path tells. Raises BadSource.
    """
    key, lang = identity(path, root=root, default_language=default_language, habits=habits)
    return _own_id(path) or key, lang


def _own_id(path: Path) -> str:
    try:
        raw = raw_bytes(path)
    except BadSource:
        return ""  # whoever reads it says what is wrong
    if b"publisher_id" not in raw.lower():
        return ""
    source = frontmatter.take_apart(str(path), decoded(str(path), raw))
    own = text_field(source, FIELDS["id"])
    if own and not ID.fullmatch(own):
        reason = f"publisher_id is no id: {own[:40]}"
        remedy = "use letters, digits, dots, hyphens, underscores and slashes"
        line = line_of(source, "publisher_id")
        raise BadSource(str(path), reason, line=line, remedy=remedy)
    return own
