"""Checks run over many random configurations; a failure is made as small as it goes and printed.

CONV2D_TEST_SEED repeats a run, CONV2D_TEST_ONLY a single check: its value is the Python line that a
failure prints, such as check_forward(Configuration(dtype='float64')).
"""

import dataclasses
import os
import random
import secrets
import unittest
from collections.abc import Callable, Iterator
from typing import Any, Optional

from configuration import Configuration

Check = Callable[[Configuration], None]


def fresh_seed() -> int:
    """The run's seed: from the environment, else a new one."""
    given = os.environ.get("CONV2D_TEST_SEED")
    return secrets.randbits(32) if given is None else int(given)


def for_all(
    check: Check,
    count: int,
    draw: Callable[[random.Random], Iterator[Configuration]],
) -> None:
    """Runs the check on `count` configurations, or raises AssertionError with the smallest that fails."""
    only = os.environ.get("CONV2D_TEST_ONLY")
    if only is not None:
        _run_only(check, only)
        return
    seed = fresh_seed()
    print(f"{check.__name__}: {count} configurations, CONV2D_TEST_SEED={seed}", flush=True)
    drawn = draw(random.Random(seed))
    for number in range(count):
        configuration = next(drawn)
        if _failure(check, configuration) is not None:
            smallest = shrink(configuration, lambda smaller: _failure(check, smaller) is not None)
            raise AssertionError(
                f"configuration {number} of CONV2D_TEST_SEED={seed}:\n  {configuration}\n"
                f'made smaller:\n  CONV2D_TEST_ONLY="{check.__name__}({smallest})"\n{_failure(check, smallest)}'
            )


def _run_only(check: Check, line: str) -> None:
    if not line.startswith(check.__name__ + "("):
        raise unittest.SkipTest(f"CONV2D_TEST_ONLY={line}")
    print(line)
    eval(line, {"Configuration": Configuration, check.__name__: check})


def _failure(check: Check, configuration: Configuration) -> Optional[str]:
    try:
        check(configuration)
    except Exception as error:  # whatever goes wrong in a check is what we look for
        return f"{type(error).__name__}: {error}"
    return None


def shrink(configuration: Configuration, fails: Callable[[Configuration], bool]) -> Configuration:
    """Makes one field after another simpler for as long as the check still fails."""
    smaller = True
    while smaller:
        smaller = False
        for simpler in _simpler(configuration):
            if simpler.is_valid() and fails(simpler):
                configuration, smaller = simpler, True
                break
    return configuration


def _simpler(configuration: Configuration) -> Iterator[Configuration]:
    plain = Configuration()
    for field in dataclasses.fields(Configuration):
        now, default = getattr(configuration, field.name), getattr(plain, field.name)
        if field.name in ("function", "dtype", "seed") or now == default:
            continue
        yield dataclasses.replace(configuration, **{field.name: default})
        for value in _between(now, default):
            yield dataclasses.replace(configuration, **{field.name: value})
    if configuration.groups > 1:
        yield dataclasses.replace(
            configuration,
            groups=1,
            in_channels=configuration.in_channels // configuration.groups,
            out_channels=configuration.out_channels // configuration.groups,
        )


def _between(now: Any, default: Any) -> Iterator[Any]:
    """Values one step nearer to the default."""
    if now == default or isinstance(now, bool) or not isinstance(now, (int, tuple)):
        return
    if isinstance(now, int):
        yield now - 1 if now > default else now + 1
        return
    for i, element in enumerate(now):
        target = default[min(i, len(default) - 1)]
        for value in (target, *_between(element, target)):
            if value != element:
                yield (*now[:i], value, *now[i + 1 :])
