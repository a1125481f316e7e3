#!/bin/bash
# CDO: files are cropped once, as in cdo.sh; then the 10th, 50th and 90th percentile of the five days
# around each day come from `ydrunpctl`, which needs the least and the largest values first. With
# twice as many bins as values its histograms hold the values themselves. `rtype8` is Hyndman and
# Fan's 8, xclim's default.
if ! command -v cdo >/dev/null; then echo "no cdo: apt-get install cdo"; exit 77; fi
if [ "${1:-}" = --version ]; then cdo --version 2>&1 | head -n 1; exit; fi
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"
export CDO_PCTL_NBINS=$((2 * 5 * window + 1))

crop() { # FROM TO
    cdo -s -f nc4 "sellonlatbox,$union" -selname,"$variable" "$1" "$2"
}

crop_region() { # BOX FROM TO
    cdo -s "sellonlatbox,$1" "$2" "$3"
}

normal() { # TO FILE...
    local base=${1%.nc} days p
    days=$scratch/${base##*/}-days.nc
    cdo -s cat "${@:2}" "$days"
    cdo -s ydrunmin,5 "$days" "$days.min"
    cdo -s ydrunmax,5 "$days" "$days.max"
    for p in 10 50 90; do
        cdo -s -f nc4 -z zip_1 --percentile rtype8 "ydrunpctl,$p,5" "$days" "$days.min" "$days.max" \
            "${base}_p$p.nc"
    done
    rm "$days" "$days.min" "$days.max"
}

make_normals
