#!/bin/sh
# Makes a sample tree, unless it is there, and the normals of it: config/demo.sh PROGRAM, from the
# project's root.
set -eu
program=$1

set -- --years 1950-2100 --grid 22x36 --variables pr,tas,tasmax,tasmin --model NorESM2-LM \
    --scenario ssp245
made=demo/data/.made # holds what the tree was made with, once it is complete
if [ "$(cat $made 2>/dev/null)" != "$*" ]; then
    "$program" synth demo/data "$@" --force
    echo "$*" >$made
fi
"$program" run config/demo.cfg
files=$(find demo/output -name '*_normal.nc' | wc -l)
echo "Made $files files of rolling 30-year normals: see demo/output, for example" \
    "ncdump -h demo/output/CONUS/tas/historical/tas_CONUS_historical_1990_30yr_normal.nc"
