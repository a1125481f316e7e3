"""The facts that a figure depends on: machine, system, compiler, libraries, date."""
import datetime
import os
import platform
import re
import subprocess

from . import programs


def describe(settings):
    about = programs.about(settings.programs)
    version = programs.output_of([settings.climnorm, "--version"]).splitlines()
    libraries = next((line.split(":", 1)[1] for line in version if line.startswith("libraries:")),
                     "")
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "climnorm": version[0].split()[-1],
        "cpu": processor(), "cores": os.cpu_count(),
        "usable_cores": about["threads"], "memory_bytes": about["memory_bytes"],
        "caches": caches(), "virtual": virtual(),
        "system": f"{distribution()}, {platform.system()} {platform.release()}",
        "compiler": about["compiler"], "flags": about["flags"].strip(),
        "isa": about["isa"], "isas": about["isas"],
        "inflate": about["inflate"], "inflate_forms": about["inflate_forms"],
        "libraries": [item.strip() for item in libraries.split(",") if item.strip()],
        "python": platform.python_version(),
        "file_system": file_system(settings.data),
        "load_average": round(os.getloadavg()[0], 2),
    }


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def processor():
    found = re.search(r"^model name\s*:\s*(.+)$", read("/proc/cpuinfo"), re.M)
    return found.group(1).strip() if found else platform.processor() or platform.machine()


def caches():
    """Such as "L1d 32K, L2 1024K, L3 32768K": of the first core."""
    found = []
    for number in range(8):
        folder = f"/sys/devices/system/cpu/cpu0/cache/index{number}/"
        level, kind, size = (read(folder + name).strip() for name in ("level", "type", "size"))
        if size and kind != "Instruction":
            found.append(f"L{level}{'d' if kind == 'Data' else ''} {size}")
    return ", ".join(found)


def virtual():
    """The hypervisor under this machine, "" without one."""
    try:
        done = subprocess.run(["systemd-detect-virt", "--vm"], capture_output=True, text=True,
                              check=False)
        return "" if done.stdout.strip() in ("", "none") else done.stdout.strip()
    except OSError:
        return "hypervisor" if re.search(r"^flags.*\bhypervisor\b", read("/proc/cpuinfo"),
                                         re.M) else ""


def distribution():
    found = re.search(r'^PRETTY_NAME="?([^"\n]+)', read("/etc/os-release"), re.M)
    return found.group(1) if found else "Linux"


def file_system(path):
    """Type of the file system that holds a path."""
    best = ("", "unknown")
    path = os.path.realpath(path)
    for line in read("/proc/self/mounts").splitlines():
        _, point, kind = line.split()[:3]
        if (path + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1]
