"""Files with names of another form: what input.datasets takes, and what is wrong with an entry."""
import os
import re
import shutil
import subprocess

import netCDF4
import numpy as np

import oracle
import trees
from build import BIN
from climnorm_case import Case, TestCase, main, read
from opened import Opened


def year(case, path, in_file, number, **options):
    """A file of one year, called anything."""
    dates = trees.dates_of_year("noleap", number)
    values = trees.values_like("temp", f"{in_file}-{number}-{options.pop('seed', '')}", len(dates))
    return trees.write(os.path.join(case.data, path), in_file, dates, values, **options)


def years(case, pattern, in_file, numbers, **options):
    return [year(case, pattern.format(number), in_file, number, **options) for number in numbers]


def timeline(paths, in_file, experiment="historical"):
    return oracle.Timeline([({"experiment": experiment}, oracle.SourceFile(path, in_file))
                            for path in paths])


def add_lower(paths):
    """Adds `tn`, 10 K below `tx`."""
    for path in paths:
        with netCDF4.Dataset(path, "a") as nc:
            lower = nc.createVariable("tn", "f4", ("time", "lat", "lon"))
            lower.units = "K"
            lower[:] = nc["tx"][:] - 10


class Files(TestCase):
    def test_the_least_entry_names_files_and_variable(self):
        with Case(input={"datasets": [{"files": "obs/rain_*.nc", "variable": "rain"}]}) as case:
            paths = years(case, "obs/rain_{}.nc", "rain", range(2001, 2005))
            case.periods(2003, 2004)
            self.exits(case.run(), 0)
            self.judged(case, "rain", [2003, 2004], timeline=timeline(paths, "rain"))

    def test_a_variable_may_have_any_netcdf_name_in_its_file(self):
        for in_file in ("precipitation_amount", "daily mean temperature", "Lufttemperatur_Täglich",
                        "气温", "T.2m-mean", "2t"):
            with self.subTest(in_file), Case(input={"datasets": [
                    {"files": "*.nc", "variable": "v", "in_file": in_file}]}) as case:
                paths = years(case, "x{}.nc", in_file, range(2001, 2004))
                case.periods(2003, 2003)
                self.exits(case.run(), 0)
                self.judged(case, "v", [2003], timeline=timeline(paths, in_file))
                with netCDF4.Dataset(case.path("v", 2003)) as nc:
                    self.assertIn("v", nc.variables)
                    self.assertEqual(nc.source_files, "x2001.nc x2002.nc x2003.nc")

    def test_several_entries_take_one_file_for_several_variables(self):
        with Case(input={"datasets": [
                {"files": "**/met.????.nc", "variable": "tasmax", "in_file": "tx"},
                {"files": "**/met.????.nc", "variable": "tasmin", "in_file": "tn"}]}) as case:
            paths = years(case, "a/b/met.{}.nc", "tx", range(2001, 2004))
            add_lower(paths)
            case.periods(2003, 2003)
            self.exits(case.run(), 0)
            self.judged(case, "tasmax", [2003], timeline=timeline(paths, "tx"))
            self.judged(case, "tasmin", [2003], timeline=timeline(paths, "tn"))

    def test_an_entry_goes_before_the_name(self):
        """A file that is named like CMIP, wrongly."""
        with Case(input={"datasets": [{"files": "pr_day_*.nc", "variable": "tas"}]}) as case:
            paths = years(case, "pr_day_M_ssp245_r1i1p1f1_gn_{}.nc", "tas", range(2001, 2004))
            case.periods(2003, 2003)
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2003], timeline=timeline(paths, "tas"))

    def test_other_extensions_than_nc_are_found(self):
        for extension in ("nc4", "cdf", "hdf", "netcdf"):
            with self.subTest(extension), Case(input={"datasets": [
                    {"files": f"*.{extension}", "variable": "tas"}]}) as case:
                paths = years(case, "x{}." + extension, "tas", range(2001, 2004))
                open(os.path.join(case.data, "notes.txt"), "w").close()
                case.periods(2003, 2003)
                self.exits(case.run(), 0)
                self.judged(case, "tas", [2003], timeline=timeline(paths, "tas"))

    def test_a_root_that_is_a_file_may_have_any_ending(self):
        with Case() as case:
            years(case, "x{}.nc4", "tas", (2001, 2002, 2003))
            root = [os.path.join(case.data, f"x{year}.nc4") for year in (2001, 2002, 2003)]
            case.config["input"] = {"root": root}
            case.periods(2003, 2003)
            result = case.run()
            self.exits(result, 1)
            self.assertIn("x2001.nc4 is neither a folder nor a file that ends in .nc or that "
                          "input.datasets takes", " ".join(result.err.split()))
            case.config["input"]["datasets"] = [{"files": "x*.nc4", "variable": "tas"}]
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2003], timeline=timeline(root, "tas"))

    def test_patterns_begin_at_each_root(self):
        with Case(input={"root": ["data/one", "data/two"],
                         "datasets": [{"files": "y*.nc", "variable": "tas"}]}) as case:
            paths = [year(case, "one/y2001.nc", "tas", 2001), year(case, "two/y2002.nc", "tas", 2002)]
            year(case, "one/deep/y2003.nc", "tas", 2003)
            case.config["normals"]["min_years"] = 2
            case.periods(2002, 2002)
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2002], timeline=timeline(paths, "tas"))

    def test_a_path_through_a_link_is_a_path(self):
        """Folders and files that are found under another path first."""
        with Case(input={"datasets": [{"files": "view/*.nc", "variable": "tas"}]}) as case:
            paths = years(case, "archive/x{}.nc", "tas", range(2001, 2004))
            os.symlink("archive", os.path.join(case.data, "view"))
            case.periods(2003, 2003)
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2003], timeline=timeline(paths, "tas"))

    def test_dots_and_hidden_files(self):
        """macOS leaves ._NAME beside each NAME."""
        with Case(input={"datasets": [{"files": "*.nc", "variable": "tas"}]}) as case:
            paths = years(case, "x.y.{}.nc", "tas", range(2001, 2004))
            for path in paths:
                with open(os.path.join(case.data, "._" + os.path.basename(path)), "w") as f:
                    f.write("Mac OS X")
            case.periods(2003, 2003)
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2003], timeline=timeline(paths, "tas"))

    def test_daily_files_and_files_of_many_years(self):
        with Case(input={"datasets": [{"files": "day/**/t.*.nc", "variable": "tas"},
                                      {"files": "all.nc", "variable": "tas"}]}) as case:
            paths = []
            for month, day in ((d[1], d[2]) for d in trees.dates_of_year("noleap", 2003)):
                paths.append(trees.write(
                    os.path.join(case.data, f"day/{month:02}/t.2003{month:02}{day:02}.nc"), "tas",
                    [(2003, month, day)], trees.values_like("temp", f"{month}-{day}", 1)))
            dates = [d for y in (2001, 2002) for d in trees.dates_of_year("noleap", y)]
            paths.append(trees.write(os.path.join(case.data, "all.nc"), "tas", dates,
                                     trees.values_like("temp", "all", len(dates))))
            case.periods(2003, 2003)
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2003], timeline=timeline(paths, "tas"))


