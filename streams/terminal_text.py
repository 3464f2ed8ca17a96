"""Text of customers and events, made safe for a terminal."""


def printable(text: str) -> str:
    """Replace every character that could move the cursor, change colours or break the line."""
    if text.isprintable():
        return text
    return "".join(it if it.isprintable() else "\N{REPLACEMENT CHARACTER}" for it in text)


def shortened(text: str, limit: int) -> str:
    """Return a printable text, cut with an ellipsis if it is longer than ``limit`` characters."""
    text = printable(text)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
