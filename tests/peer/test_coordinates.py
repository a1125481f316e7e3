"""Coordinates as people write them: units of degrees, the order of longitudes, a column that is
there twice, bounds that are none. numpy says where each column and row must be.
"""
import os

import netCDF4
import numpy as np

import trees
from climnorm_case import Case, TestCase, main, read

LAT, LON = np.array([-30.0, 10, 50]), np.array([20.0, 110, 200, 290])
YEAR = 2001


def mark(lat, lon):
    """Values that tell their row and column: 100 * latitude + longitude within the circle."""
    return (100 * np.asarray(lat)[:, None] + np.mod(lon, 360)[None, :]).astype("f4")


class Coordinates(TestCase):
    def one_year(self, *, lat=LAT, lon=LON, change=None, units=None, values=None, **options):
        """A case with one year of the same field every day; `change` edits the open file."""
        case = Case(normals={"window": 1, "min_years": 1}).periods(YEAR, YEAR)
        self.addCleanup(case.close)
        field = mark(lat, lon) if values is None else values
        raw = np.broadcast_to(field, (360, *field.shape))
        path = trees.year_file(case.data, "tas", YEAR, calendar="360_day", raw=raw, lat=lat,
                               lon=lon, **{"units": "1", **options})
        with netCDF4.Dataset(path, "a") as nc:
            for name, unit in (units or {}).items():
                nc[name].delncattr("units") if unit is None else nc[name].setncattr("units", unit)
            if change:
                change(nc)
        return case

    def output(self, case, said=None):
        result = case.run()
        self.exits(result, 0)
        warnings = [line for line in result.said.splitlines() if line.startswith("warning:")]
        if said is None:
            self.assertEqual(warnings, [])
        else:
            self.assertEqual(len(warnings), 1, warnings)
            self.assertIn(said, warnings[0])
        return case.path("tas", YEAR)

    def test_units_of_degrees_are_read_as_people_write_them(self):
        for lat, lon in (("deg", "deg"), ("", ""), (None, None), ("degree", "degrees"),
                         ("degrees", "DEGREES"), ("degN", "degE"), ("Degrees_North", "degreeE"),
                         ("degrees north", " degrees_east "), ("deg_n", "deg e"),
                         ("arc_degree", "arc_degrees"), ("\u00b0", "\u00b0E")):
            with self.subTest(lat=lat, lon=lon):
                case = self.one_year(units={"lat": lat, "lon": lon})
                got = read(self.output(case), "tas")
                np.testing.assert_array_equal(got["lat"], LAT)
                np.testing.assert_array_equal(got["lon"], LON)

    def test_scalars_beside_a_regular_grid_are_not_its_places(self):
        """Axes that the attribute `axis` alone tells, and a station's latitude and longitude."""
        def add(nc):
            for name, place, unit in (("lat", 45, "degrees_north"), ("lon", 5, "degrees_east")):
                nc.createVariable(name, "f8", ()).units = unit
                nc[name][:] = place
        case = self.one_year(names={"time": "time", "lat": "y", "lon": "x"}, axis_by="axis", change=add)
        got = read(self.output(case), "tas")
        np.testing.assert_array_equal(got["lat"], LAT)
        np.testing.assert_array_equal(got["values"][0], mark(LAT, LON))

    def test_degrees_west_and_south_turn_the_sign(self):
        for lat, lon in (("degrees_south", "degrees_west"), ("degree_S", "degree_W"),
                         ("degreeS", "degW"), ("degreesS", "degreesW"), ("deg south", "Deg_West")):
            with self.subTest(lat=lat, lon=lon):
                edges = np.stack([LAT - 15, LAT + 25], 1), np.stack([LON - 40, LON + 50], 1)
                case = self.one_year(units={"lat": lat, "lon": lon}, lat_bounds=edges[0],
                                     lon_bounds=edges[1], values=mark(-LAT, -LON))
                path = self.output(case)
                got = read(path, "tas")
                np.testing.assert_array_equal(got["lat"], -LAT)
                np.testing.assert_array_equal(got["lon"], -LON)
                np.testing.assert_array_equal(got["values"][0], mark(got["lat"], got["lon"]))
                with netCDF4.Dataset(path) as nc:
                    self.assertEqual((nc["lat"].units, nc["lon"].units),
                                     ("degrees_north", "degrees_east"))
                    np.testing.assert_array_equal(nc["lat_bnds"][:], -edges[0])
                    np.testing.assert_array_equal(nc["lon_bnds"][:], -edges[1])

    def test_a_box_of_columns_counted_westward(self):
        case = self.one_year(units={"lon": "degrees_west"}, values=mark(LAT, -LON))
        case.config["regions"] = []
        case.config["custom_regions"] = [{"name": "BOX", "lon": [60.0, 170.0],
                                          "lat": [-90.0, 90.0]}]
        self.exits(case.run(), 0)
        got = read(case.path("tas", YEAR, region="BOX"), "tas")
        np.testing.assert_array_equal(got["lon"], [70, 160])
        np.testing.assert_array_equal(got["values"][0], mark(LAT, [70, 160]))

    def left_out(self, case, *parts):
        result = case.run()
        self.exits(result, 2)
        for part in parts:
            self.assertIn(part, result.problems("tas"))

    def test_other_units_leave_the_file_out(self):
        for axis, unit in (("lat", "radians"), ("lat", "m"), ("lon", "degrees_north"),
                           ("lon", "1"), ("lat", "degrees_west"), ("lon", "degrees_foo")):
            with self.subTest(axis=axis, unit=unit):
                self.left_out(self.one_year(units={axis: unit}), f"'{axis}'", f"'{unit}'",
                              "expected degrees_")

    def test_longitudes_out_of_order_are_named(self):
        for lon, index in (([0.0, 10, 30, 20], 3), ([0.0, 90, 45, 135], 2),
                           ([300.0, 200, 250, 100], 2), ([-180.0, -90, 90, 0], 3),
                           ([10.0, 20, 30, 40, 15, 50], 4)):
            with self.subTest(lon=lon):
                self.left_out(self.one_year(lon=np.array(lon)), f"longitude {index} ")

    def test_coordinates_without_a_value_are_named(self):
        for axis, index, value in (("lon", 2, np.nan), ("lon", 0, np.inf), ("lat", 1, -np.inf),
                                   ("lat", 2, 9.969209968386869e36)):
            with self.subTest(axis=axis, value=value):
                points = dict(lat=LAT.copy(), lon=LON.copy())
                points[axis][index] = value
                self.left_out(self.one_year(**points, values=mark(LAT, LON)), f"'{axis}'",
                              f"index {index} ")

    def test_longitudes_in_order_round_the_circle_are_read(self):
        for lon in ([350.0, 0, 10], [10.0, 0, 350, 340], [170.0, 180, -170, -160],
                    [-10.0, 0, 10], [0.0, 180], [5.0]):
            with self.subTest(lon=lon):
                got = read(self.output(self.one_year(lon=np.array(lon))), "tas")
                np.testing.assert_array_equal(got["lon"], lon)
                np.testing.assert_array_equal(got["values"][0], mark(LAT, lon))

    def test_a_column_that_is_there_twice_is_kept_once(self):
        for lon, kept in (([0.0, 90, 180, 270, 360], 4), ([-180.0, -90, 0, 90, 180], 4),
                          ([360.0, 270, 180, 90, 0], 4), ([20.0, 140, 260, 20], 3)):
            for box in (None, [0.0, 360.0]):
                with self.subTest(lon=lon, box=box):
                    lon = np.array(lon)
                    case = self.one_year(lon=lon)
                    if box:
                        case.config["regions"] = []
                        case.config["custom_regions"] = [{"name": "BOX", "lon": box,
                                                          "lat": [-90.0, 90.0]}]
                    result = case.run()
                    self.exits(result, 0)
                    self.assertIn("1 longitude of the grid equals an earlier one", result.said)
                    got = read(case.path("tas", YEAR, region="BOX" if box else "GLOBAL"), "tas")
                    self.assertEqual(len(got["lon"]), kept)
                    if not box:
                        np.testing.assert_array_equal(got["lon"], lon[:kept])
                    np.testing.assert_array_equal(got["values"][0], mark(LAT, got["lon"]))
                    self.assertEqual(len(set(np.mod(got["lon"], 360))), kept)

    def test_bounds_that_are_none_become_midpoints(self):
        def edges(axis):
            middle = (axis[1:] + axis[:-1]) / 2
            low = np.concatenate([[axis[0] - (middle[0] - axis[0])], middle])
            high = np.concatenate([middle, [axis[-1] + (axis[-1] - middle[-1])]])
            return np.clip(np.stack([low, high], 1), -90, 90)
        good = edges(LAT)
        for what, bounds in (("a fill value", np.full((3, 2), 9.969209968386869e36)),
                             ("zeros", np.zeros((3, 2))), ("-999", np.full((3, 2), -999.0)),
                             ("those of other cells", good[::-1]), ("NaN", good * np.nan),
                             ("one pair", np.where(np.arange(3)[:, None] == 1, 1e20, good)),
                             ("radians", np.deg2rad(good))):
            with self.subTest(what):
                case = self.one_year(lat_bounds=bounds)
                with netCDF4.Dataset(self.output(case, "the bounds of latitudes")) as nc:
                    np.testing.assert_array_equal(nc["lat_bnds"][:], good)

    def test_packed_bounds_are_unpacked(self):
        edges = np.stack([LAT - 15, LAT + 25], 1)

        def pack(nc):
            nc.renameVariable("lat_bnds", "unused")
            packed = nc.createVariable("lat_bnds", "i2", ("lat", "bnds"), fill_value=-32768)
            packed.set_auto_maskandscale(False)
            packed.scale_factor = 0.5
            packed[:] = edges / 0.5
        with netCDF4.Dataset(self.output(self.one_year(lat_bounds=edges, change=pack))) as nc:
            np.testing.assert_array_equal(nc["lat_bnds"][:], edges)

    def test_unsigned_coordinates_are_read_as_such(self):
        def store(nc):
            nc.renameVariable("lon", "unused")
            attributes = {name: nc["unused"].getncattr(name) for name in nc["unused"].ncattrs()}
            for name in attributes:
                nc["unused"].delncattr(name)
            lon = nc.createVariable("lon", "i1", ("lon",))
            lon.set_auto_maskandscale(False)
            lon.setncatts({**attributes, "_Unsigned": "true", "scale_factor": 2.0})
            lon[:] = (LON / 2).astype("u1").view("i1")
        path = self.output(self.one_year(form="NETCDF3_CLASSIC", change=store))
        np.testing.assert_array_equal(read(path, "tas")["lon"], LON)

    def test_existing_files_follow_the_coordinates_of_the_first_file(self):
        case = self.one_year()
        case.config["normals"].update(window=2)
        case.periods(YEAR, YEAR)
        self.output(case, "begins before")
        for change in (dict(lon_bounds=np.stack([LON - 40, LON + 50], 1)),
                       dict(lat_bounds=np.stack([LAT - 15, LAT + 25], 1)), dict(lon=LON + 1e-4)):
            with self.subTest(list(change)):
                options = {"lon": LON, **change}
                path = os.path.join(case.data, "tas", trees.name("tas", 1999))
                trees.year_file(case.data, "tas", 1999, calendar="360_day",
                                raw=np.zeros((360, 3, 4), "f4"), lat=LAT, units="1",
                                **options)
                result = case.run()
                self.assertEqual(result.variable("tas")["normals_written"], 1)
                again = case.run()
                self.assertEqual(again.variable("tas")["normals_skipped"], 1)
                os.remove(path)


if __name__ == "__main__":
    main()
