"""What the tests of pages read out of them: blocks of code, transcripts, links, headings."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]

FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r'\]\(([^)]+)\)|src="([^"]+)"')


def transcript(block):
    """(command, what it prints) for each "$ " of a console block."""
    before, *parts = re.split(r"^\$ ", block, flags=re.MULTILINE)
    if before:
        raise ValueError(f"a console block begins with '$ ', but this one with {before!r}")
    return [tuple(part.split("\n", 1)) for part in parts]


def prints(output, told):
    """Whether `output` is what is told, where a line "..." stands for any lines, or for none."""
    lines = [".*" if line == "...\n" else re.escape(line) for line in told.splitlines(keepends=True)]
    return re.fullmatch("".join(lines), output, re.DOTALL) is not None


def links(text):
    """The relative ones, as (file, heading)."""
    found = [first or second for first, second in LINK.findall(text)]
    return [link.partition("#")[::2] for link in found if "://" not in link]


def headings(page):
    """As they stand in links: "The order of every sum" is the-order-of-every-sum."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in titles]


def leads_somewhere(page, file, heading):
    target = page.parent / file if file else page
    return target.exists() and (not heading or heading in headings(target))