class Experiments(TestCase):
    def test_files_of_two_experiments_change_at_a_year(self):
        for until, form in ((2002, "joined.nc"), (2003, "a/b.c.nc"), (2001, "x_2001-2005.nc")):
            with self.subTest(until), Case(input={"datasets": [
                    {"files": form, "variable": "tas", "until": until, "then": "rcp85"}]},
                    scenarios=None) as case:
                dates = [d for y in range(2001, 2006) for d in trees.dates_of_year("noleap", y)]
                path = trees.write(os.path.join(case.data, form), "tas", dates,
                                   trees.values_like("temp", form, len(dates)))
                case.config["output"]["pattern"] = "{scenario}/{year}.nc"
                case.periods(2003, 2005)
                self.exits(case.run(), 0)
                whole = timeline([path], "tas")
                for target in (2003, 2004, 2005):
                    experiment = "historical" if target <= until else "rcp85"
                    output = os.path.join(case.out, experiment, f"{target}.nc")
                    exact = whole.normal(target, 3)[0]
                    distance = oracle.ulp_distance(read(output, "tas")["values"], exact)
                    self.assertLessEqual(distance.max(), 1 + 1e-6)
                    with netCDF4.Dataset(output) as nc:
                        self.assertEqual(nc.scenario, experiment)

    def test_joined_files_follow_historical_ones_and_go_on_in_others(self):
        with Case(input={"datasets": [
                {"files": "h*.nc", "variable": "tas"},
                {"files": "j*.nc", "variable": "tas", "until": 2002, "then": "ssp126"},
                {"files": "s*.nc", "variable": "tas", "experiment": "ssp126"}]},
                scenarios=["ssp126"]) as case:
            dates = [d for y in (2002, 2003) for d in trees.dates_of_year("noleap", y)]
            paths = [year(case, "h.nc", "tas", 2001), year(case, "s.nc", "tas", 2004),
                     trees.write(os.path.join(case.data, "j.nc"), "tas", dates,
                                 trees.values_like("temp", "j", len(dates)))]
            case.periods(2003, 2004)
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2003, 2004], timeline=timeline(paths, "tas"))

    def test_only_the_first_years_are_used_where_no_scenario_is_asked_for(self):
        with Case(input={"datasets": [
                {"files": "j.nc", "variable": "tas", "until": 2003, "then": "rcp85"}]}) as case:
            dates = [d for y in range(2001, 2006) for d in trees.dates_of_year("noleap", y)]
            path = trees.write(os.path.join(case.data, "j.nc"), "tas", dates,
                               trees.values_like("temp", "j", len(dates)))
            case.periods(2003, 2004)
            result = case.run()
            self.exits(result, 2)
            self.assertIn("the last source year is 2003", result.err)
            self.judged(case, "tas", [2003], timeline=timeline([path], "tas"))

    def test_an_experiment_may_be_called_anything(self):
        with Case(input={"historical": "past", "datasets": [
                {"files": "p*.nc", "variable": "tas"},
                {"files": "f*.nc", "variable": "tas", "experiment": "future"}]},
                scenarios=None) as case:
            paths = years(case, "p{}.nc", "tas", (2001, 2002)) + [year(case, "f.nc", "tas", 2003)]
            case.periods(2003, 2003)
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2003], timeline=timeline(paths, "tas"))


