"""Values of groups of days, judged with integers: group_dump prints values and results. A value has
to be the real number, rounded once; nothing here shares code with the kernels."""

import subprocess
import unittest

from build import driver, main

DUMP = driver("group_dump")
NAN, INFINITY = 0x7FC00000, 0x7F800000
DOUBLES = 1074  # all doubles, floats too, are integers in units of 2^-1074


def scaled(bits):
    """A float in units of 2^-1074, exactly; None for NaN."""
    exponent, fraction = bits >> 23 & 0xFF, bits & 0x7FFFFF
    if exponent == 0xFF:
        return None
    size = (fraction if not exponent else (fraction | 0x800000) << exponent - 1) << DOUBLES - 149
    return -size if bits >> 31 else size


def rounded(total, count=1):
    """The bits of the float nearest to total / count, of two the even one. NaN if there is none,
    and +0 for zero."""
    sign, total = (0x80000000, -total) if total < 0 else (0, total)
    count <<= DOUBLES - 149
    shift = max((total // count).bit_length() - 24, 0)
    digits, rest = divmod(total, count << shift)
    digits += 2 * rest > count << shift or (2 * rest == count << shift and digits & 1)
    if digits == 0x1000000:
        shift, digits = shift + 1, 0x800000
    if shift > 253:
        return sign | INFINITY
    bits = digits if not digits >> 23 else shift + 1 << 23 | digits & 0x7FFFFF
    return sign | bits if digits else 0


def expected(kernel, values, threshold):
    """What a kernel has to make of values, at least one."""
    if kernel in ("mean", "sum"):
        return rounded(sum(values), len(values) if kernel == "mean" else 1)
    if kernel in ("min", "max"):
        return rounded({"min": min, "max": max}[kernel](values))
    above = [x for x in values if x > threshold]
    below = [x for x in values if x < threshold]
    return rounded({
        "count_gt": len(above) << DOUBLES,
        "count_ge": len(values) - len(below) << DOUBLES,
        "count_lt": len(below) << DOUBLES,
        "count_le": len(values) - len(above) << DOUBLES,
        "excess": sum(above) - len(above) * threshold,
        "deficit": len(below) * threshold - sum(below),
    }[kernel])


def groups(lines):
    """(columns, results) of each group: the values of each cell, and the lines of its kernels."""
    columns, results, left = [], [], 0
    for line in lines:
        words = line.split()
        if words[0] == "rows":
            if results:
                yield columns, results
            left, columns, results = int(words[1]), [[] for _ in range(int(words[2]))], []
        elif left:
            left -= 1
            for column, bits in zip(columns, words if words != ["-"] else []):
                if (value := scaled(int(bits, 16))) is not None:
                    column.append(value)
        else:
            results.append(words)
    yield columns, results


class Groups(unittest.TestCase):
    def test_the_judge_rounds_as_floats_do(self):
        one = 1 << DOUBLES
        for total, count, bits in ((one, 1, 0x3F800000), (-one, 2, 0xBF000000), (one, 3, 0x3EAAAAAB),
                                   (one * 0x1000001, 1, 0x4B800000), (one * 0x1000003, 1, 0x4B800002),
                                   (one >> 149, 2, 0), (one * 3 >> 149, 2, 2),
                                   ((1 << 128) - (1 << 104) << DOUBLES, 1, 0x7F7FFFFF),
                                   ((1 << 128) - (1 << 103) << DOUBLES, 1, INFINITY)):
            self.assertEqual(f"{rounded(total, count):x}", f"{bits:x}")

    def test_every_value_is_rounded_once_from_the_exact_one(self):
        text = subprocess.run([DUMP], check=True, capture_output=True, text=True).stdout
        judged = {}
        for columns, results in groups(text.splitlines()):
            for kernel, least, threshold, *found in results:
                top, bottom = float.fromhex(threshold).as_integer_ratio()
                limit = (top << DOUBLES) // bottom
                self.assertEqual(len(found), len(columns))
                for values, bits in zip(columns, found):
                    enough = len(values) >= int(least)
                    right = expected(kernel, values, limit) if enough else NAN
                    self.assertEqual(f"{right:x}", bits,
                                     f"{kernel} of {len(values)} values, threshold {threshold}")
                    judged[kernel] = judged.get(kernel, 0) + enough
        self.assertEqual(len(judged), 10)
        self.assertGreater(min(judged.values()), 1000)


if __name__ == "__main__":
    main(DUMP)
