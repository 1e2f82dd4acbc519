"""Text as LaTeX prints it."""

from __future__ import annotations

LETTERS = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "→": r"$\to$",
    "–": "--",
    "−": "$-$",
    "<": "$<$",
    ">": "$>$",
    "|": r"\textbar{}",
    "°": r"\textdegree{}",
}


def escaped(text: str) -> str:
    """Write every letter that means something to LaTeX so that it is printed."""
    return "".join(LETTERS.get(letter, letter) for letter in text)
