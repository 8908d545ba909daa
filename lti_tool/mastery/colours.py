"""How well colours can be told from what is behind them (WCAG 2.2, "contrast ratio" and "relative luminance"). Pure."""

WHITE = "#FFFFFF"
GRAPHIC = 3.0
"""What a graphical object needs (1.4.11); text needs 4.5."""


def luminance(colour: str) -> float:
    """The relative luminance of ``#RRGGBB``, 0 to 1."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def on_white(colour: str) -> float:
    """How well a colour can be seen on a white page."""
    return contrast(colour, WHITE)
