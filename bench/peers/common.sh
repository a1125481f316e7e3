# shellcheck shell=bash disable=SC2154 # the arguments are set by printf -v
# What the recipes in shell share: the arguments, the source files, the box that holds all regions,
# and the line that says how long the stages took. No recipe is in here. Sourced by bash.
set -euo pipefail
export LC_ALL=C

regions=()
while [ $# -gt 0 ]; do
    case $1 in
        --region) regions+=("$2") ;;
        --data | --variable | --first | --last | --window | --threads | --out)
            printf -v "${1#--}" %s "$2" ;;
        *) echo "unknown option $1" >&2; exit 1 ;;
    esac
    shift 2
done
mkdir -p "$out"
scratch=$(mktemp -d "$out/scratch-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
find -L "$data" -name "${variable}_day_*.nc" | sort >"$scratch/files"
first_source=$((first - window + 1))
export data out variable window scratch

# The file of a source year.
source_of() {
    grep "_$1\.nc$" "$scratch/files" | tail -n 1 | grep . ||
        { echo "no file of $variable $1 below $data" >&2; exit 1; }
}
export -f source_of

# The box that holds all regions; all longitudes where one of several crosses 0.
union_of_regions() {
    printf '%s\n' "${regions[@]#*=}" | awk -F, '
        NR == 1 { w = $1; e = $2; s = $3; n = $4 }
        { if ($1 < w) w = $1; if ($2 > e) e = $2; if ($3 < s) s = $3; if ($4 > n) n = $4 }
        END { if (NR > 1 && (w < 0 || e > 360)) { w = 0; e = 360 }; print w "," e "," s "," n }'
}

# on_all_cores FUNCTION: once for each line of standard input, its words as arguments.
on_all_cores() {
    export -f "${1?}"
    xargs -r -L 1 -P "$threads" bash -euc "$1 \"\$@\"" "$1"
}

# A line "NAME BOX YEAR" for each region and each year from $1 to $last.
of_each_region() {
    for region in "${regions[@]}"; do
        for year in $(seq "$1" "$last"); do echo "${region%%=*} ${region#*=} $year"; done
    done
}

# The files of the window that ends in year $2, for region $1, in order.
window_of() {
    local year
    for year in $(seq $(($2 - window + 1)) "$2"); do echo "$scratch/$1_$year.nc"; done
}
export -f window_of

# said READ_FROM WINDOWS_FROM NOW: the times at which the stages began and ended.
say_stages() {
    awk -v reads=$((last - first_source + 1)) -v a="$1" -v b="$2" -v c="$3" 'BEGIN {
        printf "{\"reads\": %d, \"read_s\": %.3f, \"windows_s\": %.3f}\n", reads, b - a, c - b }'
}

# The stages of a recipe, with its functions crop FROM TO (to the box $union of all regions),
# crop_region BOX FROM TO (of that, to a region) and normal TO FILE... One region is its own union.
make_normals() {
    local began cropped
    union=$(union_of_regions)
    export union
    export -f crop crop_region normal
    began=$(date +%s.%N)
    seq "$first_source" "$last" | on_all_cores crop_year
    of_each_region "$first_source" | on_all_cores crop_region_year
    cropped=$(date +%s.%N)
    of_each_region "$first" | on_all_cores normal_year
    say_stages "$began" "$cropped" "$(date +%s.%N)"
}

crop_year() { # YEAR
    local file
    file=$(source_of "$1")
    crop "$file" "$scratch/all_$1.nc"
}

crop_region_year() { # NAME BOX YEAR
    if [ "$2" = "$union" ]; then
        ln -s "all_$3.nc" "$scratch/$1_$3.nc"
    else
        crop_region "$2" "$scratch/all_$3.nc" "$scratch/$1_$3.nc"
    fi
}

normal_year() { # NAME BOX YEAR
    local files
    mapfile -t files < <(window_of "$1" "$3")
    normal "$out/$1_$3.nc" "${files[@]}"
}
