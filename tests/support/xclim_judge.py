"""What xclim makes of a tree of daily files: `xclim_judge.py TREE FIRST LAST OUT` writes its statistics of
these years by name (.npz). Runs with a Python that has xclim; exits 77 with any other. Knows nothing of
climnorm.
"""
import glob
import os
import sys
import warnings

try:
    import numpy as np
    import xarray as xr
    from xclim import indices
    from xclim.core.calendar import percentile_doy
except ImportError as error:
    print(error)
    sys.exit(77)

warnings.simplefilter("ignore")


def read(tree, variable, first, last):
    paths = [glob.glob(os.path.join(tree, variable, f"*_{year}.nc"))[0] for year in range(first, last + 1)]
    decoder = xr.coders.CFDatetimeCoder(use_cftime=True)
    return xr.concat([xr.open_dataset(path, decode_times=decoder)[variable].load() for path in paths], "time")


def percentiles(tas):
    for window in (1, 5):
        for name, alpha in (("median_unbiased", 1 / 3), ("linear", 1)):
            found = percentile_doy(tas, window=window, per=[10, 50, 90], alpha=alpha, beta=alpha)
            yield f"{name}-{window}", found.transpose("percentiles", "dayofyear", "lat", "lon")


def yearly(tas, pr):
    """Each index of each year; its mean over the years."""
    for name, index in (
            ("hot_days", indices.tx_days_above(tas, thresh="10.35 degC", freq="YS")),
            ("frost_days", indices.frost_days(tas, thresh="0 degC", freq="YS")),
            ("growing_degree_days", indices.growing_degree_days(tas, thresh="4 degC", freq="YS")),
            ("heating_degree_days", indices.heating_degree_days(tas, thresh="17 degC", freq="YS")),
            ("rx1day", indices.max_1day_precipitation_amount(pr, freq="YS")),
            ("wet_days", indices.wetdays(pr, thresh="1 mm/day", freq="YS")),
            ("total", indices.prcptot(pr, thresh="0 mm/day", freq="YS")),
            ("rx1day_month", indices.max_1day_precipitation_amount(pr, freq="MS"))):
        groups = index.groupby("time.month" if name.endswith("_month") else "time.day")
        yield name, groups.mean("time").transpose(..., "lat", "lon")


def main(tree, first, last, out):
    tas, pr = (read(tree, variable, int(first), int(last)) for variable in ("tas", "pr"))
    np.savez(out, **{name: values.values for name, values in [*percentiles(tas), *yearly(tas, pr)]})


if __name__ == "__main__":
    main(*sys.argv[1:])
