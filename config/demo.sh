#!/bin/sh
# Makes a sample tree, unless it is there, and four products of it, and shows one: config/demo.sh
# PROGRAM, from the project's root.
set -eu
program=$1

set -- --years 1950-2100 --grid 22x36 --variables pr,tas,tasmax,tasmin --model NorESM2-LM \
    --scenario ssp245
made=demo/data/.made # holds what the tree was made with, once it is complete
if [ "$(cat $made 2>/dev/null)" != "$*" ]; then
    "$program" synth demo/data "$@" --force
    echo "$*" >$made
fi
"$program" run config/demo.cfg --summary demo/summary.json

# show VARIABLE FILE: the values of the variable, row by row.
show() {
    echo "$2:"
    ncdump -v "$1" "demo/output/$2" | sed -n "/^ $1 =/,/;/p"
}

echo "Made $(find demo/output -name '*.nc' | wc -l) files of four products, for example of CONUS:"
for file in tas/historical/tas_CONUS_historical_1990_30yr_normal.nc \
    tasmax/historical/tasmax_CONUS_historical_1990_30yr_p90.nc \
    tas/historical/tas_CONUS_historical_1990_30yr_monthly.nc \
    tasmax/historical/tasmax_CONUS_historical_1990_30yr_hot_days.nc; do
    echo "  demo/output/CONUS/$file"
done
echo "Days of a year above 90 degF, in 1961-1990 and in 2071-2100, by latitude and longitude:"
for year in historical_1990 ssp245_2100; do
    show hot_days "CONUS/tasmax/${year%_*}/tasmax_CONUS_${year}_30yr_hot_days.nc"
done
"$program" report demo/output/CONUS -o demo/report.html --summary demo/summary.json
