"""`climnorm verify`: sound files of every form are found sound, damage anywhere is found, and nothing
that lies in a folder makes it crash, hang or wait. What run then does with damaged files.
"""
import os
import pty
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import netCDF4

import climnorm_case
import trees
from climnorm_case import BIN
from live import children_of, wait_until

MUTANTS = int(os.environ.get("CLIMNORM_MUTANTS", "300"))
SEED = int(os.environ.get("CLIMNORM_SEED", "1"))
SOUND = "all are as they were written\n"


def verify(*words, timeout=120):
    done = subprocess.run([BIN, "verify", *words], capture_output=True, text=True, timeout=timeout,
                          errors="replace")
    assert done.returncode >= 0, f"verify died of signal {-done.returncode}\n{done.stderr}"
    return done


class Verify(climnorm_case.TestCase):
    @classmethod
    def setUpClass(cls):
        """One tree, and its normals in every form."""
        cls.base = tempfile.mkdtemp(prefix="climnorm-verify-")
        cls.addClassCleanup(shutil.rmtree, cls.base)
        cls.outputs = {}
        with climnorm_case.Case(variables=["tas"]) as case:
            for year in range(2000, 2006):
                trees.year_file(case.data, "tas", year)
            case.periods(2002, 2005)
            case.config["output"]["counts"] = True
            for layout in ("single", "stacked"):
                for axis in ("dayofyear", "time"):
                    for compression in (0, 1):
                        case.config["output"] |= {"layout": layout, "axis": axis,
                                                  "compression": compression}
                        case.config["output"]["pattern"] = (
                            "{region}/{variable}_{year}.nc" if layout == "single"
                            else "{region}/{variable}.nc")
                        result = case.run("-q")
                        assert result.code == 0, result.err
                        folder = os.path.join(cls.base, f"{layout}-{axis}-{compression}")
                        shutil.move(case.out, folder)
                        cls.outputs[layout, axis, compression] = folder

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.base)

    def path(self, name):
        return os.path.join(self.folder, name)

    def sample(self, *form):
        """The bytes of the first file of that form."""
        folder = os.path.join(self.outputs[form], "GLOBAL")
        with open(os.path.join(folder, sorted(os.listdir(folder))[0]), "rb") as file:
            return file.read()

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def says(self, done, code, pattern):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertRegex(done.stdout + done.stderr, pattern)

    def finds_all(self, mutants, expected=None):
        """mutants: name -> content. All are found, and the sound files beside them are not."""
        sound = self.sample("single", "time", 1)
        for k, (name, content) in enumerate(mutants.items()):
            self.write(name + ".nc", content)
            if k % 10 == 0:
                self.write(f"{name}-sound.nc", sound)
        done = verify("-p", "none", self.folder)
        self.assertEqual(done.returncode, 2, done.stderr)
        found = dict(line.split(".nc: ", 1) for line in done.stdout.splitlines()[:-1])
        found = {os.path.basename(name): reason for name, reason in found.items()}
        self.assertEqual(sorted(set(mutants) ^ set(found)), [])
        self.assertNotIn("climnorm", done.stderr)  # the C library reports crashes of children
        if expected:
            self.assertEqual(set(found.values()), {expected})

    def test_sound_files_of_every_form(self):
        for form, folder in self.outputs.items():
            with self.subTest(form):
                files = 4 if form[0] == "single" else 1
                done = verify(folder)
                self.assertEqual(done.stdout, f"{files} files verified: {SOUND}" if files > 1 else
                                 "1 file verified: it is as it was written\n")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
        done = verify("-t", "1", *self.outputs.values())
        self.assertEqual((done.returncode, done.stdout), (0, f"20 files verified: {SOUND}"))
        self.assertEqual(verify("-q", *self.outputs.values()).stdout, "")

    def test_flipped_bytes_are_found(self):
        dice = random.Random(SEED)
        for form, count in ((("single", "dayofyear", 1), MUTANTS),
                            (("stacked", "time", 0), MUTANTS // 5),
                            (("stacked", "dayofyear", 1), MUTANTS // 5)):
            with self.subTest(form):
                sound = self.sample(*form)
                digest = re.search(rb"[0-9a-f]{32}(?=\0)", sound[sound.rindex(b"GCOL"):])
                heap = sound.rindex(b"GCOL")
                at = set(dice.sample(range(len(sound)), count))
                at.update(range(48))  # the superblock
                at.update(heap + k for k in range(digest.start(), digest.end(), 3))
                at.update(range(heap, heap + 16, 3))
                for index in re.finditer(b"TREE|OHDR|FRHP|BTHD", sound):
                    at.update(range(index.start(), index.start() + 24, 5))
                for name in (b"climnorm_", b"tas", b"_FillValue", b"DIMENSION_LIST"):
                    at.add(sound.index(name))
                    at.add(sound.rindex(name))
                mutants = {}
                for k in sorted(at):
                    if k < len(sound):
                        mutant = bytearray(sound)
                        mutant[k] ^= 1 << dice.randrange(8)
                        mutants[f"{form[0]}-{k}"] = bytes(mutant)
                self.folder = tempfile.mkdtemp(dir=self.base)
                self.finds_all(mutants)

    def test_every_digit_of_the_digest_counts(self):
        """Another digit is a digest like any other."""
        sound = self.sample("single", "dayofyear", 1)
        heap = sound.rindex(b"GCOL")
        digest = re.search(rb"[0-9a-f]{32}(?=\0)", sound[heap:])
        mutants = {}
        for k in range(heap + digest.start(), heap + digest.end()):
            mutant = bytearray(sound)
            mutant[k] = ord("8" if mutant[k] != ord("8") else "9")
            mutants[f"digit-{k}"] = bytes(mutant)
        self.assertEqual(len(mutants), 32)
        self.finds_all(mutants, "its metadata are damaged; remove it and run again")

    def test_another_length_is_found(self):
        sound = self.sample("single", "dayofyear", 1)
        mutants = {f"cut-{length}": sound[:length] for length in
                   (0, 1, 7, 8, 47, 48, 512, *range(1000, len(sound), 4999), len(sound) - 1)}
        for more in (b"\0", b"x", b"\0" * 4096, sound):
            mutants[f"longer-{len(more)}-{more[:1].hex()}"] = sound + more
        mutants["before"] = b"\0" * 512 + sound  # a user block to HDF5
        self.finds_all(mutants)

    def test_chunks_in_each_others_place_are_found(self):
        sound = self.sample("single", "dayofyear", 0)
        with netCDF4.Dataset("sample", memory=sound) as nc:
            values = nc["tas"]
            values.set_auto_maskandscale(False)
            slots = values.chunking()[0]
            chunks = [values[k:k + slots].tobytes() for k in (0, 1)]
        self.assertNotEqual(*chunks)
        size = len(chunks[0])
        first = sound.index(chunks[0][:4 * trees.LAT.size * trees.LON.size])
        half = size // 2 // 4 * 4
        swapped = (sound[:first] + sound[first + half:first + 2 * half] + sound[first:first + half] +
                   sound[first + 2 * half:])
        self.assertEqual(len(swapped), len(sound))
        self.finds_all({"swapped": swapped}, "its values are damaged; remove it and run again")

    def test_other_files_have_no_digest(self):
        self.write("text.nc", b"this is no netCDF file at all")
        self.write("empty.nc", b"")
        os.mkfifo(self.path("fifo"))
        netCDF4.Dataset(self.path("bare.nc"), "w").close()
        netCDF4.Dataset(self.path("classic.nc"), "w", format="NETCDF3_CLASSIC").close()
        for name in ("text.nc", "empty.nc", "fifo", "classic.nc"):
            self.says(verify(self.path(name)), 2,
                      f"^{self.path(name)}: it is not a netCDF-4 file\n1 file verified: 1 is ")
        self.says(verify(self.path("bare.nc")), 2, "bare.nc: it has no climnorm_content_digest")
        self.says(verify(self.folder), 2, "\n4 files verified: 4 are damaged or have no digest\n$")
        self.says(verify("/dev/zero"), 2, "/dev/zero: it is not a netCDF-4 file")

    def test_a_folder_stands_for_the_outputs_below_it(self):
        sound = self.sample("single", "dayofyear", 1)
        os.makedirs(self.path("b/deep.nc"))
        os.mkdir(self.path("a"))
        for name in ("b/deep.nc/2.nc", "b/1.nc", "a/3.nc", "b-1.nc"):
            self.write(name, sound[:-1])
        self.write("b/.climnorm-1-2.nc", b"")  # what a run writes now
        self.write("b/notes.txt", b"")
        self.write("b/.nc", b"")
        elsewhere = tempfile.mkdtemp(dir=self.base)
        os.rename(self.write("bad.nc", b""), os.path.join(elsewhere, "bad.nc"))
        os.symlink(elsewhere, self.path("b/link"))
        os.symlink(os.path.join(elsewhere, "bad.nc"), self.path("b/link.nc"))
        os.symlink("nowhere", self.path("b/broken.nc"))
        os.mkfifo(self.path("b/fifo.nc"))
        done = verify(self.folder + "/")
        self.says(done, 2, "4 files verified")
        self.assertEqual([line.split(": ")[0] for line in done.stdout.splitlines()[:-1]],
                         [self.path(name) for name in sorted(("a/3.nc", "b-1.nc", "b/1.nc",
                                                              "b/deep.nc/2.nc"))])
        # A link that is given is followed.
        os.symlink(self.write("sound", sound), self.path("given"))
        self.says(verify(self.path("given")), 0, "1 file verified: it is")
        self.says(verify(self.path("b/link")), 2, "bad.nc: it is not")

    def test_where_nothing_is_there(self):
        self.says(verify(self.folder), 1, f"^climnorm verify: {self.folder}: no file below it ends")
        self.says(verify(self.path("none")), 1, "none: No such file or directory; name a file")
        os.symlink("nowhere", self.path("broken.nc"))
        self.says(verify(self.path("broken.nc")), 1, "broken.nc: No such file or directory")
        self.says(verify(self.folder), 1, "no file below it ends in .nc")
        self.says(verify(self.write("x.nc", b""), self.path("none")), 1, "none: No such file")
        self.says(verify(), 1, "OUTPUT")

    def test_names_cannot_control_a_terminal(self):
        self.write("\033[31m.nc", b"")
        self.assertNotIn("\033", verify(self.folder).stdout)

    def test_a_file_that_cannot_be_read_ends_it(self):
        if os.geteuid() == 0:
            path = "/proc/self/mem"  # begins with an address that cannot be read
            self.says(verify(path), 3, "/proc/self/mem: cannot be read: Input/output error; ")
        else:
            os.chmod(self.write("mine.nc", b""), 0)
            self.says(verify(self.path("mine.nc")), 3, "mine.nc: cannot be read: Permission denied")

    @unittest.skipUnless(os.geteuid() or shutil.which("setpriv"), "root can read all")
    def test_what_cannot_be_read_does_not_hide_the_rest(self):
        sound = self.sample("single", "dayofyear", 1)
        for name in "a-closed", "b", "c-listed", "d-closed":
            os.mkdir(self.path(name))
        self.write("b/1.nc", sound)
        damaged = self.write("b/2.nc", sound[:-1])
        for name in "a-closed/1.nc", "c-listed/1.nc", "c-listed/2.nc", "mine.nc":
            self.write(name, sound)
        modes = {"a-closed": 0, "c-listed": 0o744, "d-closed": 0o711, "mine.nc": 0}
        for name, mode in modes.items():
            os.chmod(self.path(name), mode)
        command = [BIN, "verify", self.folder]
        if os.geteuid() == 0:
            os.chmod(self.base, 0o755)
            os.chmod(self.folder, 0o755)
            user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            if subprocess.run([*user, BIN, "--version"], capture_output=True).returncode:
                self.skipTest("another user cannot start the program here")
            command = user + command
        else:
            os.chmod(self.path("c-listed"), 0o444)
            os.chmod(self.path("d-closed"), 0o111)
        try:
            done = subprocess.run(command, capture_output=True, text=True)
            none = subprocess.run([*command[:-1], self.path("a-closed")], capture_output=True,
                                  text=True)
        finally:
            for name in modes:
                os.chmod(self.path(name), 0o755)
        self.assertEqual(done.returncode, 3)
        lines = done.stdout.splitlines()
        self.assertEqual([line.partition(": ")[0] for line in lines], [damaged, "2 files verified"])
        self.assertEqual(lines[1], "2 files verified: 1 is damaged or has no digest; "
                         "4 files or folders cannot be read")
        why = "cannot be read: Permission denied; change its permissions, and run again"
        self.assertEqual(done.stderr.splitlines(),
                         [f"climnorm verify: {self.path(name)}: {why}" for name in sorted(modes)])
        self.assertEqual((none.returncode, none.stdout), (
            3, "0 files verified; 1 file or folder cannot be read\n"))

    def test_many_small_files_are_quick(self):
        sound = self.write("0.nc", self.sample("single", "dayofyear", 1))
        for k in range(1, 2000):
            os.link(sound, self.path(f"{k}.nc"))
        begun = time.monotonic()
        self.says(verify(self.folder), 0, f"^2000 files verified: {SOUND}$")
        self.assertLess(time.monotonic() - begun, 30)

    def test_a_signal_ends_it(self):
        size = 200
        sound = self.write("0.nc", self.sample("single", "dayofyear", 1))
        for k in range(1, size):
            os.link(sound, self.path(f"{k}.nc"))
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(number):
                process = subprocess.Popen([BIN, "verify", "-t", "1", self.folder], text=True,
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                child = wait_until(lambda p=process: children_of(p.pid), "a child")[0]
                os.kill(child, signal.SIGSTOP)
                process.send_signal(number)
                out, err = process.communicate(timeout=20)
                self.assertEqual((process.returncode, out), (code, ""))
                self.assertRegex(err, rf"^climnorm verify: stopped by {number.name}; "
                                 rf"\d+ of {size} files were verified\n$")

    def test_a_terminal_shows_a_count(self):
        sound = self.write("0.nc", self.sample("single", "dayofyear", 1))
        for k in range(1, 200):
            os.link(sound, self.path(f"{k}.nc"))
        terminal, end = pty.openpty()
        self.addCleanup(os.close, terminal)
        with subprocess.Popen([BIN, "verify", "-t", "1", self.folder], stdout=subprocess.DEVNULL,
                              stderr=end, env={**os.environ, "TERM": "xterm"}) as process:
            child = wait_until(lambda: children_of(process.pid), "a child")[0]
            os.kill(child, signal.SIGSTOP)
            time.sleep(1.5)
            os.kill(child, signal.SIGCONT)
            self.assertEqual(process.wait(60), 0)
        os.close(end)
        self.assertRegex(os.read(terminal, 1 << 16).decode(), r"verifying files [^\r]*\d+/200 files")

    def test_run_makes_removed_files_again_and_those_with_damaged_metadata(self):
        with climnorm_case.Case(variables=["tas"]) as case:
            for year in range(2000, 2004):
                trees.year_file(case.data, "tas", year)
            case.periods(2002, 2003)
            env = {"SOURCE_DATE_EPOCH": "1700000000"}
            self.exits(case.run(env=env), 0)
            path, other = (case.path("tas", year) for year in (2002, 2003))
            with open(path, "rb") as file:
                sound = file.read()
            middle = len(sound) // 2
            for at, is_made, reason in ((100, 1, "HDF5|metadata"), (middle, 0, "its values"),
                                        (len(sound) - 40, 1, "HDF5|metadata")):
                with self.subTest(at):
                    with open(path, "r+b") as file:
                        file.seek(at)
                        file.write(bytes([sound[at] ^ 255]))
                    self.says(verify(case.out), 2, f"^{path}: .*({reason}).*; remove it and run")
                    self.assertEqual(case.run(env=env).variable("tas")["normals_written"], is_made)
                    os.remove(path)
                    case.run(env=env)
                    self.says(verify(case.out), 0, f"2 files verified: {SOUND}")
                    with open(path, "rb") as file:
                        self.assertEqual(file.read(), sound)
            self.assertTrue(os.path.exists(other))


if __name__ == "__main__":
    climnorm_case.main()