class Overlap(TestCase):
    """Days that both experiments hold."""

    def tree(self, case, later=("ssp245",)):
        """Historical 2001 to 2003-06-30; scenarios from 2003-04-01 to 2004, with a gap in May."""
        paths = {"historical": years(case, "tas/tas_day_M_historical_r1i1p1f1_gn_{}.nc", "tas",
                                     (2001, 2002))}
        half = [d for d in trees.dates_of_year("noleap", 2003) if d[1] <= 6]
        paths["historical"].append(self.part(case, "historical", half))
        for scenario in later:
            rest = [d for y in (2003, 2004) for d in trees.dates_of_year("noleap", y)
                    if d >= (2003, 4, 1) and d[:2] != (2003, 5)]
            paths[scenario] = [self.part(case, scenario, rest)]
        return paths

    @staticmethod
    def part(case, experiment, dates):
        name = trees.name("tas", trees.span(dates[0], dates[-1]), model="M", experiment=experiment)
        return trees.write(os.path.join(case.data, "tas", name), "tas", dates,
                           trees.values_like("temp", experiment, len(dates)))

    @staticmethod
    def expected(paths, scenario, winner):
        sources = {e: [oracle.SourceFile(p, "tas") for p in paths[e]]
                   for e in ("historical", scenario)}
        held = {day for source in sources[winner] for day in source.days}
        for experiment, files in sources.items():
            for source in files if experiment != winner else ():
                source.days = {day: v for day, v in source.days.items() if day not in held}
        return oracle.Timeline([({"experiment": e}, source) for e, files in sources.items()
                                for source in files])

    def test_one_experiment_wins(self):
        for overlap in ("historical", "scenario"):
            with self.subTest(overlap), Case(input={"overlap": overlap},
                                             scenarios=["ssp245"]) as case:
                paths = self.tree(case)
                case.periods(2003, 2004)
                self.exits(case.run(), 0)
                winner = "ssp245" if overlap == "scenario" else overlap
                self.judged(case, "tas", [2003, 2004],
                            timeline=self.expected(paths, "ssp245", winner))

    def test_each_scenario_wins_on_its_own_timeline(self):
        with Case(input={"overlap": "scenario"}, scenarios=["ssp245", "ssp585"]) as case:
            paths = self.tree(case, ("ssp245", "ssp585"))
            case.config["output"]["pattern"] = "{scenario}/{year}.nc"
            case.periods(2003, 2004)
            self.exits(case.run(), 0)
            for scenario in ("ssp245", "ssp585"):
                line = self.expected(paths, scenario, scenario)
                for target in (2003, 2004):
                    got = read(os.path.join(case.out, scenario, f"{target}.nc"), "tas")["values"]
                    distance = oracle.ulp_distance(got, line.normal(target, 3)[0])
                    self.assertLessEqual(distance.max(), 1 + 1e-6)

    def test_a_year_that_historical_holds_whole_stays_historical(self):
        with Case(input={"overlap": "historical"}, scenarios=["ssp245"]) as case:
            dates = trees.dates_of_year("noleap", 2003)
            paths = years(case, "t/tas_day_M_historical_r1i1p1f1_gn_{}.nc", "tas", (2001, 2002, 2003))
            self.part(case, "ssp245", dates)
            case.config["output"]["pattern"] = "{scenario}/{year}.nc"
            case.periods(2003, 2003)
            self.exits(case.run(), 0)
            self.assertEqual(list(case.normals()), ["historical/2003.nc"])
            with netCDF4.Dataset(os.path.join(case.out, "historical/2003.nc")) as nc:
                self.assertEqual(nc.source_files, " ".join(map(os.path.basename, paths)))

    def test_the_default_is_an_error_that_names_the_key(self):
        with Case(scenarios=["ssp245"]) as case:
            self.tree(case)
            case.periods(2003, 2004)
            result = case.run()
            self.exits(result, 2)
            self.assertIn("input.overlap", result.err)

    def test_within_one_experiment_it_stays_an_error(self):
        for overlap in ("historical", "scenario"):
            with self.subTest(overlap), Case(input={"overlap": overlap}) as case:
                years(case, "tas_day_M_historical_r1i1p1f1_gn_{}.nc", "tas", (2001, 2002, 2003))
                self.part(case, "historical", trees.dates_of_year("noleap", 2003)[:40])
                case.periods(2003, 2003)
                result = case.run()
                self.exits(result, 2)
                self.assertIn("overlap: 2003-01-01", result.err)
                self.assertNotIn("input.overlap", result.err)


class Links(TestCase):
    """One inode is one file: the historical name counts."""

    def test_a_scenario_file_under_a_historical_name(self):
        for make in (os.symlink, os.link):
            with self.subTest(make.__name__), Case(scenarios=["ssp245"]) as case:
                paths = years(case, "tas_day_M_historical_r1i1p1f1_gn_{}.nc", "tas", (2001, 2002))
                paths.append(year(case, "tas_day_M_ssp245_r1i1p1f1_gn_2003.nc", "tas", 2003))
                paths.append(year(case, "tas_day_M_ssp245_r1i1p1f1_gn_2004.nc", "tas", 2004))
                make(paths[2], os.path.join(case.data, "tas_day_M_historical_r1i1p1f1_gn_2003.nc"))
                case.config["output"]["pattern"] = "{scenario}/{year}.nc"
                case.periods(2003, 2004)
                self.exits(case.run(), 0)
                self.assertEqual(sorted(case.normals()), ["historical/2003.nc", "ssp245/2004.nc"])
                line = timeline(paths, "tas")
                for name, target in (("historical", 2003), ("ssp245", 2004)):
                    got = read(os.path.join(case.out, name, f"{target}.nc"), "tas")["values"]
                    distance = oracle.ulp_distance(got, line.normal(target, 3)[0])
                    self.assertLessEqual(distance.max(), 1 + 1e-6)

    def test_a_name_in_each_scenario_counts_in_each(self):
        with Case(scenarios=["ssp245", "ssp585"]) as case:
            paths = years(case, "tas_day_M_historical_r1i1p1f1_gn_{}.nc", "tas", (2001, 2002))
            paths.append(year(case, "tas_day_M_ssp245_r1i1p1f1_gn_2003.nc", "tas", 2003))
            os.link(paths[2], os.path.join(case.data, "tas_day_M_ssp585_r1i1p1f1_gn_2003.nc"))
            case.config["output"]["pattern"] = "{scenario}/{year}.nc"
            case.periods(2003, 2003)
            self.exits(case.run(), 0)
            self.assertEqual(sorted(case.normals()), ["ssp245/2003.nc", "ssp585/2003.nc"])

    def test_datasets_that_reach_one_file_twice(self):
        with Case(input={"datasets": [
                {"files": "a/*.nc", "variable": "tas", "experiment": "ssp245"},
                {"files": "b/*.nc", "variable": "tas"}]}, scenarios=["ssp245"]) as case:
            paths = years(case, "b/x{}.nc", "tas", (2001, 2002, 2003))
            os.makedirs(os.path.join(case.data, "a"))
            os.symlink(paths[2], os.path.join(case.data, "a/x2003.nc"))
            paths.append(year(case, "a/x2004.nc", "tas", 2004))
            case.periods(2003, 2004)
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2003, 2004], timeline=timeline(paths, "tas"))


