"""Chunks that are inflated two at once, one of which is damaged, left out of a filter or absent: what is
lost, what is said and every byte of what is left is the same as by libdeflate, which inflates one at a
time.
"""
import os
import unittest

import trees
from climnorm_case import Case, TestCase, inflate_forms_here, main

try:
    import filters
except ImportError:
    filters = None

EPOCH = {"SOURCE_DATE_EPOCH": "1600000000"}
CHUNK = (8, 6, 8)  # 46 of a year; of fewer days: 45, 41
FIRST, LAST = 2000, 2013


def flipped(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0x10]) + data[middle + 1:]


# Year: what becomes of some chunks. True: the year is lost.
DAMAGE = {
    2001: (True, {0: flipped}), 2002: (True, {1: flipped}), 2003: (True, {4: flipped, 5: flipped}),
    2004: (True, {-1: flipped}), 2005: (True, {3: lambda d: d[:-5]}), 2006: (True, {2: lambda d: d[:9]}),
    2007: (True, {6: lambda d: d[:-1] + bytes([d[-1] ^ 1])}),
    2008: (False, {2: lambda d: d + b"behind", 7: lambda d: d + bytes(300)}),
    2012: (False, {k: lambda d: None for k in range(0, 46, 2)}),  # no pair is whole
    2009: (False, {0: lambda d: None, 5: lambda d: None, 9: lambda d: None, 10: lambda d: None}),
}
LOST = {year for year, (is_lost, _) in DAMAGE.items() if is_lost}
UNFILTERED = {2010: (0, 5), 2011: (2, 3, -1)}  # chunks without their last filter


@unittest.skipUnless(filters, "h5py or zstandard is not installed")
class InflatePairs(TestCase):
    STEPS = {"plain": (["deflate"], 8), "shuffled": (["shuffle", "deflate"], 8),
             "odd": (["shuffle", "deflate"], 9), "checked": (["fletcher32", "shuffle", "deflate"], 8),
             "twice": (["deflate", "deflate"], 8), "after": (["shuffle", "deflate", "fletcher32"], 9),
             "zstdfirst": (["zstd", "deflate"], 8)}

    def write(self, root, variable):
        steps, days = self.STEPS[variable]
        count = -(-365 // days)
        for year in range(FIRST, LAST + 1):
            def store(chunk, data, year=year):
                acts = DAMAGE.get(year, (False, {}))[1]
                act = acts.get(chunk, acts.get(chunk - count))
                return act(data) if act else data

            def mask(chunk, year=year):
                is_left_out = {chunk, chunk - count} & set(UNFILTERED.get(year, ()))
                return 1 << len(steps) - 1 if is_left_out else 0

            filters.refilter(trees.year_file(root, variable, year), variable, steps,
                             (days, *CHUNK[1:]), mask=mask, store=store)

    def made(self, case, form, *options):
        result = case.run("--set", "output.existing=overwrite", *options,
                          env={**EPOCH, "CLIMNORM_INFLATE": form})
        self.exits(result, 2)
        self.assertEqual(result.summary["inflate"], form)
        found = {}
        for name, path in case.files().items():
            with open(path, "rb") as file:
                found[name] = file.read()
        said = {v: sorted(result.problems(v).splitlines()) for v in self.STEPS}
        counts = [{k: v for k, v in variable.items() if k.startswith("chunks_")}
                  for variable in result.summary["variables"]]
        return found, said, counts

    def test_every_form_says_and_makes_the_same(self):
        with Case(variables=list(self.STEPS), normals={"window": 3, "min_years": 1},
                  output={"counts": True}).periods(FIRST + 2, LAST) as case:
            for variable in self.STEPS:
                self.write(case.data, variable)
            wanted = self.made(case, "libdeflate", "-t", "1")
            for variable in self.STEPS:
                with self.subTest(variable=variable):
                    lost = {year for year in range(FIRST, LAST + 1) if any(
                        os.path.basename(trees.name(variable, year)) in line
                        for line in wanted[1][variable])}
                    if self.STEPS[variable][0][-1] == "deflate":
                        self.assertEqual(lost, LOST)
                    else:  # a checksum notices more
                        self.assertLessEqual(LOST, lost)
            for form in inflate_forms_here():
                for options in (("-t", "1"), ("-t", "3"), ("-t", "2", "--set", "engine.memory=3MiB")):
                    with self.subTest(form=form, options=options):
                        found, said, counts = self.made(case, form, *options)
                        self.assertEqual(said, wanted[1])
                        self.assertEqual(set(found), set(wanted[0]))
                        self.assertEqual(
                            [n for n, data in found.items() if data != wanted[0][n]], [])
                        if "--set" not in options:
                            self.assertEqual(counts, wanted[2])


if __name__ == "__main__":
    main()
