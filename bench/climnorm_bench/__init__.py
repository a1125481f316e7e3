"""climnorm-bench: climnorm measured against its machine and against what else there is."""
SCHEMA = 1


class Failure(Exception):
    """Why nothing more can be measured; said in one line."""