class Identity(TestCase):
    """Model, variant, grid and version of files that do not say them."""

    def test_they_are_those_of_the_other_files(self):
        with Case(input={"datasets": [{"files": "late.nc", "variable": "tas"}]}) as case:
            paths = years(case, "tas_day_M_historical_r1i1p1f1_gn_{}.nc", "tas", (2001, 2002))
            paths.append(year(case, "late.nc", "tas", 2003))
            case.config["output"]["pattern"] = "{model}/{variant}/{grid}/{year}.nc"
            case.periods(2003, 2003)
            self.exits(case.run(), 0)
            self.assertEqual(list(case.normals()), ["M/r1i1p1f1/gn/2003.nc"])

    def test_outputs_say_nothing_of_what_nobody_knows(self):
        with Case(input={"datasets": [{"files": "*.nc", "variable": "tas"}]}) as case:
            years(case, "{}.nc", "tas", (2001, 2002, 2003))
            case.periods(2003, 2003)
            self.exits(case.run(), 0)
            with netCDF4.Dataset(case.path("tas", 2003)) as nc:
                self.assertFalse({"model", "variant"} & set(nc.ncattrs()))
                self.assertEqual(nc.id, "tas_GLOBAL_p_2003_3yr_normal")
                for text in (nc.summary, nc.keywords, nc.title):
                    self.assertNotRegex(text, r"of  |, ,|\( ?,|, ?\)")
            case.config["output"]["pattern"] = "{model}/{year}.nc"
            result = case.run()
            self.exits(result, 1)
            self.assertIn("output.pattern", result.err)

    def test_an_entry_may_say_them(self):
        with Case(input={"datasets": [{"files": "*.nc", "variable": "tas", "model": "E-OBS",
                                       "variant": "mean", "grid": "0.1deg", "version": "27.0"}]}
                  ) as case:
            years(case, "{}.nc", "tas", (2001, 2002, 2003))
            case.config["output"]["pattern"] = "{model}/{variant}/{grid}/{year}.nc"
            case.periods(2003, 2003)
            self.exits(case.run(), 0)
            self.assertEqual(list(case.normals()), ["E-OBS/mean/0.1deg/2003.nc"])
            with netCDF4.Dataset(next(iter(case.normals().values()))) as nc:
                self.assertEqual((nc.model, nc.variant, nc.source_versions),
                                 ("E-OBS", "mean", "27.0"))

    def test_a_newer_version_takes_the_place_of_the_same_path_alone(self):
        """Two entries; which year each file of them holds, and the files that are used."""
        for older, newer, used in (
                (("v1/*/data.nc", {"v1/a/data.nc": 2001, "v1/b/data.nc": 2002, "v1/c/data.nc": 2003}),
                 ("v2/*/data.nc", {"v2/c/data.nc": 2003}),
                 ("v1/a/data.nc", "v1/b/data.nc", "v2/c/data.nc")),
                (("v1/*.nc", {"v1/x1.nc": 2001, "v1/x2.nc": 2002, "v1/x3.nc": 2003}),
                 ("new/v2/x*.nc", {"new/v2/x2.nc": 2002, "new/v2/x3.nc": 2003}),
                 ("v1/x1.nc", "new/v2/x2.nc", "new/v2/x3.nc")),
                (("2001/*.nc", {"2001/t.nc": 2001}),
                 ("200[23]/*.nc", {"2002/t.nc": 2002, "2003/t.nc": 2003}),
                 ("2001/t.nc", "2002/t.nc", "2003/t.nc")),
                (("a/2001/t.nc", {"a/2001/t.nc": 2001}),
                 ("a/200[23]/t.nc", {"a/2002/t.nc": 2002, "a/2003/t.nc": 2003}),
                 ("a/2001/t.nc", "a/2002/t.nc", "a/2003/t.nc"))):
            entries = [{"files": older[0], "variable": "tas", "version": "1.0"},
                       {"files": newer[0], "variable": "tas", "version": "2.0"}]
            with self.subTest(older[0]), Case(input={"datasets": entries}) as case:
                for path, number in (*older[1].items(), *newer[1].items()):
                    year(case, path, "tas", number, seed=path)
                case.periods(2003, 2003)
                self.exits(case.run(), 0)
                paths = [os.path.join(case.data, path) for path in used]
                self.judged(case, "tas", [2003], timeline=timeline(paths, "tas"))

    def test_the_config_may_say_them(self):
        with Case(input={"model": "ERA5", "datasets": [{"files": "*.nc", "variable": "tas"}]}
                  ) as case:
            years(case, "{}.nc", "tas", (2001, 2002, 2003))
            case.config["output"]["pattern"] = "{model}/{year}.nc"
            case.periods(2003, 2003)
            self.exits(case.run(), 0)
            self.assertEqual(list(case.normals()), ["ERA5/2003.nc"])

    def test_several_models(self):
        with Case(input={"model": "*", "datasets": [
                {"files": "a*.nc", "variable": "tas", "model": "A"},
                {"files": "b*.nc", "variable": "tas", "model": "B"},
                {"files": "a*.nc", "variable": "tas", "model": "C"}]}) as case:
            lines = {m: timeline(years(case, m + "{}.nc", "tas", (2001, 2002, 2003)), "tas")
                     for m in "ab"}
            case.periods(2003, 2003)
            self.exits(case.run(), 0)
            for model, line in (("A", lines["a"]), ("B", lines["b"]), ("C", lines["a"])):
                path = os.path.join(case.out, model, "GLOBAL/tas/p/tas_GLOBAL_p_2003_3yr_normal.nc")
                distance = oracle.ulp_distance(read(path, "tas")["values"], line.normal(2003, 3)[0])
                self.assertLessEqual(distance.max(), 1 + 1e-6)

    def test_another_variable_of_the_file_makes_the_output_again(self):
        with Case(input={"datasets": [{"files": "x*.nc", "variable": "t", "in_file": "tx"}]}) as case:
            paths = years(case, "x{}.nc", "tx", range(2001, 2004))
            add_lower(paths)
            case.periods(2003, 2003)
            self.exits(case.run(), 0)
            self.assertEqual(case.run().variable("t")["normals_skipped"], 1)
            case.config["input"]["datasets"][0]["in_file"] = "tn"
            self.exits(case.run(), 0)
            self.judged(case, "t", [2003], timeline=timeline(paths, "tn"))


