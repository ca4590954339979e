"""GFLOP/s by channel count as lines: a panel for each kind of layer, a line for each layout."""

import math
from xml.sax.saxutils import escape

import cliffs

WIDTH, HEIGHT, LEFT, TOP, GAP = 640, 200, 60, 50, 60
COLORS = {"nchw": "#0072b2", "nhwc": "#d55e00"}


def top_of(values):
    """The least 1, 2 or 5 times a power of ten that no value exceeds."""
    most = max(values)
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= most)


class Panel:
    """Counts to the right, by their logarithm, and rates upward."""

    def __init__(self, y, lines):
        self.bottom = y + HEIGHT
        self.lines = lines
        results = [result for line in lines.values() for result in line]
        self.doublings = max(1.0, math.log2(max(result["channels"] for result in results)))
        self.most = top_of([result["gflops"] for result in results])

    def x(self, count):
        return LEFT + math.log2(count) / self.doublings * WIDTH

    def y(self, rate):
        return self.bottom - rate / self.most * HEIGHT

    def point(self, result):
        return f"{self.x(result['channels']):.1f},{self.y(result['gflops']):.1f}"

    def axes(self):
        text = ""
        for power in range(int(self.doublings) + 1):
            x, top = self.x(2**power), self.bottom - HEIGHT
            text += f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{self.bottom}" stroke="#dddddd"/>\n'
            text += f'<text x="{x:.1f}" y="{self.bottom + 15}" text-anchor="middle">{2**power}</text>\n'
        for part in (0, 0.5, 1):
            y = self.bottom - part * HEIGHT
            text += f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + WIDTH}" y2="{y:.1f}" stroke="#dddddd"/>\n'
            text += f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{part * self.most:g}</text>\n'
        return text

    def line(self, layout, line):
        color = COLORS[layout]
        points = " ".join(map(self.point, line))
        text = f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.5"/>\n'
        for cliff in cliffs.cliffs(line):
            x, y = self.point(cliff.slow).split(",")
            text += (
                f'<circle cx="{x}" cy="{y}" r="4" fill="none" stroke="{color}"><title>'
                f"{cliff.slow['channels']} channels take {cliff.ratio:.2f} times as long as "
                f"{cliff.fast['channels']}</title></circle>\n"
            )
        return text

    def svg(self, title):
        text = f'<text x="{LEFT}" y="{self.bottom - HEIGHT - 8}">{escape(title)}</text>\n' + self.axes()
        return text + "".join(self.line(layout, line) for layout, line in self.lines.items())


def svg(results):
    kinds = {}
    for (kind, layout), line in cliffs.lines_of(results).items():
        kinds.setdefault(kind, {})[layout] = line
    height = TOP + len(kinds) * (HEIGHT + GAP)
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 40}" height="{height}" '
        'font-family="sans-serif" font-size="12">\n'
        '<rect width="100%" height="100%" fill="#ffffff"/>\n'
        f'<text x="{LEFT}" y="18">GFLOP/s by channels; circles: a layer with more takes less time</text>\n'
    )
    for index, layout in enumerate(COLORS):
        text += f'<text x="{LEFT + WIDTH - 100 + 60 * index}" y="18" fill="{COLORS[layout]}">{layout}</text>\n'
    for index, (kind, lines) in enumerate(kinds.items()):
        text += Panel(TOP + 10 + index * (HEIGHT + GAP), lines).svg(kind)
    return text + "</svg>\n"
