"""Values that a variable cannot have: counted exactly, told once, and never changed."""
import os

import netCDF4
import numpy as np

import climnorm_case
import trees

YEARS = range(2000, 2004)


def change(path, variable, cells):
    """cells: {(instant, lat, lon): raw value}"""
    with netCDF4.Dataset(path, "a") as nc:
        nc.set_auto_maskandscale(False)
        for at, value in cells.items():
            nc.variables[variable][at] = value


class Plausibility(climnorm_case.TestCase):
    def case(self, variable="tas", convert=None, **options):
        case = climnorm_case.Case(variables=[variable], normals={"window": 2, "min_years": 1,
                                                                 "min_days": 0.5})
        self.addCleanup(case.close)
        case.periods(2001, 2003)
        self.paths = {year: trees.year_file(case.data, variable, year, convert=convert, **options)
                      for year in YEARS}
        return case

    def warnings(self, result, variable="tas"):
        return [p for p in result.variable(variable)["problems"] if "implausible" in p]

    def details(self, result, variable="tas"):
        return [d for d in result.variable(variable)["details"] if "implausible" in d]

    def test_plausible_values_are_not_told(self):
        result = self.case(units="K").run()
        self.exits(result, 0)
        self.assertEqual(self.warnings(result), [])

    def test_the_farthest_value_is_told_with_its_place(self):
        case = self.case()
        change(self.paths[2001], "tas", {(2, 1, 3): 400, (3, 1, 3): 12.5, (3, 2, 4): 350})
        change(self.paths[2002], "tas", {(31, 0, 0): 351, (32, 0, 0): 1e20})
        result = case.run("--threads", "2")
        self.exits(result, 0)
        warning, = self.warnings(result)
        self.assertIn("tas: 3 values are implausible, outside 150 to 350 K, the farthest "
                      "12.5 K on 2001-01-04 at lat -37.5, lon 157.5 of "
                      f"{self.paths[2001]}", warning)
        self.assertNotIn("plausible in", warning)
        self.assertEqual([d[:46] for d in self.details(result)],
                         ["tas historical 2001: 2 implausible values, the",
                          "tas historical 2002: 1 implausible value, the "])
        self.judged(case, "tas", range(2001, 2004))

    def test_cells_of_no_region_do_not_count(self):
        """A curvilinear grid whose boxes cut obliquely through rows, and cells without a place."""
        lat = trees.LAT[:, None] + np.arange(8.0)
        lon = trees.LON[None, :] + 3.0 * np.arange(6)[:, None]
        lat[2, 2] = lon[4, 5] = np.nan
        boxes = {"A": ([60.0, 200.0], [-40.0, 17.0]), "B": ([100.0, 300.0], [-10.0, 45.0])}

        def is_in(box):
            (west, east), (south, north) = boxes[box]
            return (lat >= south) & (lat <= north) & (lon >= west) & (lon <= east)
        inside = {"A": is_in("A"), "B": is_in("B"), "AB": is_in("A") | is_in("B"),
                  "GLOBAL": np.isfinite(lat + lon)}
        self.assertTrue((is_in("A") & is_in("B")).any())
        for regions, cells in inside.items():
            for memory in ("80%", "1MiB"):
                with self.subTest(regions=regions, memory=memory):
                    case = self.case(twod=True)
                    for path in self.paths.values():
                        change(path, "lat", {(): lat})
                        change(path, "lon", {(): lon})
                    change(self.paths[2002], "tas", {(9,): np.full((6, 8), 999)})
                    case.config["regions"] = ["GLOBAL"] if regions == "GLOBAL" else []
                    case.config["custom_regions"] = [
                        {"name": name, "lon": boxes[name][0], "lat": boxes[name][1]}
                        for name in ("A", "B") if name in regions and regions != "GLOBAL"]
                    result = case.run("--threads", "2", "--set", f"engine.memory={memory}")
                    self.exits(result, 0)
                    warning, = self.warnings(result)
                    self.assertIn(f"tas: {cells.sum()} values are implausible", warning)
                    self.assertNotIn("nan", warning)

    def test_celsius_under_kelvin_is_recognized(self):
        result = self.case(convert=lambda values: values - np.float32(273.15)).run()
        self.exits(result, 0)
        warning, = self.warnings(result)
        self.assertIn(f"tas: {4 * 365 * 48} values are implausible", warning)
        self.assertIn("plausible in degC: check the units", warning)

    def test_limits_follow_the_unit_of_the_files(self):
        case = self.case(units="degC", convert=lambda values: values - np.float32(273.15))
        self.assertEqual(self.warnings(case.run()), [])
        change(self.paths[2003], "tas", {(0, 0, 0): -124})
        warning, = self.warnings(case.run("--set", "output.existing=overwrite"))
        self.assertIn("1 value is implausible, outside -123.15 to 76.85 degC", warning)

    def test_the_standard_name_counts_more_than_the_name(self):
        for attributes, count in (({"standard_name": "air_pressure"}, 0),
                                  ({"standard_name": "precipitation_flux"}, 0),
                                  ({"standard_name": "air_temperature"}, 1),
                                  ({"cell_methods": "time: range"}, 0),
                                  ({"cell_methods": "time: mean (of a) time: sum over days"}, 0),
                                  ({"cell_methods": "time: standard_deviation"}, 0),
                                  ({"cell_methods": "range: time: mean"}, 1),
                                  ({"cell_methods": "time: mean (interval: range of 1 day)"}, 1)):
            with self.subTest(attributes):
                case = self.case(attributes=attributes)
                change(self.paths[2002], "tas", {(0, 0, 0): 1})
                self.assertEqual(len(self.warnings(case.run())), count)

    def test_every_storage_counts_the_same(self):
        """Packed, unchunked, chunks that netCDF-C reads, several instants a day."""
        scale, offset = 0.5, 200.0
        packed = {"scale_factor": scale, "add_offset": offset}
        for form in ({}, {"contiguous": True}, {"form": "NETCDF3_CLASSIC"},
                     {"chunks": (100, 4, 3)}, {"extra": ("height",)},
                     {"fill": -32768, "convert": trees.pack16(scale, offset),
                      "attributes": packed}, {"hours": (6.0, 18.0)}):
            with self.subTest(form):
                case = self.case(**form)
                day = {(31, 1, 1): 20, (100, 5, 7): 600} if "convert" not in form else {
                    (31, 1, 1): int((20 - offset) / scale), (100, 5, 7): int((600 - offset) / scale)}
                if "hours" in form:
                    day = {(t, *at): v for (t0, *at), v in day.items()
                           for t in (2 * t0, 2 * t0 + 1)}
                if "extra" in form:
                    day = {(0, *at): value for at, value in day.items()}
                change(self.paths[2002], "tas", day)
                warning, = self.warnings(case.run())
                self.assertIn("tas: 2 values are implausible", warning)
                self.assertIn("600 K on 2002-04-11 at lat 62.5, lon 337.5", warning)

    def test_neither_threads_nor_passes_nor_kernels_nor_overlaps_change_the_count(self):
        case = self.case()
        case.config["regions"] = ["GLOBAL", "CONUS"]
        rng = np.random.default_rng(5)
        for year in YEARS:
            change(self.paths[year], "tas", {
                (int(rng.integers(365)), int(rng.integers(6)), int(rng.integers(8))):
                float(rng.choice([1, 2, 500, 600])) for _ in range(60)})
        said = set()
        for options, env in (((), {}), (("--threads", "1"), {}),
                             (("--set", "engine.memory=300KiB"), {}),
                             *(((), {"CLIMNORM_ISA": isa}) for isa in climnorm_case.kernels_here())):
            result = case.run(*options, "--set", "output.existing=overwrite", env=env)
            self.exits(result, 0)
            said.add(tuple(self.warnings(result) + self.details(result)))
        self.assertEqual(len(said), 1, said)
        outside = 0
        for path in self.paths.values():
            with netCDF4.Dataset(path) as nc:
                values = nc.variables["tas"][:]
                outside += int(((values < 150) | (values > 350)).sum())
        self.assertIn(f"tas: {outside} values are", said.pop()[0])

    def test_years_that_cannot_be_read_do_not_count(self):
        case = self.case()
        change(self.paths[2001], "tas", {(0, 0, 0): 1})
        change(self.paths[2002], "tas", {(0, 0, 0): 2})
        with open(self.paths[2001], "r+b") as file:
            file.truncate(os.path.getsize(self.paths[2001]) * 3 // 4)
        result = case.run()
        self.exits(result, 2)
        warning, = self.warnings(result)
        self.assertIn("tas: 1 value is implausible", warning)




if __name__ == "__main__":
    climnorm_case.main()
