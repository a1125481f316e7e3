"""Random jobs against the oracles: grids, calendars, gaps, codecs, types, regions, windows, products, passes,
shards, threads and instruction sets in any mixture. CLIMNORM_SOAK says how many, CLIMNORM_SEED where they
begin; CLIMNORM_SOAK_JOB runs one that a message shows.
"""
import concurrent.futures
import json
import os
import sys
import traceback

import soak_jobs
from climnorm_case import TestCase, main

JOBS, SEED = int(os.environ.get("CLIMNORM_SOAK", 8)), int(os.environ.get("CLIMNORM_SEED", 1))


def tried(job):
    try:
        return soak_jobs.try_job(job)
    except Exception:  # pylint: disable=broad-except  # of any job the message has to say which
        return [traceback.format_exc()], 0, ""


def complaint_about(job):
    """A message for people, and how many values were compared."""
    complaints, compared, _ = tried(job)
    if not complaints:
        return None, compared
    small = soak_jobs.shrink(job)
    complaints, _, config = tried(small)
    return (f"seed {job['seed']} fails; the simplest job like it:\nCLIMNORM_SOAK_JOB='{json.dumps(small)}'\n"
            f"{config}\n" + "\n".join(complaints[:5])), compared


class Soak(TestCase):
    def test_random_jobs(self):
        one = os.environ.get("CLIMNORM_SOAK_JOB")
        jobs = [json.loads(one)] if one else [soak_jobs.draw(SEED + k) for k in range(JOBS)]
        compared, failed = 0, []
        with concurrent.futures.ProcessPoolExecutor() as pool:
            for k, (message, values) in enumerate(pool.map(complaint_about, jobs), 1):
                compared += values
                if message:
                    failed.append(message)
                    print(message, file=sys.stderr, flush=True)
                if k % 100 == 0:
                    print(f"{k} jobs, {compared} values, {len(failed)} failed", file=sys.stderr, flush=True)
        self.assertEqual(len(failed), 0, f"of {len(jobs)} jobs")
        self.assertGreater(compared, 0)


if __name__ == "__main__":
    main()
