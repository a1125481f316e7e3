"""Rolling climate normals from daily CMIP files."""
from climnorm import _library, progress  # noqa: F401 -- _library sets the environment first
from climnorm._errors import ConfigError, Error, InputError, MachineError, MissingWarning, Stopped
from climnorm._files import open_root as open
from climnorm._jobs import Plan, Result, plan, run
from climnorm._normals import normals

__all__ = ["ConfigError", "Error", "InputError", "MachineError", "MissingWarning", "Plan", "Result",
           "Stopped", "normals", "open", "plan", "progress", "run"]
