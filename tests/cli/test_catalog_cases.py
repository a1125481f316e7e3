"""Trees: names, versions, experiments, gaps, overlaps; what is found, what is left out, and
what the exit code says about it.
"""
import os

import netCDF4
import numpy as np

import oracle
import trees
from climnorm_case import Case, TestCase, attribute, main


def small(root, variable, year, **options):
    return trees.year_file(root, variable, year, calendar="360_day", **options)


class Versions(TestCase):
    def tree(self, case):
        for year in range(2000, 2004):
            small(case.data, "tas", year)
        small(case.data, "tas", 2001, version="1.1", seed="reissue")
        small(case.data, "tas", 2001, version="1.2", seed="again", folder="elsewhere")
        small(case.data, "tas", 2002, version="1.9", seed="nine")
        small(case.data, "tas", 2002, version="1.10", seed="ten")
        small(case.data, "tas", 2003, version="2.0", seed="two")

    def test_newest(self):
        with Case(variables=["tas"]).periods(2002, 2003) as case:
            self.tree(case)
            result = case.run()
            self.exits(result, 0)
            self.judged(case, "tas", (2002, 2003))
            self.assertEqual(result.variable("tas")["files_read"], 4)
            self.assertRegex(result.said, "(?i)warn")
            self.assertIn("version", result.said)
            with netCDF4.Dataset(case.path("tas", 2002)) as nc:
                versions = str(attribute(nc, "tas", "source_versions"))
                for version in ("1.0", "1.2", "1.10"):
                    self.assertIn(version, versions)
                files = str(attribute(nc, "tas", "source_files"))
                self.assertIn(trees.name("tas", 2002, version="1.10"), files)
                self.assertNotIn("v1.9", files)
            plan = case.run(command="plan")
            self.assertIn("version", plan.said)

    def test_pinned(self):
        with Case(variables=["tas"], input={"version": "1.1"}).periods(2002, 2002) as case:
            for year in (2000, 2001, 2002):
                small(case.data, "tas", year)
                small(case.data, "tas", year, version="1.1", seed="reissue")
                small(case.data, "tas", year, version="1.2", seed="later")
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2002],
                        timeline=oracle.Tree(case.data, version="1.1").timeline("tas"))

    def test_one_version_is_no_mixture(self):
        with Case(variables=["tas"]).periods(2002, 2002) as case:
            for year in (2000, 2001, 2002):
                small(case.data, "tas", year)
                small(case.data, "tas", year, version="1.1", seed="reissue")
            result = case.run()
            self.exits(result, 0)
            self.judged(case, "tas", [2002])
            self.assertNotRegex(result.said, "(?i)mix")


