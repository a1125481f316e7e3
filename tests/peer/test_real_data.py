"""Real model output: CanESM2 1950-2100 against exact means, a CMIP6 file of one 20-year chunk,
and one with two pressure levels, of which one must be selected.
"""
import os

import netCDF4
import numpy as np
import xarray

import oracle
from build import REAL
from climnorm_case import Case, TestCase, main, read

PERIODS = [{"name": "historical", "first": 1980, "last": 2005},
           {"name": "hybrid", "first": 2006, "last": 2034},
           {"name": "rcp85", "first": 2035, "last": 2100}]


class CanESM2(TestCase):
    @classmethod
    def setUpClass(cls):
        root = os.path.join(REAL, "canesm2")
        cls.tree = oracle.Tree(root)
        lat, lon = cls.tree.timeline("pr", "rcp85").lat, cls.tree.timeline("pr", "rcp85").lon
        box = {"name": "SITES", "lon": [float(lon.min()) - 1, float(lon.max()) + 1],
               "lat": [float(lat.min()) - 1, float(lat.max()) + 1]}
        cls.case = Case(input={"root": root, "model": "CanESM2"}, variables=["pr", "tasmax"],
                        scenarios=["rcp85"], regions=[], custom_regions=[box],
                        normals={"window": 30, "min_years": 25, "periods": PERIODS})
        cls.addClassCleanup(cls.case.close)
        cls.result = cls.case.run()

    def test_all_normals(self):
        self.exits(self.result, 0)
        self.assertEqual(len(self.case.normals()), 242)
        for variable in ("pr", "tasmax"):
            said = self.result.variable(variable)
            # 150 of the 151 files: 1950 lies in no window
            self.assertEqual((said["files_read"], said["normals_written"], said["problems"]),
                             (150, 121, []))
            timeline = self.tree.timeline(variable, "rcp85")
            for period in PERIODS:
                self.judged(self.case, variable, range(period["first"], period["last"] + 1),
                            region="SITES", period=period["name"], timeline=timeline)
            values = read(self.case.path(variable, 2050, "SITES", "rcp85"), variable)["values"]
            self.assertEqual(np.isnan(values).all(axis=0).sum(), 6)

    def test_versions_of_the_future(self):
        with netCDF4.Dataset(self.case.path("tasmax", 2030, "SITES", "hybrid")) as nc:
            self.assertEqual(nc.variables["tasmax"].cell_methods.count("within days"), 1)
            self.assertEqual(len(nc.dimensions["dayofyear"]), 365)


    def test_default_periods_follow_cmip5(self):
        years = {"historical": [1980, 2005], "hybrid": [2006, 2035], "rcp85": [2036, 2100]}
        with Case(**{**self.case.config, "variables": ["pr"], "normals": {
                "window": 30, "targets": sum(years.values(), [])}}) as case:
            self.exits(case.run(), 0)
            self.assertEqual(set(case.normals().values()),
                             {case.path("pr", y, "SITES", p) for p in years for y in years[p]})


class Cmip6(TestCase):
    def test_one_chunk_of_twenty_years(self):
        with Case(input={"root": os.path.join(REAL, "cmip6")}, variables=["prsn"],
                  normals={"window": 10, "min_years": 10}).periods(2000, 2010) as case:
            result = case.run()
            self.exits(result, 0)
            timeline = oracle.Tree(os.path.join(REAL, "cmip6")).timeline("prsn")
            self.judged(case, "prsn", range(2000, 2011), timeline=timeline)
            self.assertEqual(result.variable("prsn")["files_read"], 1)

    def test_pressure_levels_are_refused_by_name(self):
        with Case(input={"root": os.path.join(REAL, "cmip6")}, variables=["ta"],
                  normals={"window": 5, "min_years": 5}).periods(2005, 2014) as case:
            result = case.run()
            self.exits(result, 2)
            self.assertEqual(case.normals(), {})
            self.assertIn("plev", result.said)
            self.assertIn("ta_day_KACE-1-0-G_historical_r1i1p1f1_gr_20000101-20141230.nc",
                          result.said)
            self.assertRegex(result.variable("ta")["status"], "(?i)fail")

    def test_a_pressure_level_is_what_xarray_selects(self):
        with xarray.open_dataset(os.path.join(
                REAL, "cmip6", "ta_day_KACE-1-0-G_historical_r1i1p1f1_gr_20000101-20141230.nc")) as ds:
            levels = ds["ta"].where(ds["ta"] < 1e30)  # netCDF's default fill value is missing
            levels = levels.sel(time=slice("2010", "2014")).groupby("time.dayofyear").mean().load()
        for level in (100000.0, 85000.0):
            with Case(input={"root": os.path.join(REAL, "cmip6"), "select": {"plev": level}},
                      variables=["ta"], normals={"window": 5, "min_years": 5}
                      ).periods(2014, 2014) as case:
                self.exits(case.run(), 0)
                with xarray.open_dataset(case.path("ta", 2014)) as made:
                    wanted = levels.sel(plev=level)
                    np.testing.assert_allclose(made["ta"], wanted, rtol=3e-7)
                    self.assertEqual(made["plev"].item(), level)
                    self.assertEqual(made["plev"].attrs["units"], "Pa")


if __name__ == "__main__":
    main(REAL)
