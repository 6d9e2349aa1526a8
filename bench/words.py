"""How figures are written, on the terminal and on the page."""

from __future__ import annotations

from bench.results import Figure, Target


def number(value: float) -> str:
    """Three digits are all that a loaded machine can stand for."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def ratio_words(figure: Figure) -> str:
    return "" if figure.ratio is None else number(figure.ratio)


def spread_words(figure: Figure) -> str:
    if figure.spread is None or figure.spread[0] == figure.spread[1]:
        return ""
    low, high = figure.spread
    return f"{number(low)} to {number(high)}"


def target_words(target: Target | None) -> str:
    if target is None:
        return ""
    return f"{'≤' if target.at_most else '≥'} {target.now:g} ({target.goal:g})"


def met_word(figure: Figure) -> str:
    if figure.met is None:
        return ""
    now, goal = figure.met
    return "goal" if goal else "yes" if now else "NO"
