"""Every block of Python in docs/python.md, one after another in one process, and the cells of the notebooks:
they run where the files are of which they speak."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from build import BIN, BUILD, ROOT, main

PACKAGE = pathlib.Path(os.environ.get("CLIMNORM_PACKAGE") or os.path.join(BUILD, "python"))
DOCS = pathlib.Path(ROOT, "docs")
MINE = """
import numpy, xarray
time = xarray.cftime_range("2001-01-01", "2010-12-31", calendar="noleap") \\
    if hasattr(xarray, "cftime_range") else xarray.date_range("2001-01-01", "2010-12-31", calendar="noleap",
                                                               use_cftime=True)
for year in range(2001, 2011):
    days = time[time.year == year]
    t2m = xarray.DataArray(numpy.random.default_rng(year).normal(280, 5, (365, 3, 4)).astype("f4"),
                           {"time": days, "latitude": [40., 41, 42], "longitude": [5., 6, 7, 8]},
                           ("time", "latitude", "longitude"), name="t2m", attrs={"units": "K"})
    t2m.to_netcdf(f"mine/temps_{year}.nc")
"""


class Documents(unittest.TestCase):
    def run_code(self, folder, code):
        done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True,
                              timeout=300, env={**os.environ, "MPLBACKEND": "Agg",
                                                "PATH": f"{os.path.dirname(BIN)}:{os.environ['PATH']}",
                                                "PYTHONPATH": str(PACKAGE), "PYTHONWARNINGS": "ignore"})
        self.assertEqual(done.returncode, 0, f"{code}\n{done.stdout}\n{done.stderr}")
        return done

    def test_the_page(self):
        blocks = re.findall(r"^```python\n(.*?)^```$", (DOCS / "python.md").read_text("utf-8"), re.S | re.M)
        self.assertGreater(len(blocks), 7)
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([BIN, "synth", f"{folder}/data", "--years", "1987-2020", "-p", "none"], check=True)
            os.mkdir(f"{folder}/mine")
            self.run_code(folder, MINE)
            done = self.run_code(folder, "\n".join(blocks))
        self.assertIn("('target_year', 'dayofyear', 'lat', 'lon') ('target_year', 'month', 'lat', 'lon')",
                      done.stdout)
        self.assertIn("end 1.0", done.stdout)
        self.assertRegex(done.stdout, r'config: outputs: is not a key \(did you mean "output"\?\)\n')

    def test_the_notebooks(self):
        notebooks = sorted((DOCS / "notebooks").glob("*.ipynb"))
        self.assertTrue(notebooks)
        for path in notebooks:
            cells = json.loads(path.read_text("utf-8"))["cells"]
            code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
            with tempfile.TemporaryDirectory() as folder:
                done = self.run_code(folder, code.replace("60x144", "30x72"))
            self.assertRegex(done.stdout, r"\d+ days of 365")


if __name__ == "__main__":
    if not any((PACKAGE / "climnorm").glob("_native*.so")):
        print("skipped: this build has no extension module")
        sys.exit(77)
    main()
