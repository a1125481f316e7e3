"""Grids whose cells have latitudes and longitudes of their own: curvilinear ones, unstructured ones,
stations and points, against numpy; and what xarray and CDO make of the outputs.
"""
import os
import re
import subprocess

import netCDF4
import numpy as np
import xarray

import trees
from build import ROOT
from climnorm_case import Case, TestCase, main

YEARS = range(2000, 2005)
DAYS = 365
BOXES = {"EAST": ([0.0, 20.0], [42.0, 52.0]), "WEST": ([350.0, 368.0], [40.0, 58.0]),
         "ONE": ([9.0, 12.5], [47.5, 49.5]), "CONUS2": ([-125.0, -66.0], [24.0, 50.0])}


def unrotate(lat, lon, pole_lat=39.25, pole_lon=-162.0):
    """Geographic latitude and longitude of rotated ones."""
    tilt, lat, lon = np.radians(90 - pole_lat), np.radians(lat), np.radians(lon)
    x, y, z = np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)
    north = np.sin(tilt) * x + np.cos(tilt) * z
    east = np.cos(tilt) * x - np.sin(tilt) * z
    return (np.degrees(np.arcsin(north)),
            (np.degrees(np.arctan2(y, east)) + pole_lon + 180 + 180) % 360 - 180)


def lambert(x, y, lat0=50.0, lon0=10.0):
    """Of Lambert's conformal conic projection, tangent at lat0, on a sphere."""
    n, earth = np.sin(np.radians(lat0)), 6371.0
    f = np.cos(np.radians(lat0)) * np.tan(np.pi / 4 + np.radians(lat0) / 2) ** n / n
    rho0 = earth * f / np.tan(np.pi / 4 + np.radians(lat0) / 2) ** n
    rho = np.hypot(x, rho0 - y)
    lat = np.degrees(2 * np.arctan((earth * f / rho) ** (1 / n)) - np.pi / 2)
    return lat, lon0 + np.degrees(np.arctan2(x, rho0 - y) / n)


def open_year(folder, model, year, form="NETCDF4"):
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, trees.name("tas", f"{year}0101-{year}1231", model=model, grid=""))
    nc = netCDF4.Dataset(path, "w", format=form)
    nc.createDimension("time", None)
    time = nc.createVariable("time", "f8", ("time",))
    time.setncatts({"units": "days since 1949-12-01 00:00:00", "calendar": "365_day",
                    "standard_name": "time", "axis": "T"})
    time[:] = np.arange(DAYS) + (year - 1950) * DAYS + 31.5
    return nc


def add_place(nc, names, dims, places, units=("degrees_north", "degrees_east"), corners=None,
              fill=None):
    """Latitudes and longitudes; places: their values. corners: offsets of each corner."""
    for axis in range(2):
        var = nc.createVariable(names[axis], "f8", dims, fill_value=fill)
        var.setncatts({"standard_name": ("latitude", "longitude")[axis], "units": units[axis]})
        var[:] = places[axis]
        if corners is not None:
            if "corner" not in nc.dimensions:
                nc.createDimension("corner", corners[axis].shape[-1])
            var.bounds = names[axis] + "_vertices"
            nc.createVariable(var.bounds, "f8", dims + ("corner",))[:] = corners[axis]


def add_values(nc, dims, values, **storage):
    var = nc.createVariable("tas", "f4", dims, fill_value=np.float32(1e20), **storage)
    var.setncatts({"units": "K", "standard_name": "air_temperature", "cell_methods": "time: mean"})
    var[:] = np.where(np.isnan(values), np.float32(1e20), values)
    return var


def values_of(shape, year, seed):
    rng = np.random.default_rng([seed, year])
    values = rng.normal(280, 9, (DAYS,) + shape).astype("f4")
    values[rng.random(values.shape) < 0.01] = np.nan
    return values


