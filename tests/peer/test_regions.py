"""Boxes: which cells are inside, in which order they come out, and with which longitudes and
bounds; on every kind of grid, each a variable of its own.
"""
import os

import netCDF4
import numpy as np

import oracle
import trees
from climnorm_case import ALL, Case, TestCase, main

FULL = np.arange(0, 360, 45.0)
LAT = trees.LAT


def bounds(axis):
    """Source bounds that are not the midpoints."""
    step = axis[1] - axis[0]
    return np.stack([axis - 0.4 * step, axis + 0.6 * step], 1)


GRIDS = {
    "from0": dict(lon=FULL),
    "centres": dict(lon=FULL + 22.5),
    "from180": dict(lon=FULL - 180),
    "descending": dict(lon=FULL[::-1]),
    "negative": dict(lon=FULL - 360),
    "beyond": dict(lon=FULL + 180),
    "southwards": dict(lat=LAT[::-1]),
    "poles": dict(lat=np.array([-90.0, -45, 0, 45, 90])),
    "southpole": dict(lat=np.array([89.0, 60, 20, -20, -60, -89])),
    "withbounds": dict(lat_bounds=bounds(LAT), lon=FULL, lon_bounds=bounds(FULL)),
    "uneven": dict(lon=np.array([0.0, 1, 5, 50, 120, 200, 270, 300, 355])),
    "onelat": dict(lat=np.array([12.5])),
    "onelatbounds": dict(lat=np.array([12.5]), lat_bounds=np.array([[10.0, 15]])),
    "eastasia": dict(lon=np.array([100.0, 110, 120, 270])),
    "greenwich": dict(lon=np.array([330.0, 350, 10, 30])),
}
BOXES = {
    "CIRCLE": ([0, 360], [-90, 90]), "CIRCLE180": ([-180.0, 180.0], [-90, 90]),
    "CIRCLE2": ([-360, 720], [-90.0, 90.0]), "SEAM": ([350, 350 + 300], [-90, 90]),
    "WEST": ([-190.0, 115.0], [0, 90]), "TURNED": ([300, 120], [-20, 70]),
    "INCLUSIVE": ([45, 350], [12.5, 37.5]), "HIGH": ([400, 715], [12.5, 62.5]),
    "BACK": ([-300.0, -5.0], [10, 38]), "TENTH": ([90.5, 360.0], [-12.5, 12.5]),
}


class Grids(TestCase):
    @classmethod
    def setUpClass(cls):
        custom = [{"name": k, "lon": lon, "lat": lat} for k, (lon, lat) in BOXES.items()]
        cls.case = Case(variables=list(GRIDS), custom_regions=custom,
                        regions=["GLOBAL"], output={"counts": True},
                        normals={"window": 1, "min_years": 1}).periods(2001, 2001)
        cls.addClassCleanup(cls.case.close)
        for variable, options in GRIDS.items():
            trees.year_file(cls.case.data, variable, 2001, calendar="360_day", **options)
        cls.tree = oracle.Tree(cls.case.data)
        cls.result = cls.case.run()

    def cells(self, variable, region):
        timeline = self.tree.timeline(variable)
        return timeline, oracle.cells_of(self.case.region(region), timeline.lat, timeline.lon)

    def test_values_and_axes(self):
        empty = 0
        for variable in GRIDS:
            for region in ["GLOBAL", *BOXES]:
                timeline, (rows, columns, _) = self.cells(variable, region)
                with self.subTest(variable=variable, region=region):
                    path = self.case.path(variable, 2001, region)
                    if not rows or not columns:
                        empty += 1
                        self.assertFalse(os.path.exists(path))
                        self.assertIn(region, self.result.said)
                        continue
                    self.judged(self.case, variable, [2001], region=region, timeline=timeline)
        self.exits(self.result, 2 if empty else 0)

    def test_bounds(self):
        for variable in GRIDS:
            for region in ["GLOBAL", *BOXES]:
                path = self.case.path(variable, 2001, region)
                if not os.path.exists(path):
                    continue
                timeline, (rows, columns, lon) = self.cells(variable, region)
                lat_bounds = oracle.bounds_of(timeline.lat, timeline.lat_bounds, True)
                lon_bounds = oracle.bounds_of(timeline.lon, timeline.lon_bounds)
                shift = np.array(lon) - timeline.lon[columns]
                with self.subTest(variable=variable, region=region), netCDF4.Dataset(path) as nc:
                    for axis, want in (
                            ("lat", None if lat_bounds is None else lat_bounds[rows]),
                            ("lon", lon_bounds[columns] + shift[:, None])):
                        var = nc.variables[axis]
                        if want is None:
                            self.assertNotIn("bounds", var.ncattrs())
                            continue
                        got = nc.variables[var.bounds][:]
                        np.testing.assert_allclose(got, want, atol=1e-9)


