#!/bin/bash
# NCO: every file is cropped once by `ncks`, then the mean of every window is one call of `nces`,
# the operator for the mean over files, value by value: day 60 of 30 files becomes day 60 of the
# normal. (`ncra` averages along the record dimension: every 365th record of all years in one file,
# anew for each day.) Right where all years have the same days, as in the noleap calendar. Float is
# added up in double (--dbl).
#
# NCO's threads work on different variables, and here is one: so one process a core, by `xargs -P`.
# What is cropped is not compressed, since it is read once for every window. With several regions,
# files are first cropped to the box that holds all, so that the globe is inflated once.
if ! command -v nces >/dev/null; then echo "no nces: apt-get install nco"; exit 77; fi
if [ "${1:-}" = --version ]; then nces --version 2>&1 | grep -o 'NCO.*version [^ ]*'; exit; fi
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

# ncks_box LON0,LON1,LAT0,LAT1 FROM TO: longitudes as the files have them, 0 to 360; where the first
# is the larger one, ncks goes round.
ncks_box() {
    local bounds dimensions
    mapfile -t bounds < <(awk -F, '{ printf("%.6f\n%.6f\n%.6f\n%.6f\n", $1 < 0 ? $1 + 360 : $1,
                                     $2 > 360 ? $2 - 360 : $2, $3, $4) }' <<<"$1")
    dimensions=(-d "lat,${bounds[2]},${bounds[3]}" -d "lon,${bounds[0]},${bounds[1]}")
    ncks -h -L 0 -v "$variable" "${dimensions[@]}" "$2" "$3"
}
export -f ncks_box

crop() { # FROM TO
    ncks_box "$union" "$1" "$2"
}

crop_region() { # BOX FROM TO
    ncks_box "$@"
}

normal() { # TO FILE...
    nces -h -4 -L 1 --cnk_map=rd1 --dbl "${@:2}" "$1"
}

make_normals
