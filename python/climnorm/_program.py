"""The command ``climnorm``: the program that comes with the package."""
from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Becomes the program."""
    program = HERE / "bin" / "climnorm"
    units = HERE / "udunits" / "udunits2.xml"
    if units.exists():
        os.environ.setdefault("UDUNITS2_XML_PATH", str(units))
    os.execv(program, ["climnorm", *sys.argv[1:]])