class Rules(TestCase):
    def test_near_bounds(self):
        """A centre within 1e-5 degree of a bound is inside, 2e-5 away is outside."""
        boxes = {"IN": ([45.000009, 89.999991], [-12.499991, 12.499991]),
                 "OUT": ([45.00002, 90], [-12.5, 12.49998]),
                 "SEAMIN": ([-44.999991, -0.000009], [-12.5, 12.5]),
                 "POINT": ([90, 90], [12.5, 12.5])}
        custom = [{"name": k, "lon": lon, "lat": lat} for k, (lon, lat) in boxes.items()]
        with Case(variables=["tas"], custom_regions=custom, regions=[],
                  normals={"window": 1, "min_years": 1}).periods(2001, 2001) as case:
            trees.year_file(case.data, "tas", 2001, lon=FULL)
            self.exits(case.run(), 0)
            for region in boxes:
                self.judged(case, "tas", [2001], region=region)
            for region, shape in (("IN", (2, 2)), ("OUT", (1, 1)), ("SEAMIN", (2, 2)),
                                  ("POINT", (1, 1))):
                with netCDF4.Dataset(case.path("tas", 2001, region)) as nc:
                    self.assertEqual(nc.variables["tas"].shape[1:], shape, region)

    def test_built_in_regions(self):
        lon = np.array([-179.0, -160, -150, -125, -100, -68, -66, 145, 160, 170, 179, 66.0])
        lat = np.array([13.5, 17.6, 18.0, 18.9, 20, 23, 25, 40, 50, 55, 71, 73])
        with Case(variables=["tas"], regions=list(oracle.BUILT_IN),
                  normals={"window": 1, "min_years": 1}).periods(2001, 2001) as case:
            order = np.argsort(lon)
            trees.year_file(case.data, "tas", 2001, lon=lon[order], lat=lat)
            self.exits(case.run(), 0)
            for region in oracle.BUILT_IN:
                self.judged(case, "tas", [2001], region=region)

    def test_doubled_columns_are_dropped_with_a_warning(self):
        with Case(variables=["tas"], custom_regions=[ALL], regions=[],
                  normals={"window": 1, "min_years": 1}).periods(2001, 2001) as case:
            trees.year_file(case.data, "tas", 2001, lon=np.arange(0, 361, 45.0))
            result = case.run()
            self.exits(result, 0)
            self.judged(case, "tas", [2001], region="ALL")
            self.assertRegex(result.said, r"(?i)warning.*(longitude|column)")
            with netCDF4.Dataset(case.path("tas", 2001, "ALL")) as nc:
                self.assertEqual(len(nc.dimensions["lon"]), 8)

    def test_a_region_without_cells_fails_alone(self):
        boxes = [{"name": "NONE", "lon": [1.0, 2.0], "lat": [1.0, 2.0]}, ALL]
        with Case(variables=["tas"], custom_regions=boxes, regions=["PRVI"],
                  normals={"window": 1, "min_years": 1}).periods(2001, 2001) as case:
            trees.year_file(case.data, "tas", 2001)
            result = case.run()
            self.exits(result, 2)
            self.judged(case, "tas", [2001], region="ALL")
            for region in ("NONE", "PRVI"):
                self.assertIn(region, result.said)
                self.assertIn(region, result.problems("tas"))
                self.assertFalse(os.path.exists(case.path("tas", 2001, region)))


if __name__ == "__main__":
    main()
