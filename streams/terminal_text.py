"""Text from outside, fit for a terminal."""


def printable(text: str) -> str:
    """The text with everything replaced that could move the cursor, change colours or break the line."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
