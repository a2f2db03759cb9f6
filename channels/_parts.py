"""A text in several posts, each an answer to the one before: parting it."""

from channels._text import Cost, shorten, split

MOST = 20  # parts
BETWEEN = "\n\n⁂\n\n"  # how the parts are shown in one text
WIDEST = f"\n\n({MOST}/{MOST})"


def chunks(text: str, first_room: int, room: int, most: int, cost: Cost) -> list[str]:
    """Part a text after sentences or words, into `most` at most; what remains is cut off."""
    first, rest = split(text, first_room, cost) if first_room > 0 else ("", text)
    found = [first]
    while rest and len(found) < most - 1:
        chunk, rest = split(rest, room, cost)
        if not chunk:
            break
        found.append(chunk)
    last = shorten(rest, room, cost)
    return [*found, last] if last else found


def numbered(parts: list[str]) -> list[str]:
    """Say of each part which of how many it is."""
    return [f"{part}\n\n({number}/{len(parts)})" for number, part in enumerate(parts, 1)]
