"""How the tables write a number, and whether a goal is reached."""


def number(value: float, digits: int = 1) -> str:
    return f"{value:.{digits}f}".replace(".", ",")


def mark(reached: bool) -> str:
    return "✓" if reached else "✗"
