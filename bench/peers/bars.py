"""Ratios as bars, on a logarithmic axis that has its middle at 1: to the right we are faster."""

import math
from xml.sax.saxutils import escape

LABELS, PLOT, ROW = 280, 620, 18
FASTER, SLOWER = "#0072b2", "#d55e00"


def span(ratios):
    """The axis reaches as far to the left as to the right: to a power of two."""
    return max(1, math.ceil(max((abs(math.log2(ratio)) for ratio in ratios), default=1)))


def bar(y, ratio, reach):
    middle = LABELS + PLOT / 2
    length = math.log2(ratio) / reach * PLOT / 2
    left, color = (middle, FASTER) if length >= 0 else (middle + length, SLOWER)
    return (
        f'<rect x="{left:.1f}" y="{y + 3:.1f}" width="{abs(length):.1f}" height="{ROW - 6}" fill="{color}"/>\n'
        f'<text x="{LABELS + PLOT + 8}" y="{y + 13:.1f}">{ratio:.2f}</text>\n'
    )


def svg(title, bars):
    """`bars` are (label, ratio)."""
    reach = span([ratio for _, ratio in bars])
    height = 60 + ROW * len(bars)
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABELS + PLOT + 60}" height="{height}" '
        'font-family="sans-serif" font-size="12">\n'
        '<rect width="100%" height="100%" fill="#ffffff"/>\n'
        f'<text x="{LABELS + PLOT / 2}" y="18" text-anchor="middle">{escape(title)}</text>\n'
    )
    for power in range(-reach, reach + 1):
        x = LABELS + PLOT / 2 + power / reach * PLOT / 2
        text += f'<line x1="{x:.1f}" y1="40" x2="{x:.1f}" y2="{height - 10}" stroke="#dddddd"/>\n'
        text += f'<text x="{x:.1f}" y="35" text-anchor="middle">{2.0**power:g}</text>\n'
    for index, (label, ratio) in enumerate(bars):
        y = 42 + ROW * index
        text += f'<text x="{LABELS - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>\n'
        text += bar(y, ratio, reach)
    return text + "</svg>\n"