class Wrong(TestCase):
    def said(self, code, datasets, **config):
        """What a run says of a tree with x2001.nc … x2003.nc, which hold `tas`."""
        with Case(input={"datasets": datasets}, **config) as case:
            years(case, "x{}.nc", "tas", range(2001, 2004))
            case.periods(2003, 2003)
            result = case.run()
            self.exits(result, code)
            return result.err

    def test_an_entry_that_takes_no_file_is_a_problem(self):
        more = [{"files": "x*.nc", "variable": "tas"}]
        said = self.said(2, more + [{"files": "X*.nc", "variable": "tas"}])
        self.assertIn('no file in ', said)
        self.assertIn('fits "X*.nc"', said)
        self.assertIn("climnorm.cfg:", said)
        for only in ("y*.nc", "*.nc4", "deep/x*.nc"):
            said = self.said(1, [{"files": only, "variable": "tas"}])
            self.assertIn(f'no file fits "{only}"', said)

    def test_an_entry_that_takes_no_file_is_named_where_the_variable_is_listed(self):
        datasets = [{"files": "x*.nc", "variable": "tas"}, {"files": "no*.nc", "variable": "pr"}]
        said = " ".join(self.said(2, datasets, variables=["pr", "tas"]).split())
        self.assertIn("pr: ", said)
        self.assertRegex(said, r'climnorm.cfg:\d+: input.datasets.files: no file in \S+ fits '
                               r'"no\*.nc", nor is any named pr_day_')
        said = " ".join(self.said(0, datasets, variables=["tas"]).split())
        self.assertRegex(said, r'warning: \S+: input.datasets.files: no file in \S+ fits "no')

    def test_one_file_is_not_two_things(self):
        for other in ({"experiment": "ssp245"}, {"in_file": "pr"}, {"until": 2002, "then": "ssp1"}):
            said = self.said(1, [{"files": "x*.nc", "variable": "tas"},
                                 {"files": "x2*.nc", "variable": "tas", **other}], scenarios=None)
            self.assertIn("is taken for tas in ", said)
            self.assertEqual(said.count("climnorm.cfg:"), 3, said)

    def test_the_same_said_twice_is_no_error(self):
        self.said(0, [{"files": "x*.nc", "variable": "tas"}, {"files": "**/x2*.nc", "variable": "tas"}])

    def test_a_variable_that_the_file_lacks(self):
        said = self.said(2, [{"files": "x*.nc", "variable": "pr"}])
        self.assertIn("holds no variable 'pr', as input.datasets has it in ", said)
        self.assertIn("it holds tas; correct in_file", said)

    def test_groups_are_listed(self):
        with Case(input={"datasets": [{"files": "*.nc", "variable": "tas"}]}) as case:
            with netCDF4.Dataset(os.path.join(case.data, "x.nc"), "w") as nc:
                nc.createGroup("forecast")
                nc.createGroup("analysis")
            self.assertIn("but the groups forecast, analysis, of which ncks -G : -g GROUP takes one "
                          "out; correct files", " ".join(case.run().err.split()))

    def test_a_variable_that_the_name_promises(self):
        for held in ("precipitation_amount", "PREC", "mrros"):
            with self.subTest(held), Case() as case:
                years(case, "pr_day_M_historical_r1i1p1f1_gn_{}.nc", held, (2001, 2002, 2003))
                case.periods(2003, 2003)
                result = case.run()
                self.exits(result, 2)
                self.assertIn(f"it holds {held}; correct the name, or say in input.datasets",
                              result.err)

    def test_nothing_is_taken_by_a_name_alone(self):
        with Case() as case:
            years(case, "x{}.nc", "tas", range(2001, 2004))
            result = case.run()
            self.exits(result, 1)
            self.assertIn("input.datasets", result.err)
            self.assertIn("climnorm inspect", result.err)

    def test_a_damaged_file_costs_its_year(self):
        """Its name seems to hold the year, which has no other days."""
        for name in ("rain_2002.nc", "era5.2002-01.nc", "v2.daily.20020101-20021231.nc"):
            with self.subTest(name), Case(input={"datasets": [
                    {"files": "*.nc", "variable": "tas"}]}) as case:
                paths = years(case, "x{}.nc", "tas", (2001, 2003, 2004))
                with open(os.path.join(case.data, name), "w") as f:
                    f.write("not a netCDF file")
                case.config["normals"]["min_years"] = 2
                case.periods(2004, 2004)
                result = case.run()
                self.exits(result, 2)
                self.assertIn("tas historical 2002: ", result.err)
                self.judged(case, "tas", [2004], timeline=timeline(paths, "tas"))


