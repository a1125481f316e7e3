"""`climnorm map` and `series`: colours of cells and tables against values that xarray reads, sizes and
forms of files, and what is said of files that cannot be drawn. The colours are computed here from their
anchors, too."""
import os
import shutil
import subprocess
import tempfile
import xml.dom.minidom

import matplotlib.image
import netCDF4
import numpy as np
import xarray

import climnorm_case
import trees
from climnorm_case import BIN
from scale_colours import TEMPERATURE, WARMING, colours

MISSING = (0xd9 / 255,) * 3


def frame(image):
    """Where the rows and columns inside the frame of the only map begin and end."""
    is_dark = image[..., :3].max(-1) < .35
    rows = np.flatnonzero(is_dark.sum(1) > .6 * image.shape[1])
    columns = np.flatnonzero(is_dark[rows[0]:rows[-1]].mean(0) > .9)
    return rows[0] + 1, rows[-1], columns[0] + 1, columns[-1]


def cell_colours(image, rows, columns):
    """The colour that most pixels of each cell have, [row][column], the north first."""
    top, bottom, left, right = frame(image)
    found = np.empty((rows, columns, 3))
    y = np.linspace(top, bottom, rows + 1).round().astype(int)
    x = np.linspace(left, right, columns + 1).round().astype(int)
    for i in range(rows):
        for j in range(columns):
            cell = image[y[i] + 2:y[i + 1] - 1, x[j] + 2:x[j + 1] - 1, :3].reshape(-1, 3)
            kinds, counts = np.unique(cell, axis=0, return_counts=True)
            found[i, j] = kinds[counts.argmax()]
    return found


