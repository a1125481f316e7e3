"""A control group with little memory, for programs that are started in it."""
import os


class Group:
    """A control group of memory, version 2 or 1, below that of this process."""

    def __init__(self):
        self.path = None
        with open("/proc/self/cgroup") as file:
            lines = [line.strip().split(":", 2) for line in file]
        for _, controllers, group in lines:
            if "memory" in controllers.split(","):
                base, self.limit = "/sys/fs/cgroup/memory" + group, "memory.limit_in_bytes"
            elif not controllers:
                base, self.limit = "/sys/fs/cgroup" + group, "memory.max"
            else:
                continue
            path = os.path.join(base, f"climnorm-test-{os.getpid()}")
            try:
                os.mkdir(path)
            except OSError:
                continue
            if os.access(os.path.join(path, self.limit), os.W_OK):
                self.path = path
                return
            os.rmdir(path)

    def set(self, number):
        with open(os.path.join(self.path, self.limit), "w") as file:
            file.write(str(number))

    def enter(self):
        with open(os.path.join(self.path, "cgroup.procs"), "w") as file:
            file.write(str(os.getpid()))

    def close(self):
        os.rmdir(self.path)
