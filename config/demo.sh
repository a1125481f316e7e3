#!/bin/sh
# Makes a sample tree and the normals of it: config/demo.sh PROGRAM, from the project's root.
set -eu
program=$1

"$program" synth demo/data --years 1950-2100 --grid 22x36 --variables pr,tas,tasmax,tasmin \
    --model NorESM2-LM --scenario ssp245 --force
"$program" run config/demo.cfg
files=$(find demo/output -name '*_normal.nc' | wc -l)
echo "Made $files files of rolling 30-year normals: see demo/output, for example" \
    "ncdump -h demo/output/CONUS/tas/historical/tas_CONUS_historical_1990_30yr_normal.nc"