class Names(TestCase):
    def test_names_come_from_files_not_folders(self):
        """Any layout, CMIP5 names without grid, span names, other tables ignored."""
        with Case(variables=["tas", "pr"]).periods(2002, 2003) as case:
            common = dict(grid="", model="CanESM2", variant="r1i1p1")
            for year, folder in ((2000, "pr/ssp585"), (2001, "a b/ü/deep/er"), (2002, "")):
                small(case.data, "tas", year, folder=folder, **common)
            dates = trees.dates_of_year("360_day", 2003)
            span = trees.span(dates[0], dates[-1])
            trees.write(os.path.join(case.data, trees.name("tas", span, **common)), "tas", dates,
                        trees.values_like("temp", "span", 360), calendar="360_day")
            for year in range(2000, 2004):
                small(case.data, "pr", year, kind="pr", folder=f"x/{year}", **common)
            small(case.data, "tas", 2002, table="Amon", seed="other", **common)
            for junk in ("notes.txt", "tas_day.nc", "tas_day_CanESM2_historical_r1i1p1_20.nc",
                         "tas_day_CanESM2_historical_r1i1p1_2002.nc4", ".nc", "_" * 40 + ".nc"):
                with open(os.path.join(case.data, junk), "w") as f:
                    f.write("junk")
            result = case.run()
            self.exits(result, 0)
            self.judged(case, "tas", (2002, 2003))
            self.judged(case, "pr", (2002, 2003))
            plan = case.run(command="plan")
            self.exits(plan, 0)

    def test_another_table(self):
        with Case(variables=["tas"], input={"table": "Eday"}).periods(2002, 2002) as case:
            for year in range(2000, 2003):
                small(case.data, "tas", year, table="Eday")
                small(case.data, "tas", year, table="day", seed="other")
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2002], timeline=oracle.Tree(
                case.data, table="Eday").timeline("tas"))

    def test_links_and_loops(self):
        with Case(variables=["tas"]).periods(2002, 2002) as case:
            store = os.path.join(case.dir, "store")
            for year in range(2000, 2003):
                small(store, "tas", year)
            os.symlink(os.path.join(store, "tas"), os.path.join(case.data, "linked"))
            os.symlink(case.data, os.path.join(case.data, "loop"))
            os.symlink("..", os.path.join(case.data, "up"))
            file = trees.name("tas", 2001)
            os.makedirs(os.path.join(case.data, "more"))
            os.link(os.path.join(store, "tas", file), os.path.join(case.data, "more", file))
            result = case.run()
            self.exits(result, 0)
            self.assertEqual(result.variable("tas")["files_read"], 3)
            self.judged(case, "tas", [2002], timeline=oracle.Tree(store).timeline("tas"))

    def test_candidates(self):
        """Two models, variants or grids: an error that lists them; the key chooses."""
        for key, (one, other) in {"model": ("M1", "M2"), "variant": ("r1i1p1f1", "r2i1p1f1"),
                                  "grid": ("gn", "gr1")}.items():
            with self.subTest(key=key), Case(variables=["tas"]).periods(2002, 2002) as case:
                for year in range(2000, 2003):
                    small(case.data, "tas", year, **{key: one})
                    small(case.data, "tas", year, seed="other", folder="other", **{key: other})
                result = case.run()
                self.exits(result, 1)
                self.assertIn(one, result.said)
                self.assertIn(other, result.said)
                self.assertIn(key, result.said)
                self.assertEqual(case.files(), {})
                self.exits(case.run("--set", f"input.{key}={other}"), 0)
                self.judged(case, "tas", [2002], timeline=oracle.Tree(
                    os.path.join(case.data, "other")).timeline("tas"))

    def test_variables_left_out_are_all_there_are(self):
        with Case(variables=None).periods(2001, 2001) as case:
            case.config["normals"].update(window=2, min_years=2)
            for variable in ("tas", "hurs", "x1"):
                for year in (2000, 2001):
                    small(case.data, variable, year)
            result = case.run()
            self.exits(result, 0)
            self.assertEqual(len(case.normals()), 3)
            self.assertEqual({v["name"] for v in result.summary["variables"]},
                             {"tas", "hurs", "x1"})

    def test_no_files(self):
        with Case(variables=["tas", "absent"]).periods(2002, 2002) as case:
            result = case.run()
            self.exits(result, 1)
            for year in range(2000, 2003):
                small(case.data, "tas", year)
            result = case.run()
            self.exits(result, 2)
            self.judged(case, "tas", [2002])
            self.assertIn("absent", result.said)
            self.assertRegex(result.variable("absent")["status"], "(?i)fail")
            self.assertEqual([v["name"] for v in result.summary["variables"]], ["tas", "absent"])


