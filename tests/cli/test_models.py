"""Several models in one run: the bytes of runs of one model each; what is wrong with one model costs
the others nothing."""
import json
import os
import shutil
import subprocess
import tempfile

import climnorm_case
from climnorm_case import BIN, Case, main

EPOCH = {"SOURCE_DATE_EPOCH": "1600000000"}
MODELS = {"ACCESS-CM2": ("r1i1p1f1", "gn", "standard"), "CanESM5": ("r1i1p1f3", "gr1", "noleap"),
          "MIROC6": ("r2i1p1f2", "gr", "360_day")}


def synth(folder, model, *options):
    variant, grid, calendar = MODELS[model]
    subprocess.run([BIN, "synth", folder, "--model", model, "--variant", variant, "--grid-label",
                    grid, "--calendar", calendar, "--grid", "12x24", "--years", "2009-2018",
                    "--threads", "1", *options], check=True, capture_output=True)


class Models(climnorm_case.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tree = tempfile.mkdtemp(prefix="climnorm-models-")
        cls.addClassCleanup(shutil.rmtree, cls.tree)
        for model in MODELS:
            synth(os.path.join(cls.tree, "data"), model, "--variables", "pr,tas")

    def case(self, model="*", **config):
        case = Case(**{"input": {"root": os.path.join(self.tree, "data"), "model": model},
                       "regions": ["CONUS", "AK"], "scenarios": None,
                       "normals": {"window": 3, "min_years": 2, "targets": ["2012-2017"]}, **config})
        self.addCleanup(case.close)
        return case

    def damaged(self, case):
        """A copy of the tree."""
        shutil.copytree(os.path.join(self.tree, "data"), case.data, dirs_exist_ok=True)
        case.config["input"]["root"] = "data"
        return case

    def files_of(self, case, folder=""):
        found = {}
        for name, path in case.normals().items():
            if name.startswith(folder):
                with open(path, "rb") as file:
                    found[name[len(folder):]] = file.read()
        return found

    def test_the_bytes_are_those_of_one_run_for_each_model(self):
        case = self.case()
        self.exits(case.run(env=EPOCH), 0)
        self.assertEqual(len(case.normals()), 3 * 2 * 2 * 6)
        for model in MODELS:
            alone = self.case(model)
            self.exits(alone.run(env=EPOCH), 0)
            wanted = self.files_of(alone)
            self.assertEqual(len(wanted), 2 * 2 * 6)
            self.assertTrue(all(name.startswith(("CONUS/", "AK/")) for name in wanted))
            self.assertEqual(self.files_of(case, model + "/"), wanted, model)

    def test_the_order_is_model_by_model_and_the_second_run_keeps_all(self):
        case = self.case(["MIROC6", "CanESM5"], variables=["tas", "pr"])
        result = case.run()
        self.exits(result, 0)
        order = [(v["model"], v["name"]) for v in result.summary["variables"]]
        self.assertEqual(order, [("MIROC6", "tas"), ("MIROC6", "pr"), ("CanESM5", "tas"),
                                 ("CanESM5", "pr")])
        again = case.run()
        self.exits(again, 0)
        self.assertEqual([v["normals_skipped"] for v in again.summary["variables"]], [12] * 4)
        self.assertEqual([v["files_read"] for v in again.summary["variables"]], [0] * 4)

    def test_one_model_has_no_folder_of_its_name(self):
        case = self.case(["MIROC6"], variables=["tas"])
        result = case.run()
        self.exits(result, 0)
        self.assertNotIn("model", result.summary["variables"][0])
        self.assertTrue(all(name.startswith(("CONUS/", "AK/")) for name in case.normals()))

    def test_a_damaged_model_costs_the_others_nothing(self):
        case = self.damaged(self.case())
        whole = self.case()
        for folder, _, names in os.walk(os.path.join(case.data, "CanESM5")):
            for name in names:
                if name.startswith("pr_"):
                    os.truncate(os.path.join(folder, name), 2000)
        result = case.run(env=EPOCH)
        self.exits(result, 2)
        self.exits(whole.run(env=EPOCH), 0)
        found, wanted = self.files_of(case), self.files_of(whole)
        lost = [name for name in wanted if name not in found]
        self.assertTrue(lost and all(name.startswith("CanESM5/") and "/pr/" in name for name in lost))
        self.assertEqual(found, {name: wanted[name] for name in found})
        failed = [v for v in result.summary["variables"] if v["status"] == "failed"]
        self.assertEqual([(v["model"], v["name"]) for v in failed], [("CanESM5", "pr")])
        self.assertIn("CanESM5 pr: none of its files can be used", result.err)

    def test_a_model_of_two_variants_fails_and_the_next_is_made(self):
        case = self.damaged(self.case())
        subprocess.run([BIN, "synth", case.data, "--model", "CanESM5", "--variant", "r9i1p1f1",
                        "--grid", "12x24", "--years", "2009-2010", "--variables", "pr", "--threads",
                        "1"], check=True, capture_output=True)
        result = case.run()
        self.exits(result, 2)
        self.assertEqual([v["status"] for v in result.summary["variables"]],
                         ["done", "done", "failed", "failed", "done", "done"])
        self.assertIn("r1i1p1f3", result.err)
        self.assertEqual({name.split("/")[0] for name in case.normals()}, {"ACCESS-CM2", "MIROC6"})

    def test_a_name_that_the_tree_lacks_is_a_problem_with_a_hint(self):
        case = self.case(["MIROC6", "CanESM2"], variables=["pr"])
        result = case.run()
        self.exits(result, 2)
        self.assertIn('is of model CanESM2 (did you mean "CanESM5"?)', result.err)
        self.assertEqual(len(case.normals()), 12)
        self.exits(self.case("CanESM2").run(), 1)

    def test_a_pattern_may_name_the_model_itself(self):
        case = self.case(["MIROC6", "CanESM5"], variables=["pr"], output={
            "root": "output", "pattern": "{region}/{model}_{variant}_{grid}_{variable}_{year}.nc"})
        self.exits(case.run(), 0)
        self.assertIn("AK/CanESM5_r1i1p1f3_gr1_pr_2013.nc", case.normals())
        self.assertIn("AK/MIROC6_r2i1p1f2_gr_pr_2013.nc", case.normals())

    def test_the_plan_names_model_variant_and_grid_of_each_variable(self):
        case = self.case()
        result = case.run("--json", command="plan")
        self.exits(result, 0)
        plan = json.loads(result.out)
        self.assertEqual([(v["model"], v["variant"], v["grid"], v["calendar"])
                          for v in plan["variables"][::2]],
                         [(model, *of) for model, of in MODELS.items()])
        self.assertEqual(plan["input"]["models"], list(MODELS))

    def test_options_take_models(self):
        case = self.case("MIROC6", variables=["pr"])
        self.exits(case.run("--set", "input.model=CanESM5,ACCESS-CM2"), 0)
        self.assertEqual({name.split("/")[0] for name in case.normals()}, {"CanESM5", "ACCESS-CM2"})
        out = os.path.join(case.dir, "normals")
        done = subprocess.run([BIN, "normals", os.path.join(self.tree, "data"), "-o", out, "--model",
                               "*", "--years", "2010-2012", "--variable", "tas"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(set(os.listdir(out)) - {".climnorm.lock"}, set(MODELS))


if __name__ == "__main__":
    main()