class Proposals(TestCase):
    """climnorm inspect FOLDER prints a config that can be run."""

    def proposed(self, case, cores=()):
        """cores: on which it runs."""
        done = subprocess.run([BIN, "inspect", case.data], capture_output=True, text=True,
                              timeout=60, check=False,
                              preexec_fn=lambda: cores and os.sched_setaffinity(0, cores))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.replace('root = "normals"', f'root = "{case.out}"')

    def loads(self, case, text):
        """The config is right, whatever can be made of the few years there are."""
        result = case.run(command="plan", text=text)
        self.assertIn(result.code, (0, 2), result.said)
        return result

    def test_what_it_proposes_can_be_run(self):
        for pattern, in_file, variable in (
                ("gridmet/pr_{}.nc", "precipitation_amount", "precipitation_amount"),
                ("{}/daymet.v4.{}0101-{}1231.nc", "prcp", "prcp"),
                ("a.b-{}.c.nc", "T 2m", "T_2m"), ("odd[1]*?_{}.nc", "tas", "tas"),
                ("E-OBS/{}/01/tg_0.25deg_v27.0e.nc", "mean temperature (°C)",
                 "mean_temperature_C_")):
            with self.subTest(pattern), Case() as case:
                paths = years(case, pattern.replace("{}", "{0}"), in_file, range(2001, 2004))
                text = self.proposed(case)
                self.assertEqual(text.count("files = "), 1)
                self.exits(case.run(text=text), 0)
                line = timeline(paths, in_file)
                made = case.normals()[f"CONUS/{variable}/historical/{variable}_CONUS_historical_"
                                      "2003_3yr_normal.nc"]
                rows, columns, _ = oracle.cells_of(oracle.BUILT_IN["CONUS"], line.lat, line.lon)
                exact = line.normal(2003, 3, rows=rows, columns=columns)[0]
                distance = oracle.ulp_distance(read(made, variable)["values"], exact)
                self.assertLessEqual(distance.max(), 1 + 1e-6)

    def test_each_kind_of_name_and_each_variable_is_an_entry(self):
        with Case() as case:
            years(case, "one/tmax_{}.nc", "tx", (2001, 2002))
            for path in years(case, "two_ssp245/all.{}.nc", "t", (2015, 2016)):
                with netCDF4.Dataset(path, "a") as nc:
                    nc.createVariable("q", "f4", ("time", "lat", "lon"))
            years(case, "tas_day_M_historical_r1i1p1f1_gn_{}.nc", "tas", (2001, 2002))
            for name, content in (("damaged.nc", "no file"), ("._x.nc", "Mac OS X")):
                with open(os.path.join(case.data, name), "w") as f:
                    f.write(content)
            said = self.proposed(case)
            self.assertIn("# 8 files, 2 of them named like CMIP files", said)
            for entry in ('{ files = "one/tmax_????.nc"; variable = "tx"; in_file = "tx"; }',
                          '{ files = "two_ssp245/all.????.nc"; variable = "t"; in_file = "t"; '
                          'experiment = "ssp245"; }',
                          '{ files = "two_ssp245/all.????.nc"; variable = "q"; in_file = "q"; '
                          'experiment = "ssp245"; }'):
                self.assertIn(entry, said)
            self.assertEqual(said.count("files = "), 3)
            self.assertIn("# Left out: 1 file such as damaged.nc: ", said)
            self.assertNotIn("Mac", said)
            self.exits(case.run(command="plan", text=said), 0)

    def test_what_cannot_be_used_is_left_out_with_the_reason(self):
        with Case() as case:
            years(case, "tx_{}.nc", "tx", (2001, 2002))
            dates = [(2001, month, 15) for month in range(1, 13)]
            for name, names in (("monthly.nc", ("t", "q")), ("monthly_2.nc", ("t",))):
                values = trees.values_like("temp", name, 12)
                path = trees.write(os.path.join(case.data, name), names[0], dates, values)
                with netCDF4.Dataset(path, "a") as nc:
                    for other in names[1:]:
                        nc.createVariable(other, "f4", ("time", "lat", "lon"))[:] = values
            said = self.proposed(case)
            reason = "monthly data: the median time step is 31 days, expected at most one day"
            self.assertIn(f"# Left out: t, q of 1 file such as monthly.nc: {reason}", said)
            self.assertIn(f"# Left out: t of 1 file such as monthly_2.nc: {reason}", said)
            self.assertEqual(re.findall('in_file = "(.*?)"', said), ["tx"])
            self.exits(case.run(text=said), 0)

    def test_regions_are_those_with_cells(self):
        for scale, regions in ((1, '[ "CONUS", "AK" ]'), (0.1, '[ "GLOBAL" ]')):
            with Case() as case:
                year(case, "x_2001.nc", "tx", 2001, lat=trees.LAT * scale)
                self.assertIn(f"regions = {regions};", self.proposed(case))

    def levels(self, case, name, number, dims, coordinates=None):
        """A file of `t` with other dimensions in front of those of the grid."""
        path = year(case, name, "x", number)
        with netCDF4.Dataset(path, "a") as nc:
            for dim, values in dims.items():
                nc.createDimension(dim, len(values))
                nc.createVariable(dim, "f8", (dim,))[:] = values
            nc.createVariable("t", "f4", ("time", *dims, "lat", "lon"))[:] = 280
            nc["t"].units = "K"
            for key, value in (coordinates or {}).items():
                nc.createVariable(key, "f8", ())[...] = value
                nc["t"].coordinates = key

    def test_samples_of_a_kind_are_unlike(self):
        rows = (([{}, {}, {"expver": [1, 5]}], ['select = { expver = "all"; }; }']),
                ([{"level": [1000, 850]}, {"level": [850, 500]}, {"level": [850, 300]}],
                 ["select = { level = 850; }; }"]),
                ([{"level": [1000, 850]}, {"level": [850, 500]}, {"level": [1000, 300]}],
                 ["select = { level = 1000; }; }", "# t cannot be read from ",
                  "e_2002.nc: select has level = 1000, which the file does not have"]),
                ([{"level": [850]}, {"level": [850]}, {"level": [500]}],
                 ["# t: level is not the same in all files, such as e_2001.nc and e_2003.nc; "]))
        for dims, words in rows:
            with self.subTest(dims), Case() as case:
                for k, one in enumerate(dims):
                    self.levels(case, f"e_{2001 + k}.nc", 2001 + k, one)
                said = self.proposed(case)
                for word in words:
                    self.assertIn(word, said)
                self.loads(case, said)

    def test_a_file_is_opened_once_for_many_variables(self):
        with Case() as case:
            with netCDF4.Dataset(year(case, "x_2001.nc", "t", 2001), "a") as nc:
                for k in range(60):
                    nc.createVariable(f"v{k}", "f4", ("time", "lat", "lon")).units = "K"
            with Opened(case.data) as opened:
                said = self.proposed(case, cores=list(os.sched_getaffinity(0))[:1])
            self.assertEqual(said.count("files = "), 61)
            self.assertLess(opened.count, 80)  # netCDF-C opens it once, HDF5 for each variable

    def test_choices_that_are_tried_are_bounded(self):
        """Each of eight files has levels of its own: no choice is of two."""
        with Case() as case:
            for k in range(8):
                with netCDF4.Dataset(year(case, f"x_{2001 + k}.nc", "x", 2001), "a") as nc:
                    nc.createDimension("level", 2)
                    nc.createVariable("level", "f8", ("level",))[:] = [10 * k + 1, 10 * k + 2]
                    for v in range(20):
                        nc.createVariable(f"v{v}", "f4", ("time", "level", "lat", "lon")).units = "K"
            with Opened(case.data) as opened:
                said = self.proposed(case, cores=list(os.sched_getaffinity(0))[:1])
            self.assertEqual(said.count("select = { level = 1; }"), 20)
            self.assertEqual(said.count("select has level = 1, which the file does not have"), 140)
            self.assertLess(opened.count, 1500)

    def test_a_variable_of_later_files(self):
        with Case() as case:
            years(case, "e_{}.nc", "t", range(2001, 2021))
            with netCDF4.Dataset(os.path.join(case.data, "e_2020.nc"), "a") as nc:
                nc.createVariable("q", "f4", ("time", "lat", "lon")).units = "1"
            with open(os.path.join(case.data, "e_2001.nc"), "w") as file:
                file.write("no file")
            said = self.proposed(case)
            self.assertIn("# 20 files, such as e_2001.nc\n", said)
            self.assertIn("/e_2001.nc: a text", said)
            self.assertIn("    # q is not in e_20", said)
            self.assertEqual(re.findall('in_file = "(.*?)"', said), ["t", "q"])
            self.loads(case, said)

    def test_stations_and_points_are_proposed(self):
        """Of few dimensions, with bounds of time, which are no variable."""
        for dims in ((), ("station",)):
            with self.subTest(dims), Case() as case:
                values = np.random.default_rng(1).normal(280, 9, (3, 365)[-1 - len(dims):])
                with netCDF4.Dataset(os.path.join(case.data, "cities_2001.nc"), "w") as nc:
                    for name, size in (("station", 3), ("time", 365), ("bnds", 2)):
                        nc.createDimension(name, size)
                    time = nc.createVariable("time", "f8", ("time",))
                    time.setncatts({"units": "days since 2001-01-01", "bounds": "time_bnds"})
                    time[:] = np.arange(365) + 0.5
                    nc.createVariable("time_bnds", "f8", ("time", "bnds"))[:] = \
                        np.arange(365)[:, None] + [0, 1]
                    for name, unit in (("lat", "degrees_north"), ("lon", "degrees_east")):
                        var = nc.createVariable(name, "f8", dims)
                        var.units, var[:] = unit, 30.0
                    nc.createVariable("t2m", "f8", dims + ("time",))[:] = values
                text = self.proposed(case)
                self.assertEqual(re.findall('in_file = "(.*?)"', text), ["t2m"])
                self.exits(case.run(text=text), 0)
                [made] = case.normals().values()
                np.testing.assert_array_equal(read(made, "t2m")["values"][:365],
                                              values.T.astype("f4"))

    def test_no_file_is_passed_over_without_a_word(self):
        with Case() as case:
            first = year(case, "x.nc4", "t", 2001)
            os.link(first, os.path.join(case.data, ".hidden.nc"))
            os.symlink("nowhere", os.path.join(case.data, "broken.nc"))
            open(os.path.join(case.data, "x.grb"), "w").close()
            done = subprocess.run([BIN, "inspect", case.data], capture_output=True, text=True,
                                  timeout=60, check=False)
            self.assertEqual(done.returncode, 0)
            self.assertIn("# 2 files, 0 of them named like CMIP files", done.stdout)
            self.assertIn('{ files = "x.nc4"; variable = "t"; in_file = "t"; }', done.stdout)
            self.assertIn("# Left out: 1 hidden file\n", done.stdout)
            self.assertIn("1 entry cannot be read, such as broken.nc", done.stderr)
            self.assertIn("passed over: 1 file whose name does not end in .nc, such as x.grb",
                          done.stderr)
            for k in range(103):
                os.link(first, os.path.join(case.data, f"k{k}.nc"))
            done = subprocess.run([BIN, "inspect", case.data], capture_output=True, text=True,
                                  timeout=60, check=False)
            self.assertIn("# Left out: 4 files of more than 100 kinds of names", done.stdout)
            self.loads(case, done.stdout)

    def test_a_config_takes_a_limited_number_of_entries(self):
        with Case() as case:
            first = year(case, "k0.nc", "a", 2001)
            with netCDF4.Dataset(first, "a") as nc:
                for name in "bc":
                    nc.createVariable(name, "f4", ("time", "lat", "lon"))
            for k in range(1, 90):
                os.link(first, os.path.join(case.data, f"k{k}.nc"))
            said = self.proposed(case)
            self.assertEqual(said.count("files = "), 256)
            self.assertIn("# Left out: 14 variables, as a config takes 256 entries", said)
            self.loads(case, said)

    def test_each_variable_has_a_name_of_its_own(self):
        with Case() as case:
            with netCDF4.Dataset(year(case, "x.nc", "é", 2001), "a") as nc:
                for name in ("ü", "a b", "a_b", "a\u200eb"):
                    nc.createVariable(name, "f4", ("time", "lat", "lon")).units = "K"
            year(case, "y.nc", "a.b", 2001)
            said = self.proposed(case)
            for own, in_file in (("variable", "é"), ("variable_2", "ü"), ("a_b", "a b"),
                                 ("a_b_2", "a_b"), ("a_b_3", "a.b")):
                self.assertIn(f'variable = "{own}"; in_file = "{in_file}"; ', said)
            self.assertEqual(said.count("files = "), 5)
            self.assertIn("# Left out: 1 variable with names that a config cannot hold", said)
            self.loads(case, said)

    def test_names_of_files_may_hold_anything(self):
        for name in ("back\\slash_{}.nc", 'q"uote_{}.nc', "new\nline_{}.nc", "tab\t_{}.nc",
                     "ä\u200e_{}.nc", "latin\udce4_{}.nc"):
            with self.subTest(name), Case() as case:
                years(case, "x_{}.nc", "tas", range(2001, 2004))
                for number in range(2001, 2004):
                    os.rename(os.path.join(case.data, f"x_{number}.nc"),
                              os.path.join(case.data, name.format(number)))
                said = self.proposed(case)
                self.assertIn("# 3 files, such as ", said)
                self.assertEqual(said.count("files = "), 1)
                self.assertFalse(set("\t\x1b\u200e") & set(said))
                self.assertIn("2001-2003", self.loads(case, said).out)

    def test_what_looks_like_a_date_or_an_experiment(self):
        names = {"x_20000101-20001231_0p25.nc": "x_????????-????????_0p25.nc",
                 "x_1800x3600_2000.nc": "x_1800x3600_????.nc", "y2000m01.nc": "y????m??.nc",
                 "x_2000_25km.nc": "x_????_25km.nc", "2000/01/x.nc": "????/??/x.nc",
                 "x_2000-01-15T12.nc": "x_????-??-??T??.nc",
                 "atm/hist/b.BSSP370cmip6.nc": "atm/hist/b.BSSP370cmip6.nc",
                 "hist_ssp245/x.nc": "hist_ssp245/x.nc", "HistoricalRCP85.nc": "HistoricalRCP85.nc",
                 "history/ssp126.nc": "history/ssp126.nc", "l/z_2000_300.nc": "l/z_????_300.nc",
                 "v1.02_2000.nc": "v1.02_????.nc", "r02/2000/x.nc": "r02/????/x.nc"}
        scenarios = {"atm/hist/b.BSSP370cmip6.nc": "ssp370", "history/ssp126.nc": "ssp126"}
        for written, scenario in (("rcp4.5", "rcp45"), ("rcp8p5", "rcp85"), ("SSP2-4.5", "ssp245"),
                                  ("ssp2_45", "ssp245"), ("rcp_85", "rcp85"), ("RCP 2.6", "rcp26"),
                                  ("SSP5-RCP8.5", "ssp585"), ("ssp1rcp26", "ssp126"),
                                  ("ssp1-19", "ssp119"), ("rcp_1985", ""), ("ssp2_2045", ""),
                                  ("rcp_10", ""), ("ssp", ""), ("ssp2", ""), ("rcp4.50", "")):
            names[f"s-{written}.nc"] = f"s-{written.replace('1985', '????').replace('2045', '????')}.nc"
            if scenario:
                scenarios[f"s-{written}.nc"] = scenario
        with Case() as case:
            first = year(case, "first.nc", "t", 2000)
            for name in names:
                path = os.path.join(case.data, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                shutil.copy(first, path)
            said = self.proposed(case)
            for name, pattern in names.items():
                end = f'; experiment = "{scenarios[name]}"; }}' if name in scenarios else "; }"
                self.assertIn(f'{{ files = "{pattern}"; variable = "t"; in_file = "t"{end}', said)

    def test_dates_in_any_order_are_of_one_kind(self):
        for names, pattern in (
                (("t_01_2000", "t_12_2000"), "t_??_????"), (("d/01/2000", "d/02/2001"), "d/??/????"),
                (("t_01-12-2000", "t_31-01-2001"), "t_??-??-????"),
                (("2000_001", "2000_366"), "????_???"), (("2000.001", "2001.100"), "????.???"),
                (("2000/099/x", "2001/100/x"), "????/???/x"), (("A2000001", "A2000366"), "A???????"),
                (("rcp_85_2000", "rcp_85_2001"), "rcp_85_????"),
                (("ssp2_45_2000", "ssp2_45_2001"), "ssp2_45_????")):
            with self.subTest(pattern), Case() as case:
                for k, name in enumerate(names):
                    year(case, f"{name}.nc", "t", 2000 + k)
                self.assertIn(f'# 2 files, such as {names[0]}.nc\n    {{ files = "{pattern}.nc"; ',
                              self.proposed(case))

    def test_members_and_levels_are_no_dates(self):
        """What the names of a kind have in common tells; those of other kinds do not matter."""
        members = [f"{k:02}" for k in range(1, 6)]
        months = [f"{k:02}" for k in range(1, 13)]
        for names, patterns in (
                (["ens_01_2000", "ens_01_2001"], ["ens_01_????"]),
                ([f"e_{m}_{y}" for m in members for y in (2000, 2001)],
                 [f"e_{m}_????" for m in members]),
                ([f"ens_{m}_2000" for m in months], [f"ens_{m}_2000"[:-4] + "????" for m in months]),
                ([f"{m}-{d}" for m in ("run/03", "run/04") for d in (2000, 2001)],
                 ["run/03-????", "run/04-????"]),
                ([f"m_{m}_{y}" for m in months for y in (2000, 2001)], ["m_??_????"]),
                (["m_11_2000", "m_12_2000", "m_01_2001"], ["m_??_????"]),
                (["t_31-05-2000", "t_30-06-2000"], ["t_??-??-????"]),
                (["x_2000_012", "x_2001_012"], ["x_????_012"]),
                ([f"x_{y}_{m:03}" for y in (2000, 2001) for m in (1, 2, 40)],
                 ["x_????_001", "x_????_002", "x_????_040"]),
                (["z_2000_050", "z_2000_300", "z_2000_850"],
                 ["z_????_050", "z_????_300", "z_????_850"]),
                (["x_2000_012", "x_2001_012", "d_2000_001", "d_2000_200"],
                 ["x_????_012", "d_????_???"]),
                ([f"d_{y}_{k:03}" for y in (2000, 2001) for k in (1, 365)], ["d_????_???"])):
            with self.subTest(names), Case() as case:
                first = year(case, f"{names[0]}.nc", "t", 2000)
                for name in names[1:]:
                    os.link(first, os.path.join(case.data, f"{name}.nc"))
                said = self.proposed(case)
                self.assertEqual(sorted(re.findall('files = "(.*?).nc"', said)), sorted(patterns))

    def test_names_that_the_rule_takes_need_no_entry(self):
        with Case() as case:
            years(case, "tas_day_M_historical_r1i1p1f1_gn_{}.nc", "tas", (2001, 2002))
            said = self.proposed(case)
            self.assertNotIn("datasets", said)
            self.assertIn("climnorm config", said)

    def test_a_folder_without_files(self):
        with Case() as case:
            done = subprocess.run([BIN, "inspect", case.data], capture_output=True, text=True,
                                  timeout=60, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("no file in this folder", done.stderr)


if __name__ == "__main__":
    main()