class Experiments(TestCase):
    def test_two_scenarios_and_default_periods(self):
        """Historical years are read once; hybrids carry the scenario; periods are clipped."""
        with Case(variables=["tas"], scenarios=["ssp245", "ssp585"]) as case:
            case.config["normals"] = {"window": 4, "min_years": 4}
            for year in range(2009, 2015):
                small(case.data, "tas", year, shape=(2, 2), lat=[0.0, 5], lon=[0.0, 5])
            for scenario in ("ssp245", "ssp585"):
                for year in range(2015, 2048):
                    small(case.data, "tas", year, experiment=scenario, seed=scenario,
                          shape=(2, 2), lat=[0.0, 5], lon=[0.0, 5])
            result = case.run()
            self.exits(result, 0)
            said = result.variable("tas")
            self.assertEqual((said["files_read"], said["normals_unmade"]), (6 + 2 * 33, 0))
            self.assertRegex(str(said["problems"]), r"warning: tas historical: target years "
                             r"2009-2011 are left out: .* 1 to 3 of 4 years, .*begin in 2009")
            tree = oracle.Tree(case.data)
            wanted = {}
            self.judged(case, "tas", range(2012, 2015), period="historical",
                        timeline=tree.timeline("tas"))
            for scenario in ("ssp245", "ssp585"):
                timeline = tree.timeline("tas", scenario)
                for period, first, last in ((f"hybrid-{scenario}", 2015, 2044),
                                            (scenario, 2045, 2047)):
                    self.judged(case, "tas", range(first, last + 1), period=period,
                                timeline=timeline)
                    for year in range(first, last + 1):
                        wanted[case.path("tas", year, period=period)] = scenario
            for year in range(2012, 2015):
                wanted[case.path("tas", year, period="historical")] = "historical"
            self.assertEqual(set(case.normals().values()), set(wanted))
            for path, scenario in wanted.items():
                with netCDF4.Dataset(path) as nc:
                    self.assertEqual(attribute(nc, "tas", "scenario"), scenario)

    def test_default_periods_follow_the_last_historical_year(self):
        """CMIP5: it is 2005. One scenario has a plain hybrid, several carry its name."""
        for scenarios in (["rcp85"], ["rcp26", "rcp85"]):
            with self.subTest(scenarios=scenarios), Case(
                    variables=["tas"], scenarios=scenarios) as case:
                case.config["normals"] = {"window": 2, "min_years": 2}
                for year in range(2003, 2006):
                    small(case.data, "tas", year, experiment="historical")
                for scenario in scenarios:
                    for year in range(2006, 2039):
                        small(case.data, "tas", year, experiment=scenario, seed=scenario)
                self.exits(case.run(), 0)
                tree = oracle.Tree(case.data)
                self.judged(case, "tas", (2004, 2005), period="historical",
                            timeline=tree.timeline("tas", scenarios[0]))
                for scenario in scenarios:
                    timeline = tree.timeline("tas", scenario)
                    hybrid = "hybrid" if len(scenarios) == 1 else f"hybrid-{scenario}"
                    self.judged(case, "tas", range(2006, 2036), period=hybrid, timeline=timeline)
                    self.judged(case, "tas", range(2036, 2039), period=scenario,
                                timeline=timeline)
                self.assertEqual(len(case.normals()), 2 + 33 * len(scenarios))

    def test_a_variable_keeps_the_labels_of_the_tree(self):
        """tas lacks its last historical and first scenario years, which changes no period."""
        with Case(variables=["pr", "tas"], scenarios=["rcp85"]) as case:
            case.config["normals"] = {"window": 2, "min_years": 1}
            for variable, missing in (("pr", ()), ("tas", (2005, 2006, 2007))):
                for year in range(2003, 2010):
                    if year not in missing:
                        small(case.data, variable, year,
                              experiment="historical" if year < 2006 else "rcp85")
            self.exits(case.run(), 0)
            for variable in ("pr", "tas"):
                last = {p: max(int(n.split("_")[3]) for n in case.normals()
                               if f"/{variable}/{p}/" in n) for p in ("historical", "hybrid")}
                self.assertEqual(last, {"historical": 2005, "hybrid": 2009})

    def test_experiments_meet_mid_year(self):
        """CMIP5's HadGEM2-ES: historical ends in November 2005, the scenario begins in December."""
        with Case(variables=["tas"], scenarios=["rcp85"]).periods(2004, 2007) as case:
            case.config["output"]["pattern"] = \
                "{region}/{variable}/{period}/{scenario}_{year}.nc"
            for year in (2002, 2003, 2004, 2006, 2007):
                small(case.data, "tas", year,
                      experiment="historical" if year < 2005 else "rcp85")
            for experiment, wants in (("historical", False), ("rcp85", True)):
                dates = [d for d in trees.dates_of_year("360_day", 2005) if (d[1] == 12) == wants]
                trees.write(os.path.join(case.data, trees.name(
                    "tas", trees.span(dates[0], dates[-1]), experiment=experiment)), "tas", dates,
                    trees.values_like("temp", experiment, len(dates)), calendar="360_day")
            result = case.run()
            self.exits(result, 0)
            timeline = oracle.Tree(case.data).timeline("tas", "rcp85")
            for year, scenario in ((2004, "historical"), (2005, "rcp85"), (2006, "rcp85"),
                                   (2007, "rcp85")):
                os.makedirs(os.path.dirname(case.path("tas", year)), exist_ok=True)
                os.link(os.path.join(case.out, f"GLOBAL/tas/p/{scenario}_{year}.nc"),
                        case.path("tas", year))
                with netCDF4.Dataset(case.path("tas", year)) as nc:
                    self.assertEqual(attribute(nc, "tas", "scenario"), scenario)
            self.judged(case, "tas", range(2004, 2008), timeline=timeline)

    def test_historical_alone_and_another_name(self):
        with Case(variables=["tas"], input={"historical": "past"}).periods(2002, 2002) as case:
            for year in range(2000, 2003):
                small(case.data, "tas", year, experiment="past")
                small(case.data, "tas", year, experiment="ssp245", seed="future")
            self.exits(case.run(), 0)
            self.judged(case, "tas", [2002],
                        timeline=oracle.Tree(case.data).timeline("tas", historical="past"))

    def test_overlap_names_both_files(self):
        with Case(variables=["tas", "pr"]).periods(2002, 2002) as case:
            for year in range(2000, 2003):
                small(case.data, "tas", year)
                small(case.data, "pr", year)
            dates = [d for d in trees.dates_of_year("360_day", 2001) if d[1] > 11]
            other = trees.write(os.path.join(case.data, trees.name(
                "tas", trees.span(dates[0], dates[-1]))), "tas", dates,
                trees.values_like("temp", "x", len(dates)), calendar="360_day")
            result = case.run()
            self.exits(result, 2)
            self.assertIn(os.path.basename(other), result.said)
            self.assertIn(trees.name("tas", 2001), result.said)
            self.assertFalse(os.path.exists(case.path("tas", 2002)))
            self.assertRegex(result.variable("tas")["status"], "(?i)fail")
            self.judged(case, "pr", [2002])

    def test_a_scenario_overlapping_the_past_is_an_overlap(self):
        with Case(variables=["tas"], scenarios=["ssp245"]).periods(2002, 2002) as case:
            for year in range(2000, 2003):
                small(case.data, "tas", year)
            small(case.data, "tas", 2002, experiment="ssp245", seed="other")
            result = case.run()
            self.exits(result, 2)
            self.assertIn(trees.name("tas", 2002), result.said)
            self.assertIn(trees.name("tas", 2002, experiment="ssp245"), result.said)
            self.assertEqual(case.normals(), {})