class Pictures(climnorm_case.TestCase):
    @classmethod
    def setUpClass(cls):
        """Normals and monthly means of three target years; a cell is missing."""
        cls.base = tempfile.mkdtemp(prefix="climnorm-pictures-")
        cls.addClassCleanup(shutil.rmtree, cls.base)
        with climnorm_case.Case(variables=["tas", "pr"]) as case:
            for year in range(2000, 2006):
                for variable, kind in (("tas", "temp"), ("pr", "pr")):
                    raw = trees.values_like(kind, f"{variable}{year}", 365)
                    raw[:, 1, 2] = 1e20
                    trees.year_file(case.data, variable, year, raw=raw,
                                    units="K" if variable == "tas" else "kg m-2 s-1",
                                    attributes={"standard_name": "air_temperature"
                                                if variable == "tas" else "precipitation_flux",
                                                "long_name": "Air" if variable == "tas" else "Rain"})
            case.periods(2003, 2005)
            case.config["products"] = [{"name": "normal"}, {"name": "monthly", "time": "month"}]
            for layout in ("single", "stacked"):
                case.config["output"] |= {
                    "layout": layout, "pattern": "{variable}_{product}" +
                    ("_{year}.nc" if layout == "single" else ".nc")}
                result = case.run("-q")
                assert result.code == 0, result.err
                shutil.move(case.out, os.path.join(cls.base, layout))

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.base)

    def input(self, name):
        layout = "single" if name[-1].isdigit() else "stacked"
        return os.path.join(self.base, layout, name + ".nc")

    def call(self, *words, code=0, command="map", **options):
        done = subprocess.run([BIN, command, *words], capture_output=True, text=True,
                              cwd=self.folder, timeout=60, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def image(self, *words):
        """An image of a map; rows ascend southward."""
        self.call(*words, "-o", "map.png")
        return matplotlib.image.imread(os.path.join(self.folder, "map.png"))

    def says(self, pattern, *words, code=1, **options):
        done = self.call(*words, code=code, **options)
        self.assertRegex(done.stderr, pattern)
        self.assertEqual(os.listdir(self.folder), [])

    def values(self, name, variable="tas"):
        with xarray.open_dataset(self.input(name), decode_times=False) as data:
            return data[variable].load()

    def check_colours(self, image, values, anchors, low, high):
        found = cell_colours(image, 6, 8)
        expected = colours(anchors, (values[::-1] - low) / (high - low))
        expected[np.isnan(values[::-1])] = MISSING
        np.testing.assert_allclose(found, expected, atol=.012)

    def test_a_day_has_the_colours_of_its_values(self):
        days = self.values("tas_normal_2005")
        image = self.image(self.input("tas_normal_2005"), "--day", "07-15", "--range", "260,300")
        self.check_colours(image, days[195].values, TEMPERATURE, 260, 300)
        again = self.image(self.input("tas_normal_2005"), "--day", "196", "--range", "260,300")
        self.assertTrue((image == again).all())

    def test_the_mean_of_all_days_is_the_default(self):
        mean = self.values("tas_normal_2005").mean("dayofyear").values
        image = self.image(self.input("tas_normal_2005"), "--range", "278,282")
        self.check_colours(image, mean, TEMPERATURE, 278, 282)

    def test_months_and_seasons_of_days_are_means_of_their_days(self):
        days = self.values("tas_normal_2005")
        ends = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
        asked = {("--month", "jul"): range(ends[6], ends[7]), ("--month", "12"): range(ends[11], 365),
                 ("--season", "djf"): [*range(ends[11], 365), *range(ends[2])],
                 ("--season", "SON"): range(ends[8], ends[11])}
        for words, slots in asked.items():
            with self.subTest(words):
                image = self.image(self.input("tas_normal_2005"), "--range", "270,290", *words)
                mean = days.isel(dayofyear=list(slots)).mean("dayofyear").values
                self.check_colours(image, mean, TEMPERATURE, 270, 290)
                self.call(self.input("tas_normal_2005"), "-o", "map.svg", *words)

    def test_a_stacked_file_gives_its_target_years(self):
        months = self.values("tas_monthly")
        for words, target in (((), 2005), (("--target", "2003"), 2003)):
            image = self.image(self.input("tas_monthly"), "--month", "jul", "--range", "270,290",
                               *words)
            values = months.sel(target_year=target)[6].values
            self.check_colours(image, values, TEMPERATURE, 270, 290)

    def test_cells_with_places_of_their_own(self):
        """The regular grid, written as a curvilinear one without corners."""
        def change(data):
            for name in ("lat", "lon"):
                data.renameVariable(name, name + "_axis")
                for key in data[name + "_axis"].ncattrs():
                    data[name + "_axis"].delncattr(key)
            lat, lon = np.meshgrid(data["lat_axis"][:], data["lon_axis"][:], indexing="ij")
            for name, values, units in (("nav_lat", lat, "degrees_north"),
                                        ("nav_lon", lon, "degrees_east")):
                data.createVariable(name, "f8", ("lat", "lon"))[:] = values
                data[name].units = units
            data["tas"].coordinates = "nav_lat nav_lon"
        path = self.changed(change)
        image = self.image(path, "--day", "196", "--range", "260,300")
        found = cell_colours(image, 6, 8)
        values = self.values("tas_normal_2005")[195].values[::-1]
        expected = colours(TEMPERATURE, (values - 260) / 40)
        expected[np.isnan(values)] = 1
        np.testing.assert_allclose(found, expected, atol=.012)

    def test_a_difference_is_white_at_0(self):
        later, earlier = self.values("tas_monthly_2005"), self.values("tas_monthly_2003")
        image = self.image(self.input("tas_monthly_2005"), "--minus",
                           self.input("tas_monthly_2003"), "--month", "2", "--range=-10,10")
        self.check_colours(image, (later - earlier)[1].values, WARMING, -10, 10)

    def test_sizes(self):
        file = self.input("tas_normal_2005")
        self.assertEqual(self.image(file, "--width", "400").shape[1], 400)
        self.assertEqual(self.image(file, "--size", "2000x700").shape[:2], (700, 2000))
        self.assertEqual(self.image(*[file] * 12).shape[1], 1000)

    def test_svg_and_pdf(self):
        os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
        self.addCleanup(os.environ.pop, "SOURCE_DATE_EPOCH")
        for ending in ("svg", "pdf"):
            contents = []
            for _ in range(2):
                self.call(self.input("pr_normal_2005"), "-o", f"map.{ending}")
                with open(os.path.join(self.folder, f"map.{ending}"), "rb") as file:
                    contents.append(file.read())
            self.assertEqual(*contents)
            if ending == "svg":
                root = xml.dom.minidom.parseString(contents[0]).documentElement
                self.assertEqual(root.tagName, "svg")
                self.assertEqual(len(root.getElementsByTagName("image")), 1)
            else:
                self.assertTrue(contents[0].startswith(b"%PDF"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["map.pdf", "map.svg"])

    def table(self, *words):
        """Heads of columns, first column, numbers [row][column]."""
        lines = [line.split(",") for line in self.call(*words, command="series").stdout.splitlines()]
        numbers = [[float(word or "nan") for word in line[1:]] for line in lines[1:]]
        return lines[0], [line[0] for line in lines[1:]], np.array(numbers, np.float32)

    def test_tables_are_those_of_xarray(self):
        for name in ("tas_normal", "tas_monthly", "pr_normal"):
            values = self.values(name, name[:name.index("_")])
            for lon, lat in ((-20, 10), (340, 14)):
                heads, slots, numbers = self.table(self.input(name), "--at", f"{lon},{lat}")
                self.assertEqual(heads[1:], ["2003", "2004", "2005"])
                self.assertEqual(heads[0], "month" if "monthly" in name else "dayofyear")
                self.assertEqual(slots, [str(k + 1) for k in range(len(slots))])
                cell = values.sel(lon=337.5, lat=12.5).values
                np.testing.assert_array_equal(numbers.T, cell)
            weights = np.cos(np.radians(values.lat))
            mean = values.astype("f8").weighted(weights).mean(("lat", "lon")).values
            np.testing.assert_allclose(self.table(self.input(name), "--mean")[2].T, mean, rtol=1e-6)

    def test_columns_of_several_files(self):
        files = [self.input(f"tas_monthly_{year}") for year in (2005, 2003)]
        heads, _, numbers = self.table(*files, "--at", "0,0")
        self.assertEqual(heads, ["month", "2003", "2005"])
        self.assertEqual(numbers.shape, (12, 2))
        heads, _, numbers = self.table(self.input("tas_monthly_2005"), self.input("tas_monthly"),
                                       "--at", "112.5,-37.5")
        self.assertEqual(heads, ["month", "2003", "2004", "2005 historical", "2005"])
        self.assertTrue(np.isnan(numbers).all())

    def test_curves_are_drawn(self):
        for ending in ("png", "svg", "pdf"):
            done = self.call(self.input("tas_normal"), "--at", "20,10", "-o", f"a.{ending}", "--width",
                             "400", command="series")
            self.assertEqual(done.stderr, "climnorm series: tas in K, 12.5°N 22.5°E\n")
        self.assertEqual(matplotlib.image.imread(os.path.join(self.folder, "a.png")).shape[1], 400)
        xml.dom.minidom.parse(os.path.join(self.folder, "a.svg"))

    def test_wrong_places(self):
        file = self.input("tas_normal")
        self.says("--at LON,LAT, .* or --mean", file, command="series")
        self.says("--at LON,LAT, .* or --mean", file, "--mean", "--at", "1,2", command="series")
        self.says("LON,LAT, such as", file, "--at", "1;2", command="series")
        self.says("lies outside of", file, "--at", "10,89", command="series")

    def test_wrong_words(self):
        file = self.input("tas_normal_2005")
        self.says("--output FILE.png, .svg or .pdf", file)
        self.says("ends in .png, .svg or .pdf", file, "-o", "map.jpg")
        self.says("has no such slot: it holds 365 days: --day", file, "-o", "a.png", "--day", "13-01")
        self.says("has no such slot: it holds 365 days", file, "-o", "a.png", "--day", "366")
        self.says("has no such slot: it holds 365 days", file, "-o", "a.png", "--season", "aut")
        months = self.input("tas_monthly")
        self.says("it holds 12 months: --month July", months, "-o", "a.png", "--season", "djf")
        self.says("it holds 12 months", months, "-o", "a.png", "--day", "07-15")
        self.says("exclude each other", file, "-o", "a.png", "--day", "1", "--month", "1")
        self.says("no target year 1990; it has 2005", file, "-o", "a.png", "--target", "1990")
        self.says("it has 2003 to 2005", self.input("tas_normal"), "-o", "a.png", "--target", "1990")
        self.says("--range: expected two numbers", file, "-o", "a.png", "--range", "3,2")
        self.says("13 files: a picture holds 12", *[file] * 13, "-o", "a.png")
        self.says("cannot be written", file, "-o", "no/such/a.png", code=3)

    def test_an_input_is_never_replaced(self):
        path = os.path.join(self.base, "a.png")
        shutil.copy(self.input("tas_normal_2005"), path)
        self.says("is a file that is read", path, "-o", path)
        self.says("is a file that is read", self.input("tas_normal_2005"), "--minus", path, "-o", path)

    def changed(self, change, name="changed.nc"):
        path = os.path.join(self.base, name)
        shutil.copy(self.input("tas_normal_2005"), path)
        with netCDF4.Dataset(path, "a") as data:
            change(data)
        return path

    def test_files_that_do_not_fit(self):
        file, words = self.input("tas_normal_2005"), ("-o", "a.png")
        daily = trees.year_file(tempfile.mkdtemp(dir=self.base), "tas", 2000)
        self.says("no output of climnorm", daily, *words, code=2)
        self.says("No such file", "absent.nc", *words, code=2)
        self.says("different units: 'K' and 'kg m-2 s-1'", file, self.input("pr_normal_2005"), *words,
                  code=2)
        self.says("different days, months", file, self.input("tas_monthly_2005"), *words, code=2)
        moved = self.changed(lambda data: data["lon"].__setitem__(0, 20))
        self.says("different grids", file, "--minus", moved, *words, code=2)
        with open(self.input("tas_normal_2005"), "rb") as source:
            content = source.read()
        for cut in (0, 100, len(content) // 2, len(content) - 1):
            path = os.path.join(self.base, "cut.nc")
            with open(path, "wb") as out:
                out.write(content[:cut])
            self.says(".", path, *words, code=2)

    def test_hostile_texts_do_no_harm(self):
        def change(data):
            data["tas"].long_name = "\x1b[2J<b>&\"\x01" + "x" * 5000
            data.title = "a\nb, c"
            data.model = "\u202e" + "y" * 100000
            data.region_name = "]]>"
        path = self.changed(change)
        done = self.call(path, "-o", "a.svg")
        self.assertEqual(done.stderr, "")
        with open(os.path.join(self.folder, "a.svg"), "rb") as file:
            content = file.read()
        xml.dom.minidom.parseString(content)
        self.assertNotIn(b"\x1b", content)
        self.call(path, "-o", "a.pdf", "--title", "a\x1b\udcffb")

    def test_a_machine_without_fonts(self):
        with open(os.path.join(self.base, "fonts.conf"), "w", encoding="ascii") as file:
            file.write('<?xml version="1.0"?><fontconfig><dir>/nowhere</dir></fontconfig>')
        environment = {**os.environ, "FONTCONFIG_FILE": file.name}
        for ending in ("png", "svg", "pdf"):
            self.call(self.input("tas_normal_2005"), "-o", f"a.{ending}", env=environment)


if __name__ == "__main__":
    climnorm_case.main()
