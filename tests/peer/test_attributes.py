"""Attributes: what decides how values are read is never passed over, what is only copied may be
left out, limits are those of the NetCDF User's Guide, and what is of one file stays there.
netCDF4-python and numpy are the judges.
"""
import os

import netCDF4
import numpy as np

import trees
from climnorm_case import Case, TestCase, main, read

LAT, LON = np.array([10.0, 20]), np.array([0.0, 120, 240])
DAYS = 360


class Attributes(TestCase):
    def case(self, change=None, **options):
        """A case of one year whose open file `change` edits; by default each value is its day."""
        case = Case(normals={"window": 1, "min_years": 1}).periods(2001, 2001)
        self.addCleanup(case.close)
        raw = options.pop("raw", np.broadcast_to(
            np.arange(DAYS, dtype="f4")[:, None, None], (DAYS, len(LAT), len(LON))))
        path = trees.year_file(case.data, "tas", 2001, calendar="360_day", raw=raw, lat=LAT,
                               lon=LON, units="1", **options)
        if change:
            with netCDF4.Dataset(path, "a") as nc:
                change(nc)
        return case, path

    def test_a_needed_attribute_of_another_form_leaves_the_file_out(self):
        compound = np.dtype([("a", "f8"), ("b", "i4")])

        def array_of_strings(nc, variable, name):
            nc[variable].setncattr_string(name, ["a", "b"])

        def user_type(nc, variable, name):
            kind = nc.createCompoundType(compound, "kind")
            nc[variable].setncattr(name, np.array((1.0, 2), kind.dtype))

        def number(nc, variable, name):
            nc[variable].setncattr(name, np.int32(1))

        def text(nc, variable, name):
            nc[variable].setncattr(name, "1")
        texts = [("time", "calendar"), ("time", "units"), ("tas", "units"), ("lat", "units"),
                 ("lon", "standard_name"), ("lat", "axis"), ("time", "bounds"), ("lat", "bounds"),
                 ("tas", "coordinates"), ("tas", "cell_methods"), ("tas", "grid_mapping"),
                 ("tas", "_Unsigned")]
        numbers = [("tas", name) for name in ("scale_factor", "add_offset", "missing_value",
                                              "valid_min", "valid_max", "valid_range")]
        numbers += [("lon", "scale_factor"), ("lat", "missing_value")]
        rows = [(change, *place) for place in texts for change in (array_of_strings, number)]
        rows += [(change, *place) for place in numbers for change in (array_of_strings, text)]
        rows += [(user_type, *place) for place in (texts + numbers)[::3]]
        for change, variable, name in rows:
            with self.subTest(form=change.__name__, variable=variable, name=name):
                case, path = self.case(lambda nc, change=change, variable=variable, name=name:
                                       change(nc, variable, name))
                result = case.run()
                self.exits(result, 2)
                problems = result.problems("tas")
                self.assertIn(os.path.basename(path), problems)
                self.assertIn(name, problems)
                self.assertIn("expected " + ("numbers" if (variable, name) in numbers else "text"),
                              problems)
                self.assertEqual(case.normals(), {})

    def test_numbers_of_64_bits_are_told_with_a_cure(self):
        case = Case(variables=["tas"])
        self.addCleanup(case.close)
        trees.year_file(case.data, "tas", 2001, convert=lambda raw: raw.astype("i8"), fill=-1)
        result = case.run()
        self.exits(result, 2)
        self.assertIn("'tas' is stored as int64, expected float32", result.said)
        self.assertIn("for example with ncap2 -s 'tas=double(tas)'", result.said)

    def test_an_attribute_that_is_only_copied_is_left_out(self):
        def array_of_strings(nc):
            nc["tas"].setncattr_string("remarks", ["a", "b"])

        def of_latitude(nc):
            nc["lat"].setncattr_string("remarks", ["a", "b", "c"])

        def user_type(nc):
            kind = nc.createCompoundType(np.dtype([("a", "f8")]), "kind")
            nc["tas"].setncattr("remarks", np.array((1.0,), kind.dtype))

        def of_the_file(nc):
            nc.setncattr_string("institution", ["a", "b"])
        for change, what in ((array_of_strings, "remarks of 'tas' is an array of 2 strings"),
                             (of_latitude, "remarks of 'lat' is an array of 3 strings"),
                             (user_type, "remarks of 'tas' is of a user-defined type"),
                             (of_the_file, "global institution is an array of 2 strings")):
            with self.subTest(what):
                case, _ = self.case(change)
                result = case.run()
                self.exits(result, 0)
                warnings = [line for line in result.said.splitlines() if line.startswith("warning:")]
                self.assertEqual(len(warnings), 1, warnings)
                self.assertIn(what, warnings[0])
                with netCDF4.Dataset(case.path("tas", 2001)) as nc:
                    self.assertNotIn("remarks", nc["tas"].ncattrs() + nc["lat"].ncattrs())
                np.testing.assert_array_equal(
                    read(case.path("tas", 2001), "tas")["values"][:, 0, 0], np.arange(DAYS))

    def test_attributes_of_storage_and_of_one_file_are_not_copied(self):
        left = {"quantization": "info", "quantization_nsd": np.int32(3),
                "quantization_nsb": np.int32(9), "quantization_maximum_relative_error": 0.1,
                "least_significant_digit": np.int32(2),
                "number_of_significant_digits": np.int32(3), "number_of_significant_bits": 7.0,
                "_QuantizeBitRoundNumberOfSignificantBits": np.int32(9),
                "_QuantizeGranularBitRoundNumberOfSignificantDigits": np.int32(3),
                "History": "once", "history_of_appended_files": "twice", "creation_date": "today",
                "date_created": "today", "tracking_id": "x", "input_files": "y", "data_max": 1.0,
                "actual_range": np.array([0.0, 1]), "unpacked_valid_range": np.array([0.0, 1])}
        kept = {"original_name": "T2", "comment": "kept", "height": 2.0, "historic": "kept"}
        case, _ = self.case(lambda nc: nc["tas"].setncatts({**left, **kept}))
        self.exits(case.run(), 0)
        with netCDF4.Dataset(case.path("tas", 2001)) as nc:
            copied = {name: nc["tas"].getncattr(name) for name in nc["tas"].ncattrs()}
        self.assertEqual(set(copied) & set(left), set())
        for name, value in kept.items():
            self.assertEqual(copied[name], value)

    def values(self, raw, attributes):
        """The first days of the normal, and what netCDF4-python makes of the file."""
        raw = np.asarray(raw)
        field = np.resize(raw, DAYS)[:, None, None] + np.zeros((1, len(LAT), len(LON)), raw.dtype)
        case, path = self.case(raw=field.astype(raw.dtype), attributes=attributes, fill=None)
        self.exits(case.run(), 0)
        with netCDF4.Dataset(path) as nc:
            nc["tas"].set_always_mask(True)
            theirs = nc["tas"][:len(raw), 0, 0].astype("f4").filled(np.nan)
        return read(case.path("tas", 2001), "tas")["values"][:len(raw), 0, 0], theirs

    def test_limits_are_in_packed_units(self):
        raw = np.array([-200, -100, 0, 100, 200], "i2")
        packed = {"scale_factor": 0.01, "add_offset": -50.0}
        for kind in ("i1", "i2", "i4", "i8", "f4"):
            with self.subTest(kind=kind):
                ours, theirs = self.values(raw, {
                    **packed, "valid_range": np.array([-100, 100], kind)})
                np.testing.assert_array_equal(ours, theirs)
                self.assertEqual(np.isnan(ours).tolist(), [True, False, False, False, True])

    def test_limits_of_the_type_of_scale_and_offset_are_in_unpacked_units(self):
        raw = np.array([-200, -100, 0, 100, 200], "i2")
        for scale, offset, limit in (("f8", "f8", "f8"), ("f4", "f4", "f4"), ("f4", "f8", "f8"),
                                     ("i4", "i4", "i4")):
            with self.subTest(scale=scale, offset=offset, limit=limit):
                ours, _ = self.values(raw, {
                    "scale_factor": np.dtype(scale).type(2), "add_offset": np.dtype(offset).type(5),
                    "valid_min": np.dtype(limit).type(-195),
                    "valid_max": np.dtype(limit).type(205)})
                want = np.where(abs(raw) > 100, np.nan, raw * 2.0 + 5).astype("f4")
                np.testing.assert_array_equal(ours, want)

    def test_a_value_that_equals_a_limit_is_inside(self):
        for value_type, limit_type, limit in (("f4", "f8", 0.1), ("f8", "f4", 0.1),
                                              ("f4", "f8", 0.7), ("f8", "f4", 0.7),
                                              ("i4", "f4", 16777217), ("f4", "i4", 16777217)):
            for name, sign in (("valid_max", 1), ("valid_min", -1)):
                with self.subTest(value=value_type, limit=limit_type, name=name, number=limit):
                    equal = np.dtype(value_type).type(limit)
                    beyond = np.dtype(value_type).type(limit * (1 + sign * 1e-5))
                    ours, _ = self.values(np.array([equal, beyond]),
                                          {name: np.dtype(limit_type).type(limit)})
                    self.assertEqual(np.isnan(ours).tolist(), [False, True])

    def test_an_unpacked_value_that_equals_a_limit_is_inside(self):
        for raw, scale in ((3, 0.1), (7, 0.1), (1234, 0.01), (-29, 0.7)):
            with self.subTest(raw=raw, scale=scale):
                limit = float(f"{raw * scale:.6g}")
                ours, _ = self.values(np.array([raw, raw + 1], "i2"), {
                    "scale_factor": scale, "valid_max": limit})
                self.assertEqual(np.isnan(ours).tolist(), [False, True])


if __name__ == "__main__":
    main()
