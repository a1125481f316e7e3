"""The most memory that the program may hold, as docs/performance.md states it."""
MIB = 1 << 20
IN_ALL = 48 * MIB     # the program, its libraries, metadata
PER_THREAD = 8 * MIB  # chunks on their way, a stack
PER_YEAR = 1024       # and pass: tasks and what they need
SHARE = 32            # of the machine's memory: what is read ahead from a disk


def most(arena_bytes, threads, machine_bytes=0, years_of_passes=0):
    """machine_bytes: of the machine or the control group; 0: the files are in the page cache.
    years_of_passes: source years and target years, times passes; 0: few."""
    return (1.1 * arena_bytes + IN_ALL + threads * PER_THREAD + machine_bytes / SHARE +
            years_of_passes * PER_YEAR)