class Gaps(TestCase):
    def test_partial_years(self):
        """min_days 0.9: 324 of 360 days are enough, 323 are not; missing days are missing."""
        def first(n):
            return lambda d: (d[1] - 1) * 30 + d[2] <= n
        with Case(variables=["enough", "short", "holes"],
                  normals={"min_years": 2}, output={"counts": True}).periods(2002, 2003) as case:
            for year in range(2000, 2004):
                odd = year == 2001
                small(case.data, "enough", year, keep=first(324 if odd else 360))
                small(case.data, "short", year, keep=first(323 if odd else 360))
                small(case.data, "holes", year, keep=lambda d: not odd or d[2] not in (7, 19))
            result = case.run()
            self.exits(result, 0)
            for variable in ("enough", "short", "holes"):
                with self.subTest(variable=variable):
                    self.judged(case, variable, (2002, 2003))
            self.assertIn("2001", result.said)
            for variable, wanted in (("enough", 3), ("short", 2)):
                with netCDF4.Dataset(case.path(variable, 2002)) as nc:
                    self.assertEqual(int(attribute(nc, variable, "number_of_years")), wanted)
            with netCDF4.Dataset(case.path("short", 2002)) as nc:
                self.assertIn("2001", str(attribute(nc, "short", "missing_source_years")))

    def test_shares_that_doubles_cannot_hold(self):
        """0.55 of 360 days is 198 days: enough; 0.07 of them are 25.2: 26 are enough, 25 not."""
        for share, days, used in ((0.55, 198, 3), (0.55, 197, 2), (0.7, 252, 3), (0.07, 25, 2),
                                  (0.07, 26, 3), (0.29, 105, 3), (0.29, 104, 2)):
            with self.subTest(share=share, days=days), Case(
                    variables=["tas"], normals={"min_years": 2, "min_days": share}) as case:
                case.periods(2002, 2002)
                for year in range(2000, 2003):
                    small(case.data, "tas", year, keep=lambda d: year != 2001 or (
                        (d[1] - 1) * 30 + d[2] <= days))
                self.exits(case.run(), 0)
                self.judged(case, "tas", [2002])
                with netCDF4.Dataset(case.path("tas", 2002)) as nc:
                    self.assertEqual(int(attribute(nc, "tas", "number_of_years")), used)

    def test_missing_years_warn_while_min_years_holds(self):
        with Case(variables=["tas"], normals={"window": 4, "min_years": 3}) as case:
            case.periods(2003, 2007)
            for year in (2000, 2001, 2003, 2004, 2005, 2006, 2007):
                small(case.data, "tas", year)
            result = case.run()
            self.exits(result, 0)
            self.judged(case, "tas", range(2003, 2008))
            self.assertRegex(result.said, "(?is)warn.*2002")
            for year, used in ((2003, 3), (2005, 3), (2006, 4)):
                with netCDF4.Dataset(case.path("tas", year)) as nc:
                    self.assertEqual(int(attribute(nc, "tas", "number_of_years")), used)
                    self.assertEqual(str(attribute(nc, "tas", "source_years")),
                                     f"{year - 3}-{year}")

    def test_windows_short_of_years_are_reported(self):
        with Case(variables=["tas"], normals={"window": 3, "min_years": 3}) as case:
            case.periods(2001, 2006)
            for year in (2000, 2001, 2002, 2004, 2005, 2006):
                small(case.data, "tas", year)
            result = case.run()
            self.exits(result, 2)
            self.judged(case, "tas", (2002, 2006))
            self.assertEqual(len(case.normals()), 2)
            self.assertEqual(result.variable("tas")["problems"][1:], [
                "tas 2001: not made, its window has 2 of 3 years (normals.min_years is 3); "
                "missing: 1999",
                "tas 2003-2005: not made, their windows have 2 of 3 years (normals.min_years is "
                "3); missing: 2003"])
            self.assertEqual(result.variable("tas")["normals_unmade"], 4)

    def test_default_periods_are_clipped(self):
        """What their windows lack is one warning; nothing that was asked for is missing."""
        with Case(variables=["tas"]) as case:
            case.config["normals"] = {"window": 3, "min_years": 3}
            for year in range(2004, 2010):
                small(case.data, "tas", year)
            result = case.run()
            self.exits(result, 0)
            self.judged(case, "tas", range(2006, 2010), period="historical")
            said = result.variable("tas")
            self.assertEqual((said["normals_written"], said["normals_unmade"]), (4, 0))
            self.assertEqual(said["problems"], [
                "warning: tas: target years 2004-2005 are left out: their windows have 1 to 2 of 3 "
                "years, normals.min_years is 3 (the data begin in 2004)"])

    def test_nothing_at_all_is_a_problem(self):
        for years, said in ((range(2004, 2006), "nothing can be made; target years 2004-2005"),
                            (range(1970, 1976), "default periods begin in 1980")):
            with self.subTest(said), Case(variables=["tas"]) as case:
                for year in years:
                    small(case.data, "tas", year)
                result = case.run()
                self.exits(result, 2)
                self.assertIn(said, result.problems("tas"))
                self.assertEqual(case.normals(), {})

    def test_target_years_that_are_named(self):
        """Also before 1980 and with steps; a named year that cannot be made is a problem."""
        with Case(variables=["tas"]) as case:
            case.config["normals"] = {"window": 3, "min_years": 3,
                                      "targets": ["1972-1976/2", "1978"]}
            for year in range(1970, 1978):
                small(case.data, "tas", year)
            result = case.run()
            self.exits(result, 2)
            self.judged(case, "tas", (1972, 1974, 1976), period="historical")
            said = result.variable("tas")
            self.assertEqual((said["normals_written"], said["normals_unmade"]), (3, 1))
            self.assertEqual(said["problems"], [
                "tas 1978: not made, the last source year is 1977; add later files, or end the "
                "target years there"])
            one = case.run("--set", "normals.targets=1975")
            self.exits(one, 0)
            self.assertEqual(one.variable("tas")["normals_written"], 1)

    def test_periods_have_steps(self):
        with Case(variables=["tas"]) as case:
            case.config["normals"]["periods"] = [
                {"name": "wmo", "first": 2002, "last": 2008, "step": 3}]
            for year in range(2000, 2009):
                small(case.data, "tas", year)
            self.exits(case.run(), 0)
            self.judged(case, "tas", (2002, 2005, 2008), period="wmo")
            self.assertEqual(len(case.normals()), 3)
            self.exits(case.run("--set", "normals.targets=2003"), 0)
            self.judged(case, "tas", (2003,), period="wmo")
            outside = case.run("--set", "normals.targets=2003,2012")
            self.exits(outside, 1)
            self.assertIn("--set normals.targets=2003,2012: 2012 is in no period of "
                          "normals.periods (wmo 2002-2008)", outside.err)

    def test_years_after_the_last_source_year(self):
        """Never computed, even where the window would keep min_years."""
        with Case(variables=["tas"], normals={"window": 3, "min_years": 1}) as case:
            case.periods(2002, 2004)
            for year in range(2000, 2003):
                small(case.data, "tas", year)
            result = case.run()
            self.exits(result, 2)
            self.assertEqual(len(case.normals()), 1)
            self.judged(case, "tas", [2002])
            for year in ("2003", "2004"):
                self.assertIn(year, result.said)

    def test_window_of_one_and_float_noise(self):
        with Case(variables=["tas"], normals={"window": 1, "min_years": 1}) as case:
            case.periods(2000, 2002)
            for year in range(2000, 2003):
                small(case.data, "tas", year,
                      raw=np.float32(np.pi) * trees.values_like("pr", year, 360))
            self.exits(case.run(), 0)
            self.judged(case, "tas", range(2000, 2003), ulps=0.5)


if __name__ == "__main__":
    main()
