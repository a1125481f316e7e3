"""chunks_read and chunks_decoded of --summary, against files whose chunks are known by arithmetic."""
import os

import trees
from climnorm_case import ALL, Case, TestCase, main

YEARS = range(2000, 2004)
DAYS = 365
EAST = {"name": "EAST", "lon": [180.0, 359.0], "lat": [-90.0, 90.0]}   # columns 4 to 7 of 8
CORNER = {"name": "CORNER", "lon": [180.0, 359.0], "lat": [0.0, 90.0]}  # rows 3 to 5 of 6


class Counts(TestCase):
    def counts(self, regions, write, *options):
        """What a run of all years tells; write: case -> its files."""
        with Case(variables=["tas"], regions=[], custom_regions=regions,
                  normals={"window": len(YEARS), "min_years": 1}) as case:
            case.periods(YEARS[-1], YEARS[-1])
            write(case)
            result = case.run(*options)
            self.exits(result, 0)
            row = result.variable("tas")
            self.assertEqual(row["normals_written"], len(regions))
            again = case.run(*options)
            self.exits(again, 0)
            kept = again.variable("tas")
            self.assertEqual((kept["passes"], kept["chunks_read"], kept["chunks_decoded"]),
                             (0, 0, 0))
        return row

    def expect(self, chunks, regions, write):
        row = self.counts(regions, write)
        self.assertEqual((row["passes"], row["chunks_read"], row["chunks_decoded"]),
                         (1, chunks, chunks))

    @staticmethod
    def years(**options):
        return lambda case: [trees.year_file(case.data, "tas", y, **options) for y in YEARS]

    @staticmethod
    def one_file(**options):
        def path(case, first, last):
            return os.path.join(case.data, "tas", trees.name("tas", trees.span(first, last)))
        return lambda case: trees.many_years(lambda first, last: path(case, first, last), "tas",
                                             list(YEARS), **options)

    def test_a_file_a_year(self):
        for chunk, a_year in (((1, 6, 8), DAYS), ((DAYS, 6, 8), 1), ((50, 4, 5), 8 * 2 * 2),
                              ((DAYS, 1, 1), 6 * 8)):
            with self.subTest(chunk=chunk):
                self.expect(a_year * len(YEARS), [ALL], self.years(chunks=chunk))

    def test_only_chunks_with_cells_of_regions_count(self):
        write = self.years(chunks=(1, 3, 4))
        self.expect(DAYS * 2 * len(YEARS), [EAST], write)
        self.expect(DAYS * len(YEARS), [CORNER], write)
        self.expect(DAYS * 2 * len(YEARS), [EAST, CORNER], write)

    def test_chunks_that_span_years(self):
        days = DAYS * len(YEARS)
        for chunk, count in (((500, 6, 8), 3), ((days, 6, 8), 1), ((30, 3, 8), 49 * 2)):
            with self.subTest(chunk=chunk):
                self.assertEqual(count, -(-days // chunk[0]) * 6 // chunk[1])
                self.expect(count, [ALL], self.one_file(chunks=chunk))

    def test_chunks_that_were_never_written(self):
        def write(case):
            for year in YEARS:
                trees.year_file(case.data, "tas", year, chunks=(10, 6, 8),
                                written=95 if year == YEARS[1] else None)
        self.expect(37 * (len(YEARS) - 1) + 10, [ALL], write)

    def test_what_netcdf_c_reads(self):
        self.expect(DAYS * 2 * len(YEARS), [ALL], self.years(hours=(0.0, 12.0)))
        self.expect(8 * 2 * 2 * len(YEARS), [ALL],
                    self.years(hours=(0.0, 12.0), chunks=(100, 4, 5)))
        self.expect(DAYS * 2 * len(YEARS), [CORNER],
                    self.years(hours=(0.0, 12.0), chunks=(1, 3, 4)))

    def test_files_without_chunks(self):
        self.expect(0, [ALL], self.years(contiguous=True))
        self.expect(0, [ALL], self.years(form="NETCDF3_CLASSIC"))


if __name__ == "__main__":
    main()