class Grid:
    """One grid: writes years, and knows its cells."""
    seed, dims, names, form, chunks = 0, ("y", "x"), ("lat", "lon"), "NETCDF4", None

    def write(self, root, values=values_of):
        for year in YEARS:
            data = values(self.shape, year, self.seed)
            with open_year(os.path.join(root, self.model), self.model, year, self.form) as nc:
                self.fill(nc, data)

    def fill(self, nc, data):
        for dim, size in zip(self.dims, self.shape):
            nc.createDimension(dim, size)
        self.place(nc)
        storage = {} if self.form != "NETCDF4" else dict(
            chunksizes=self.chunks, zlib=bool(self.chunks), shuffle=True,
            contiguous=False)
        var = add_values(nc, ("time",) + self.dims, data, **storage)
        self.finish(nc, var)

    def place(self, nc):
        add_place(nc, self.names, self.dims, (self.lat, self.lon))

    def finish(self, nc, var):
        var.coordinates = " ".join(self.names[::-1])

    @property
    def shape(self):
        return self.lat.shape

    def inside(self, box):
        ok = np.isfinite(self.lat) & np.isfinite(self.lon)
        if box is None:
            return ok
        (west, east), (south, north) = box
        return ok & (self.lat >= south) & (self.lat <= north) & (
            (self.lon - west) % 360 <= east - west)

    def expected(self, box, last, window=3):
        """Means and counts of the cells of a box; its latitudes and longitudes."""
        data = np.stack([values_of(self.shape, y, self.seed) for y in
                         range(last - window + 1, last + 1)]).astype("f8")
        count = np.isfinite(data).sum(0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.nansum(data, 0) / np.where(count, count, np.nan)
        inside = self.inside(box)
        mean[:, ~inside], count[:, ~inside] = np.nan, 0
        part = self.part(inside, box)
        return mean[(slice(None),) + part], count[(slice(None),) + part], part

    def part(self, inside, box):
        if box is None:
            return (slice(None),) * 2
        rows, columns = np.where(inside.any(1))[0], np.where(inside.any(0))[0]
        return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


class Cordex(Grid):
    model, dims, seed, chunks = "CORDEX", ("rlat", "rlon"), 1, (7, 16, 24)

    def __init__(self):
        self.axes = np.linspace(-10, 10, 30), np.linspace(-15, 15, 40)
        self.lat, self.lon = unrotate(*np.meshgrid(*self.axes, indexing="ij"))
        lat, lon = np.meshgrid(*self.axes, indexing="ij")
        ring = [unrotate(lat + i * .34, lon + j * .38)
                for i, j in ((-1, -1), (-1, 1), (1, 1), (1, -1))]
        self.corners = [np.stack([r[axis] for r in ring], -1) for axis in range(2)]

    def place(self, nc):
        for axis in range(2):
            var = nc.createVariable(self.dims[axis], "f8", (self.dims[axis],))
            var.setncatts({"standard_name": ("grid_latitude", "grid_longitude")[axis],
                           "units": "degrees", "axis": "YX"[axis]})
            var[:] = self.axes[axis]
        pole = nc.createVariable("rotated_pole", "S1", ())
        pole.setncatts({"grid_mapping_name": "rotated_latitude_longitude",
                        "grid_north_pole_latitude": 39.25, "grid_north_pole_longitude": -162.0})
        add_place(nc, self.names, self.dims, (self.lat, self.lon), corners=self.corners)

    def finish(self, nc, var):
        super().finish(nc, var)
        var.grid_mapping = "rotated_pole"


class Lambert(Grid):
    model, seed, form = "LAMBERT", 2, "NETCDF3_64BIT_OFFSET"

    def __init__(self):
        self.axes = np.arange(-500, 501, 100.0), np.arange(-900, 901, 120.0)
        y, x = np.meshgrid(*self.axes, indexing="ij")
        self.lat, self.lon = lambert(x, y)

    def place(self, nc):
        for axis in range(2):
            var = nc.createVariable(self.dims[axis], "f8", (self.dims[axis],))
            var.setncatts({"standard_name": f"projection_{'yx'[axis]}_coordinate", "units": "km"})
            var[:] = self.axes[axis]
        mapping = nc.createVariable("Lambert_Conformal", "i4", ())
        mapping.setncatts({"grid_mapping_name": "lambert_conformal_conic", "earth_radius": 6371e3,
                           "standard_parallel": 50.0, "longitude_of_central_meridian": 10.0,
                           "latitude_of_projection_origin": 50.0})
        super().place(nc)

    def finish(self, nc, var):
        super().finish(nc, var)
        var.grid_mapping = "Lambert_Conformal: x y"
        var.coordinates += " Lambert_Conformal"  # as xarray writes it


class Ocean(Grid):
    """Land has no coordinates, and the longitudes jump."""
    model, seed, names, chunks = "OCEAN", 3, ("nav_lat", "nav_lon"), (30, 20, 50)

    def __init__(self):
        j, i = np.meshgrid(np.arange(20), np.arange(50), indexing="ij")
        self.lat = -60 + 7 * j + np.sin(i / 8) * j / 4
        self.lon = (73 + 7.2 * i + j / 3 + 180) % 360 - 180
        land = (i + 2 * j) % 7 == 0
        self.lat[land] = self.lon[land] = np.nan

    def place(self, nc):
        add_place(nc, self.names, self.dims,
                  (np.nan_to_num(self.lat, nan=1e20), np.nan_to_num(self.lon, nan=1e20)), fill=1e20)


class Cells(Grid):
    model, dims, seed, names, chunks = "ICON", ("cell",), 4, ("clat", "clon"), (1, 700)

    def __init__(self):
        rng = np.random.default_rng(9)
        self.lat = np.degrees(np.arcsin(rng.uniform(-1, 1, 700)))
        self.lon = rng.uniform(-180, 180, 700)
        offsets = np.array([-.2, .2, 0])
        self.corners = self.lat[:, None] + offsets, self.lon[:, None] + offsets[::-1]

    def place(self, nc):
        add_place(nc, self.names, self.dims, np.radians((self.lat, self.lon)),
                  units=("radian", "radian"), corners=np.radians(self.corners))

    def part(self, inside, box):
        return (inside,)


class Spectral(Cells):
    """As E3SM writes it: nothing but units, days in one chunk."""
    model, dims, seed, names, chunks = "E3SM", ("ncol",), 5, ("lat", "lon"), (400, 100)

    def place(self, nc):
        for name, unit, values in zip(self.names, ("degrees_north", "degrees_east"),
                                      (self.lat, self.lon)):
            var = nc.createVariable(name, "f8", self.dims)
            var.units = unit
            var[:] = values

    def finish(self, nc, var):
        pass


class Stations(Cells):
    model, dims, seed, names, chunks = "OBS", ("station",), 6, ("lat", "lon"), None

    def __init__(self):
        self.lat, self.lon = np.linspace(30, 52, 12), np.linspace(-120, 10, 12)
        self.ids = [f"ST-{k}" * (1 + k % 2) for k in range(12)]

    def fill(self, nc, data):
        nc.featureType = "timeSeries"
        nc.createDimension("station", 12)
        add_place(nc, self.names, self.dims, (self.lat, self.lon))
        ids = nc.createVariable("station_id", str, ("station",))
        ids.setncatts({"cf_role": "timeseries_id", "long_name": "station identifier"})
        for k, text in enumerate(self.ids):
            ids[k] = text
        alt = nc.createVariable("alt", "f4", ("station",))
        alt.setncatts({"standard_name": "height", "units": "m", "positive": "up", "axis": "Z"})
        alt[:] = 10 * np.arange(12)
        var = add_values(nc, ("station", "time"), data.T)
        var.coordinates = "lat lon alt station_id"


class Point(Grid):
    model, dims, seed, names, form = "POINT", (), 7, ("lat", "lon"), "NETCDF3_CLASSIC"

    def __init__(self):
        self.lat, self.lon = np.array(48.5), np.array(11.0)

    def fill(self, nc, data):
        self.place(nc)
        self.finish(nc, add_values(nc, ("time",), data))

    def part(self, inside, box):
        return ()


GRIDS = {grid.model: grid for grid in (Cordex(), Lambert(), Ocean(), Cells(), Spectral(),
                                       Stations(), Point())}


def case_of(root, model, **config):
    custom = [{"name": k, "lon": lon, "lat": lat} for k, (lon, lat) in BOXES.items()]
    return Case(input={"root": os.path.join(root, model)}, variables=["tas"],
                custom_regions=custom, output={"root": "output", "counts": True},
                **config).periods(2003, 2004)


def contents(case):
    """Of the variables of all outputs: the files themselves have dates."""
    found = {}
    for name, path in case.normals().items():
        with netCDF4.Dataset(path) as nc:
            nc.set_auto_maskandscale(False)
            found[name] = [nc[v][...].tobytes() for v in nc.variables]
    return found


class Grids(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tree = Case()
        cls.addClassCleanup(cls.tree.close)
        for grid in GRIDS.values():
            grid.write(cls.tree.data)

    def judge(self, case, grid, where=""):
        for region, box in list(BOXES.items()) + [("GLOBAL", None)]:
            made = grid.inside(box).any()
            for year in (2003, 2004):
                path = case.path("tas", year, region)
                self.assertEqual(os.path.exists(path), bool(made), f"{grid.model} {region}{where}")
                if made:
                    with self.subTest(grid=grid.model, region=region, year=year):
                        self.compare(path, grid, box, year)

    def compare(self, path, grid, box, year):
        mean, count, part = grid.expected(box, year)
        with netCDF4.Dataset(path) as nc:
            self.assertEqual(nc["tas"].dimensions, ("dayofyear",) + grid.dims)
            got = np.ma.filled(nc["tas"][:].astype("f8"), np.nan)
            np.testing.assert_allclose(got, mean, rtol=1.2e-7)
            np.testing.assert_array_equal(nc["tas_count"][:], count)
            for name, values in zip(grid.names, (grid.lat, grid.lon)):
                np.testing.assert_allclose(np.ma.filled(nc[name][:], np.nan), values[part],
                                           rtol=0, atol=1e-9)
                self.assertIn(name, nc["tas"].coordinates.split())
            if hasattr(grid, "corners") and grid.model != "E3SM":
                for name, corners in zip(grid.names, grid.corners):
                    np.testing.assert_allclose(nc[nc[name].bounds][:], corners[part], atol=1e-9)

    def test_values_and_coordinates(self):
        for model, grid in GRIDS.items():
            with case_of(self.tree.data, model) as case:
                result = case.run("--threads", "2")
                lacks = [r for r, box in BOXES.items() if not grid.inside(box).any()]
                self.exits(result, 2 if lacks else 0)
                for region in lacks:
                    self.assertIn(f"region {region} ", result.problems("tas"))
                self.judge(case, grid)
                if not lacks:
                    self.exits(case.run("--threads", "1"), 0)

    def test_passes_make_the_same_values(self):
        for model in ("CORDEX", "OCEAN", "ICON", "E3SM"):
            with case_of(self.tree.data, model) as case:
                case.run("--threads", "2")
                whole = contents(case)
                self.assertTrue(whole)
                for memory in ("400 kB", "800 kB"):
                    case.config["engine"] = {"memory": memory}
                    case.config["output"]["existing"] = "overwrite"
                    result = case.run("--threads", "2")
                    if "needs at least" in result.said:
                        continue
                    self.judge(case, GRIDS[model], memory)
                    self.assertGreater(result.variable("tas")["passes"], 1, (model, memory))
                    self.assertEqual(whole, contents(case))

    def test_names_of_the_source_stay(self):
        with case_of(self.tree.data, "CORDEX") as case:
            case.run()
            with netCDF4.Dataset(case.path("tas", 2003, "EAST")) as nc:
                self.assertEqual(nc["tas"].grid_mapping, "rotated_pole")
                self.assertEqual(nc["rotated_pole"].grid_north_pole_latitude, 39.25)
                self.assertEqual((nc["rlat"].axis, nc["rlon"].axis), ("Y", "X"))
                _, _, part = GRIDS["CORDEX"].expected(BOXES["EAST"], 2003)
                for name, values, cut in zip(("rlat", "rlon"), GRIDS["CORDEX"].axes, part):
                    np.testing.assert_array_equal(nc[name][:], values[cut])
        with case_of(self.tree.data, "LAMBERT") as case:
            case.run()
            with netCDF4.Dataset(case.path("tas", 2003)) as nc:
                self.assertEqual(nc["tas"].grid_mapping, "Lambert_Conformal")
                self.assertNotIn("Lambert", nc["tas"].coordinates)
                self.assertEqual(nc["x"].standard_name, "projection_x_coordinate")
        with case_of(self.tree.data, "OBS") as case:
            case.run()
            with netCDF4.Dataset(case.path("tas", 2003, "EAST")) as nc:
                inside = GRIDS["OBS"].inside(BOXES["EAST"])
                self.assertEqual(nc["station_id"].getncattr("_Encoding"), "utf-8")
                self.assertEqual(nc["station_id"].cf_role, "timeseries_id")
                self.assertNotIn("featureType", nc.ncattrs())
                self.assertEqual(list(nc["station_id"][:]),
                                 list(np.array(GRIDS["OBS"].ids)[inside]))
                np.testing.assert_array_equal(nc["alt"][:], 10 * np.where(inside)[0])

    def test_layouts_products_and_verify(self):
        for model in ("OCEAN", "ICON", "POINT"):
            with case_of(self.tree.data, model, products=[
                    {"name": "normal"}, {"name": "warm", "over": "p90", "pool": 5},
                    {"name": "monthly", "time": "month"}]) as case:
                case.config["output"].update(layout="stacked", axis="time",
                                             pattern="{region}/{variable}_{product}_{period}.nc")
                case.run()
                made = case.normals()
                self.assertTrue(made)
                path = made["GLOBAL/tas_normal_p.nc"]
                with netCDF4.Dataset(path) as nc:
                    mean, _, _ = GRIDS[model].expected(None, 2004)
                    np.testing.assert_allclose(np.ma.filled(nc["tas"][1].astype("f8"), np.nan),
                                               mean, rtol=1.2e-7)
                self.exits(case.run(command="verify", config=case.out), 0)
                again = case.run()
                self.assertEqual(again.variable("tas")["normals_written"], 0)

    def test_plan_and_inspect_say_what_the_grid_is(self):
        for model, text in {"CORDEX": "30 x 40 cells (rlat x rlon, curvilinear)",
                            "ICON": "700 cells (cell)", "POINT": "1 cell (a point)"}.items():
            with case_of(self.tree.data, model) as case:
                self.assertIn(text, case.run(command="plan").out)
                path = os.path.join(self.tree.data, model, sorted(
                    os.listdir(os.path.join(self.tree.data, model)))[0])
                self.assertIn(text, case.run(command="inspect", config=path).out)

    def test_xarray_and_cdo_understand_the_outputs(self):
        try:
            import xarray
        except ImportError:
            xarray = None
        for model, kind in {"CORDEX": "curvilinear", "OCEAN": "curvilinear",
                            "ICON": "unstructured", "E3SM": "unstructured"}.items():
            with case_of(self.tree.data, model) as case:
                case.run()
                path = case.path("tas", 2003)
                grid = GRIDS[model]
                if xarray:
                    with xarray.open_dataset(path) as data:
                        self.assertIn(grid.names[0], data["tas"].coords)
                        self.assertEqual(data["tas"].shape, (DAYS,) + grid.shape)
                said = subprocess.run(["cdo", "-s", "griddes", path], capture_output=True,
                                      text=True, check=False)
                with self.subTest(model):
                    self.assertIn(f"= {kind}", said.stdout, said.stderr)


class Recipe(TestCase):
    def test_the_recipe_of_the_docs(self):
        with open(os.path.join(ROOT, "docs", "grids.md")) as f:
            text, command, shown = re.search(
                r"^```libconfig\n(.*?)^```\n.*^\$ climnorm (\w+) .*?^\.\.\. (.*?)\n", f.read(),
                re.M | re.S).groups()
        with Case() as case:
            GRIDS["CORDEX"].write(case.data)
            self.exits(case.run(text=text), 0)
            self.assertIn(shown, case.run(text=text, command=command).out)
            box = [5.0, 16.0], [44.0, 48.5]
            mean, _, _ = GRIDS["CORDEX"].expected(box, 2004)
            with netCDF4.Dataset(case.path("tas", 2004, "ALPS", "recent")) as nc:
                np.testing.assert_allclose(np.ma.filled(nc["tas"][:].astype("f8"), np.nan), mean,
                                           rtol=1.2e-7)


class OddGrids(TestCase):
    def years(self, grid, *options):
        case = Case(variables=["tas"]).periods(2003, 2003)
        self.addCleanup(case.close)
        grid.write(case.data)
        return case

    def change(self, case, model, year, function):
        name = trees.name("tas", f"{year}0101-{year}1231", model=model, grid="")
        with netCDF4.Dataset(os.path.join(case.data, model, name), "a") as nc:
            function(nc)
        return name

    def test_a_file_with_another_grid_is_left_out(self):
        case = self.years(Cordex())

        def shift(nc):
            nc["lat"][3, 4] += 0.01
        name = self.change(case, "CORDEX", 2001, shift)
        result = case.run()
        self.exits(result, 2)
        self.assertIn(name, result.problems("tas"))
        self.assertIn("its grid differs: latitude", result.problems("tas"))

    def test_corners_that_are_none_are_left_out(self):
        """Cells without a place may have any."""
        grid = Cells()
        for what, spoilt, is_odd in (
                ("zeros", np.zeros((700, 3)), True), ("NaN", np.full((700, 3), np.nan), True),
                ("1e20", np.full((700, 3), 1e20), True),
                ("degrees", grid.corners[0], True),
                ("those of other cells", np.radians(grid.corners[0][::-1]), True),
                ("one", np.where(np.arange(700)[:, None] == 9, 0, np.radians(grid.corners[0])), True),
                ("sound", np.radians(grid.corners[0]), False)):
            with self.subTest(what):
                case = self.years(grid)

                def spoil(nc, spoilt=spoilt):
                    nc["clat_vertices"][:] = spoilt
                for year in YEARS:
                    self.change(case, "ICON", year, spoil)
                result = case.run()
                self.exits(result, 0)
                self.assertEqual(result.err.count("the corners of cells are not"), is_odd)
                with netCDF4.Dataset(case.path("tas", 2003)) as nc:
                    self.assertEqual("bounds" in nc["clat"].ncattrs(), not is_odd)

    def test_impossible_places(self):
        for value, reason in ((95.0, "outside -90 to 90"), (np.nan, "no cell has a latitude")):
            case = self.years(Cells())

            def spoil(nc, value=value):
                nc["clat"][:] = np.radians(value)
            for year in YEARS:
                self.change(case, "ICON", year, spoil)
            result = case.run()
            self.exits(result, 2)
            self.assertIn(reason, result.problems("tas"))

    def test_the_largest_grid_is_read(self):
        """16777216 cells, as docs/grids.md has it."""
        case, size = Case(), 4096
        self.addCleanup(case.close)
        path = os.path.join(case.data, "large.nc")
        with netCDF4.Dataset(path, "w") as nc:
            for name, length in (("time", 1), ("y", size), ("x", size)):
                nc.createDimension(name, length)
            nc.createVariable("time", "f8", ("time",))[:] = 0
            nc["time"].units = "days since 2000-01-01"
            storage = dict(zlib=True, complevel=1, chunksizes=(64, size))
            places = np.linspace(-80, 80, size)[:, None], np.linspace(0, 359, size)[None, :]
            for name, unit, values in zip(("lat", "lon"), ("degrees_north", "degrees_east"), places):
                var = nc.createVariable(name, "f8", ("y", "x"), **storage)
                var.units = unit
                var[:] = np.broadcast_to(values, (size, size))
            nc.createVariable("tas", "f4", ("time", "y", "x"), zlib=True,
                              chunksizes=(1, 64, size)).units = "K"
        result = case.run(command="inspect", config=path)
        self.exits(result, 0)
        self.assertIn("4096 x 4096 cells (y x x, curvilinear)", result.out)

    def test_undeclared_fill_values_are_no_places(self):
        """-999 and the like in radians or degrees, in latitude, longitude or both."""
        class Odd(Spectral):
            def __init__(self):
                super().__init__()
                self.written = self.lat.copy(), self.lon.copy()
                for axis, cell, value in ((0, 0, -999.0), (0, 1, 999.0), (1, 2, -999.0),
                                          (0, 3, 1e20), (1, 3, 1e20), (1, 4, -9999.0)):
                    self.written[axis][cell] = value
                self.lat[:5] = self.lon[:5] = np.nan

            def place(self, nc):
                for name, unit, values in zip(self.names, ("degrees_north", "degrees_east"),
                                              self.written):
                    nc.createVariable(name, "f8", self.dims)[:] = values
                    nc[name].units = unit
        grid = Odd()
        case = self.years(grid)
        self.exits(case.run(), 0)
        with netCDF4.Dataset(case.path("tas", 2003)) as nc:
            np.testing.assert_array_equal(nc["lat"][:], grid.lat[5:])
            mean, _, _ = grid.expected(None, 2003)
            np.testing.assert_allclose(np.ma.filled(nc["tas"][:], np.nan), mean, rtol=1.2e-7)

    def test_radians_without_units(self):
        """Names of MPAS and ICON; the same numbers under another name are degrees."""
        for names, are_radians in ((("latCell", "lonCell"), True), (("clat", "clon"), True),
                                   (("nav_lat", "nav_lon"), False)):
            class Bare(Cells):
                def place(self, nc, names=names):
                    add_place(nc, names, self.dims, np.radians((self.lat, self.lon)),
                              corners=np.radians(self.corners))
                    for name in names:
                        del nc[name].units, nc[name].standard_name

                def finish(self, nc, var):
                    pass
            with self.subTest(names):
                grid = Bare()
                case = self.years(grid)
                self.exits(case.run(), 0)
                with netCDF4.Dataset(case.path("tas", 2003)) as nc:
                    lat = nc[names[0]]
                    expected = grid.lat if are_radians else np.radians(grid.lat)
                    np.testing.assert_allclose(lat[:], expected, atol=1e-9)
                    corners = grid.corners[0] if are_radians else np.radians(grid.corners[0])
                    np.testing.assert_allclose(nc[lat.bounds][:], corners, atol=1e-9)

    def test_units_that_are_no_angle(self):
        case = self.years(Cells())

        def spoil(nc):
            nc["clat"].units = "m"
        for year in YEARS:
            self.change(case, "ICON", year, spoil)
        self.assertIn("expected degrees_north", case.run().problems("tas"))

    def test_names_that_outputs_use(self):
        grid = Cells()
        grid.dims, grid.names = ("dayofyear",), ("bnds", "target_year")
        case = self.years(grid)
        result = case.run()
        self.exits(result, 0)
        with netCDF4.Dataset(case.path("tas", 2003)) as nc:
            self.assertEqual(nc["tas"].dimensions, ("dayofyear", "source_dayofyear"))
            self.assertIn("source_bnds", nc["tas"].coordinates)

    def test_texts_and_many_coordinates_are_kept(self):
        grid = Stations()
        long = "Müller" * 900
        grid.ids = [long] + (["Zürich", "", "日本"] * 4)[:11]
        case = self.years(grid)

        def extend(nc):
            nc.createDimension("width", 300)
            ids = netCDF4.stringtochar(np.array([f"st{k}" for k in range(12)], "S300"))
            nc.createVariable("codes", "S1", ("station", "width"))[:] = ids
            nc.createDimension("one", 1)
            nc.createVariable("latin", "S1", ("station", "one"))[:] = b"\xe4"
            named = ["codes", "latin"] + [f"c{k}" for k in range(14)]
            for name in named[2:]:
                nc.createVariable(name, "f4", ("station",))[:] = 1
            nc.createVariable("pairs", "f4", ("station", "width"))
            nc["tas"].coordinates = " ".join(["lat lon alt", *named, "pairs"])
        for year in YEARS:
            self.change(case, "OBS", year, extend)
        result = case.run()
        self.exits(result, 0)
        self.assertEqual(result.said.count("outputs lack coordinates of 5 files"), 1, result.said)
        with xarray.open_dataset(case.path("tas", 2003), decode_times=False) as ds:
            cut = ds["station_id"].values[0]
            self.assertEqual(list(ds["station_id"].values[1:]), grid.ids[1:12])
            self.assertTrue(4093 <= len(cut.encode()) <= 4096 and long.startswith(cut))
            self.assertEqual(ds["codes"].values[3], "st3")
            self.assertEqual(ds["latin"].values[0], b"\xe4")
            self.assertNotIn("pairs", ds)
            kept = set(ds.coords) - {"lat", "lon", "dayofyear", "climatology_time", "target_year"}
            self.assertEqual(len(kept), 16)

    def test_a_station_in_stacked_files_with_dates(self):
        """Texts along a dimension that is chosen from, and the order of stations."""
        grid, dims = Stations(), (("time", "member", "station"), ("station", "member", "time"))
        for own in dims:
            case = Case(input={"root": "data", "select": {"member": 1}}, variables=["tas"],
                        output={"root": "output", "layout": "stacked", "axis": "time",
                                "pattern": "{variable}.nc"}).periods(2003, 2004)
            self.addCleanup(case.close)
            for year in YEARS:
                values = np.stack([values_of((12,), year, k) for k in range(3)], axis=1)
                with open_year(case.data, "OBS", year) as nc:
                    for name, size in (("station", 12), ("member", 3), ("length", 6)):
                        nc.createDimension(name, size)
                    add_place(nc, grid.names, ("station",), (grid.lat[::-1], grid.lon[::-1]))
                    texts = nc.createVariable("member_name", "S1", ("member", "length"))
                    texts[:] = np.array([f"{text:6}".encode() for text in ("a", "bb", "ccc")],
                                        "S6").view("S1").reshape(3, 6)
                    names = nc.createVariable("name", str, ("station",))
                    names[:] = np.array([f"Ö{k}" for k in range(12)], object)
                    var = add_values(nc, own, values.transpose(
                        [("time", "member", "station").index(dim) for dim in own]))
                    var.coordinates = "lat lon name member_name"
            self.exits(case.run(), 0)
            with xarray.open_dataset(os.path.join(case.out, "tas.nc")) as made:
                self.assertEqual(made["tas"].dims, ("target_year", "time", "station"))
                self.assertEqual(made["name"].values.tolist(), [f"Ö{k}" for k in range(12)])
                self.assertEqual(made["member_name"].item().strip(), "bb")
                self.assertTrue(all(isinstance(text, str) for text in made["source_files"].values))
                np.testing.assert_array_equal(made["lat"], grid.lat[::-1])
                for k, last in enumerate((2003, 2004)):
                    data = np.stack([values_of((12,), year, 1) for year in range(last - 2, last + 1)])
                    np.testing.assert_allclose(made["tas"][k], np.nanmean(data.astype("f8"), axis=0),
                                               rtol=2e-7)

    def test_ragged_arrays_are_told(self):
        for attribute in ("sample_dimension", "instance_dimension"):
            case = Case(variables=["tas"]).periods(2003, 2003)
            self.addCleanup(case.close)
            with open_year(case.data, "OBS", 2003) as nc:
                nc.createDimension("station", 2)
                add_place(nc, ("lat", "lon"), ("station",), ([1, 2], [3, 4]))
                size = nc.createVariable("size", "i4", ("station",))
                size.setncattr(attribute, "time")
                nc.createVariable("tas", "f4", ("time",)).coordinates = "time lat lon"
            result = case.run()
            self.exits(result, 2)
            self.assertIn("a ragged array, in which stations follow each other", result.said)

    def test_extent_across_the_date_line(self):
        """ACDD: geospatial_lon_min is greater than geospatial_lon_max then."""
        for west, corners in ((160.0, [-3, 3]), (350.0, [-3, 3]), (350.0, None), (20.0, [-3, 3])):
            for turn in (0, 360):  # -180 to 180, 0 to 360
                with self.subTest(west=west, turn=turn):
                    grid = Ocean()
                    east = west + 42
                    lat, lon = np.meshgrid(np.linspace(40, 60, 6), np.linspace(west, east, 8),
                                           indexing="ij")
                    grid.lat = lat
                    grid.lon = lon % 360 if turn else (lon + 180) % 360 - 180
                    grid.chunks = None
                    offsets = corners and np.array([corners[0], corners[1]] * 2)
                    grid.place = lambda nc, g=grid, o=offsets: add_place(
                        nc, g.names, g.dims, (g.lat, g.lon), corners=None if o is None else
                        (g.lat[..., None] + [-1, -1, 1, 1],
                         (g.lon[..., None] + o) % 360 - (0 if turn else 360) * (
                             (g.lon[..., None] + o) % 360 > 180)))
                    case = self.years(grid)
                    self.exits(case.run(), 0)
                    with netCDF4.Dataset(case.path("tas", 2003)) as nc:
                        low, high = nc.geospatial_lon_min, nc.geospatial_lon_max
                        if west == 160 and turn == 0:
                            self.assertEqual((low, high), (160, -158))
                        self.assertAlmostEqual((low - west) % 360, 0)
                        self.assertAlmostEqual((high - east) % 360, 0)
                        if corners:
                            edges = [float(p.split()[1]) for p in
                                     nc.geospatial_bounds[10:-2].split(", ")]
                            self.assertEqual(max(edges) - min(edges), 48)
                            self.assertAlmostEqual((min(edges) - west + 3) % 360, 0)

    def test_kept_names_that_outputs_use(self):
        """Whatever coordinates are called, each is kept under a name of its own."""
        names = ["lat_bnds", "tas_count", "threshold", "source_threshold", "tas_hot_days_count",
                 "vertices"]
        case = Case(variables=["tas"], output={"counts": True}, products=[
            {"name": "plain"}, {"name": "hot-days", "time": "year", "within": "count_gt",
                                "threshold": "10 degC"}]).periods(2003, 2003)
        self.addCleanup(case.close)
        grid = Cordex()
        grid.dims = ("source_time", "time_x")
        grid.write(case.data)

        def extend(nc):
            for k, name in enumerate(names):
                nc.createVariable(name, "f8", ("source_time",))[:] = k + np.arange(30)
            nc.renameVariable("time_x", "aside")
            nc.createVariable("time_x", "f8", ())[:] = 77
            nc["tas"].coordinates = "lat lon time_x " + " ".join(names)
        for year in YEARS:
            self.change(case, "CORDEX", year, extend)
        result = case.run()
        self.exits(result, 0)
        for product, field in (("plain", "tas"), ("hot-days", "hot_days")):
            path, = [p for n, p in case.normals().items() if product in n]
            with xarray.open_dataset(path, decode_times=False) as ds:
                kept = [name for name in ds.coords if ds[name].dims == ("source_time",)]
                for k, name in enumerate(names):
                    own = [n for n in kept if n.endswith(name) and ds[n].values[0] == k
                           and ds[n].values[1] == k + 1]
                    self.assertEqual(len(own), 1, f"{name}: {kept}")
                self.assertIn("source_time_x", ds.coords)
                self.assertEqual(ds[field + "_count"].dims[1:], ("source_time", "time_x"))
                self.assertEqual(ds["lat_bnds"].dims[-1], "vertices")


if __name__ == "__main__":
    main()
