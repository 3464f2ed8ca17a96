"""Text of customers and events, made safe for a terminal."""


def printable(text: str) -> str:
    """Replace every character that could move the cursor, change colours or break the line."""
    return "".join(it if it.isprintable() else "\N{REPLACEMENT CHARACTER}" for it in text)
