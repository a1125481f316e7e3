"""What goes wrong."""
from __future__ import annotations

from collections.abc import Iterable


class Error(Exception):
    """The base of all errors of this package. `problems` has each one as a text."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)

    def __reduce__(self) -> tuple[type[Error], tuple[list[str]]]:
        return type(self), (self.problems,)


class ConfigError(Error, ValueError):
    """The config is wrong, or asks for what the input does not have. Nothing was begun."""


class InputError(Error):
    """Results are missing because of the input. Raised where a result was the point; a run reports
    them in Result.problems."""


class MachineError(Error, OSError):
    """No memory, no disk space, an input or output that fails, or another run has the folder."""


class Stopped(Error):
    """Ctrl-C has stopped the run, and does not raise KeyboardInterrupt in this program."""


class MissingWarning(UserWarning):
    """A run has ended, but some results are missing because of the input."""
