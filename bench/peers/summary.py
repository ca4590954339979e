"""How fast it is, in fifteen lines: the classes that people ask for, some of them together."""

import arithmetic

EVERYTHING = "all layers"
LINES = {
    "3x3": ("3x3",),
    "other dense (1x1, strided, dilated, 1-D)": ("1x1", "strided", "dilated", "other dense", "1-D"),
    "first layers": ("first layer",),
    "nn.Conv2d(3, 6, 5)": ("nn.Conv2d(3, 6, 5)",),
    "few output channels": ("few output channels",),
    "odd channels": ("odd channels",),
    "depthwise": ("depthwise", "depthwise, wide kernel"),
    "grouped": ("grouped",),
    "image filters": ("image filter", "image filter, wide kernel"),
}


def means_of(rows, columns):
    """[geometric mean] by columns, (threads, layout), and in each by readings."""
    return [
        arithmetic.geometric_mean(ratio(row) for row in rows if (row.threads, row.layout) == column)
        for column in columns
        for ratio in arithmetic.READINGS.values()
    ]


def columns_of(rows):
    return sorted({(row.threads, row.layout) for row in rows})


def lines(rows):
    """[(name, number of layers, means_of)], of default sums; where these are not all exact a line of exact
    ones follows."""
    columns = columns_of(rows)
    found = []
    for name, kinds in {**LINES, EVERYTHING: {row.kind for row in rows}}.items():
        chosen = [row for row in rows if row.kind in kinds]
        twice = not all(row.exact for row in chosen)
        for precision in arithmetic.PRECISIONS if twice else ("default",):
            of_precision = arithmetic.of_precision(chosen, precision)
            layers = len({row.layer for row in of_precision})
            words = f"{name}, {precision} sums" if twice else name
            if layers:
                found.append((words, layers, means_of(of_precision, columns)))
    return found
