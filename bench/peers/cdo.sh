#!/bin/bash
# CDO: every file is cropped once, then the mean of every window comes from one chain of operators,
# `ydaymean -cat`, which keeps what it passes on in memory, as the manual advises ("Combining
# operators"). `ydaymean` is its climatology of the days of the year. All of it in one process a
# core: `-P` serves operators that work on large fields, and none of these does; so `xargs -P`.
# What is cropped is not compressed, since it is read once for every window. `-L`, which locks
# calls of netCDF among the threads of a chain, is on by default where HDF5 needs it.
#
# One process reads one file for one region. With several regions, files are first cropped to the
# box that holds all, so that the globe is inflated once.
if ! command -v cdo >/dev/null; then echo "no cdo: apt-get install cdo"; exit 77; fi
if [ "${1:-}" = --version ]; then cdo --version 2>&1 | head -n 1; exit; fi
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

crop() { # FROM TO
    cdo -s -f nc4 "sellonlatbox,$union" -selname,"$variable" "$1" "$2"
}

crop_region() { # BOX FROM TO
    cdo -s "sellonlatbox,$1" "$2" "$3"
}

normal() { # TO FILE...
    cdo -s -f nc4 -z zip_1 ydaymean -cat [ "${@:2}" ] "$1"
}

make_normals
