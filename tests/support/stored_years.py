"""Years of values that are stored in one way each: how values are spread, packed and spoilt, and a case
whose normals are the values of its files. filters is None where h5py or zstandard is not installed.
"""
import os

import numpy as np

import oracle
import trees
from climnorm_case import Case, TestCase

try:
    import h5py

    import filters
except ImportError:
    h5py = filters = None

FIRST = 1951
PACK = {"scale_factor": 0.01, "add_offset": 273.15}
# Memory that was never written holds other bytes in the program than in the tests: where it gets
# among the values, they differ.
NO_PLUGINS = {"HDF5_PLUGIN_PATH": "/nonexistent", "MALLOC_PERTURB_": "181"}


def holes(values):
    values = values.copy()
    values.reshape(-1)[::13] = 1e20
    return values


def coarse(values):
    """With holes, and easy to compress."""
    return holes(np.round(values * 8) / 8)


def doubles(values):
    """holes, with the fill value in double."""
    return np.where(holes(values) == np.float32(1e20), 1e20, values.astype("f8"))


def to(dtype, low, high, every=7, fill=None):
    """Integers spread over [low, high]; each `every`-th holds the fill."""
    def convert(values):
        rng = np.random.default_rng(values.size)
        out = rng.integers(low, high, values.shape, endpoint=True).astype(dtype)
        if fill is not None:
            out.reshape(-1)[::every] = fill
        return out
    return convert


TYPES = {
    "f4": dict(convert=coarse), "f8": dict(convert=lambda v: doubles(np.round(v * 8) / 8)),
    "i2": dict(convert=trees.pack16(0.01, 273.15), fill=-32768, attributes=PACK),
    "i1": dict(convert=to("i1", -9, 9, fill=-100), fill=-100),
    "i4": dict(convert=to("i4", -9000, 9000, fill=-1), fill=-1),
}
TYPES |= {f"big {name}": dict(options, endian="big") for name, options in TYPES.items()}


def narrow(offset):
    """HDF5's type of 12 bits within 16."""
    kind = h5py.h5t.STD_I16LE.copy()
    kind.set_precision(12)
    kind.set_offset(offset)
    return kind


def has_filter(step):
    return h5py.h5z.filter_avail(filters.filter_of(step)[0])


class OneYear(TestCase):
    """A case whose normals are the values of files, one a year."""

    def start(self, **options):
        case = Case(variables=["tas"], normals={"window": 1, "min_years": 1}, **options)
        self.addCleanup(case.close)
        return case

    @staticmethod
    def path(case, year):
        return os.path.join(case.data, "tas", trees.name("tas", year))

    def judge_years(self, case, years, threads=(4,), env=None):
        """Runs, and compares with the plain files of the same values."""
        tree = oracle.Tree(os.path.join(case.dir, "plain")).timeline("tas")
        case.periods(FIRST, FIRST + years - 1)
        for count in threads:
            result = case.run("-t", str(count), "--set", "output.existing=overwrite",
                              env={**NO_PLUGINS, **(env or {})})
            self.exits(result, 0)
            self.judged(case, "tas", range(FIRST, FIRST + years), timeline=tree)
