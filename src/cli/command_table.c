/*
 * All commands and all their options. Parsing, --help and errors are made from these tables.
 */
#include "cli/commands.h"
#include "cli/options.h"
#include "climnorm/limits.h"
#include "pictures/surface.h"

#include <limits.h>
#include <stddef.h>

#define IN(member) .offset = offsetof(struct cn_arguments, member)

/* One bit a command: which commands an option belongs to. */
enum {
    RUN = 1 << 0,
    PLAN = 1 << 1,
    INSPECT = 1 << 2,
    SYNTH = 1 << 3,
    VERIFY = 1 << 4,
    HELP = 1 << 5,
    NORMALS = 1 << 6,
    CONFIG = 1 << 7,
    CHECK = 1 << 8,
    MAP = 1 << 9,
    SERIES = 1 << 11,
    REPORT = 1 << 12,
    JOBS = RUN | PLAN | NORMALS
};

enum { MOST_NAMES = 64, MOST_CELLS = 1000000 };

static const char *const progress_modes[] = {
    [CN_PROGRESS_AUTO] = "auto", [CN_PROGRESS_TTY] = "tty",   [CN_PROGRESS_PLAIN] = "plain",
    [CN_PROGRESS_JSON] = "json", [CN_PROGRESS_NONE] = "none", NULL};

static const char *const synth_styles[] = {
    [CN_SYNTH_SMOOTH] = "smooth", [CN_SYNTH_NEX_GDDP] = "nex-gddp", NULL};

const struct cn_command cn_commands[] = {
    {
        .bit = RUN,
        .name = "run",
        .operand = "CONFIG",
        .what = "a config file",
        .summary = "Makes the normals that CONFIG asks for.",
        .details = "Normals that are there already and still right are kept. So a run that was\n"
                   "stopped goes on when it is started again.",
        .examples = "climnorm run my.cfg\n"
                    "climnorm run my.cfg --threads 8 --set variables=pr,tas\n"
                    "climnorm run my.cfg --set regions=CONUS,AK --summary made.json\n"
                    "climnorm run my.cfg --shard 2/8 # on the second of eight machines",
        .function = cn_command_run,
    },
    {
        .bit = PLAN,
        .name = "plan",
        .operand = "CONFIG",
        .what = "a config file",
        .summary = "Shows what run would do. Writes no results.",
        .details = "It also measures for about a second how fast this machine reads, decodes and\n"
                   "encodes, and estimates the time and the disk space from that.",
        .examples = "climnorm plan my.cfg\n"
                    "climnorm plan my.cfg --verbose --set regions=GLOBAL\n"
                    "climnorm plan my.cfg --json | jq .estimate.seconds",
        .function = cn_command_plan,
    },
    {
        .bit = NORMALS,
        .name = "normals",
        .operand = "PATH...",
        .what = "a folder with input files, or a file",
        .operands = CN_OPERANDS,
        .summary = "Makes normals without a config file.",
        .details = "Without --years and --target, all target years of the default periods are\n"
                   "made. Without --region, the whole grid. --show prints the config that the\n"
                   "call stands for: run makes the same files of it.",
        .examples = "climnorm normals data -o normals --years 1991-2020 --region CONUS\n"
                    "climnorm normals data -o normals --target 1990-2020/10 --region 4,17,43,49\n"
                    "climnorm normals data -o p90 --product name=p90,over=p90,pool=5\n"
                    "climnorm normals tas_day_*.nc -o normals --years 1981-2010 --show > my.cfg",
        .function = cn_command_normals,
    },
    {
        .bit = CONFIG,
        .name = "config",
        .operand = "PATH",
        .what = "the folder with the input files",
        .summary = "Writes a commented config for what a folder holds.",
        .details = "The config goes to standard output. It names the variables, scenarios and\n"
                   "regions that there are. Of several models it takes the one of most files, and\n"
                   "names the others in a comment.",
        .examples = "climnorm config data > my.cfg",
        .function = cn_command_config,
    },
    {
        .bit = INSPECT,
        .name = "inspect",
        .operand = "FILE...",
        .what = "a netCDF file",
        .operands = CN_OPERANDS,
        .summary = "Shows the grid, calendar, days and storage of netCDF files.",
        .details = "It also says whether the parallel decoder takes a file, or why not. A file of\n"
                   "several variables is shown for each, unless its name begins with one. Of a\n"
                   "folder it prints a config: its input.datasets says what those files are that\n"
                   "are not named like files of CMIP.",
        .examples = "climnorm inspect tas_day_NorESM2-LM_historical_r1i1p1f1_gn_2014.nc",
        .function = cn_command_inspect,
    },
    {
        .bit = CHECK,
        .name = "check",
        .operand = "CONFIG",
        .what = "a config file",
        .summary = "Reads all input of CONFIG and tells what is wrong with it.",
        .details = "Decodes every chunk of every file that CONFIG takes, of the whole grid, and\n"
                   "tells damaged files, missing days, and values that the variable cannot have.\n"
                   "Writes nothing. The exit code is 2 where something is wrong.",
        .examples = "climnorm check my.cfg\n"
                    "climnorm check my.cfg --md5 index_md5.txt\n"
                    "climnorm check my.cfg --set variables=pr --json | jq .files_damaged",
        .function = cn_command_check,
    },
    {
        .bit = VERIFY,
        .name = "verify",
        .operand = "OUTPUT...",
        .what = "a file that run made, or a folder of such files",
        .operands = CN_OPERANDS,
        .summary = "Tells which files that run made are damaged.",
        .details = "Reads each file as a whole and compares it with the digest that it holds. A\n"
                   "folder stands for all files below it that end in .nc; links there are not\n"
                   "followed.\n"
                   "\n"
                   "run keeps a file whose values alone are damaged. So remove each file that is\n"
                   "named, and run again. The exit code is 2 where one is damaged.",
        .examples = "climnorm verify output/CONUS/tas",
        .function = cn_command_verify,
    },
    {
        .bit = MAP,
        .name = "map",
        .operand = "FILE...",
        .what = "an output file",
        .operands = CN_OPERANDS,
        .summary = "Draws a map of an output file, or maps of several side by side.",
        .details =
            "Without --day, --month and --season it shows the mean over all days, months or\n"
            "seasons of the file. Several files have one colour scale. A flux of water in\n"
            "kg m-2 s-1 is shown in mm/day; other units stay.",
        .examples = "climnorm map tas_CONUS_hybrid_2020_30yr_normal.nc -o july.png --day 07-15\n"
                    "climnorm map later.nc --minus earlier.nc -o change.pdf\n"
                    "climnorm map a.nc b.nc c.nc -o three.svg --season djf --range 250,310",
        .function = cn_command_map,
    },
    {
        .bit = SERIES,
        .name = "series",
        .operand = "FILE...",
        .what = "an output file",
        .operands = CN_OPERANDS,
        .summary = "Prints or draws the values of a place through the year.",
        .details =
            "Takes the cell that is nearest to --at, or with --mean the mean of the area, of\n"
            "each target year of each file. Values of the whole year are shown against\n"
            "target years. Without --output it prints a table of comma-separated values in\n"
            "the unit of the file.",
        .examples =
            "climnorm series tas_CONUS_hybrid_30yr_normal.nc --at -105.3,40 -o boulder.svg\n"
            "climnorm series tas_*_normal.nc --at 254.7,40 > boulder.csv\n"
            "climnorm series pr_AK_*_monthly.nc --mean -o alaska.png",
        .function = cn_command_series,
    },
    {
        .bit = REPORT,
        .name = "report",
        .operand = "OUTPUT",
        .what = "a folder of files that run made, or a file",
        .summary = "Makes a page about what run made: maps, curves, problems, times.",
        .details = "The page is one HTML file that works offline and can be mailed. For each\n"
                   "variable, product and region it has maps of the first and the last target\n"
                   "year and of their change, and curves. What cannot be shown is named there,\n"
                   "and the exit code is 2.",
        .examples = "climnorm report output -o report.html\n"
                    "climnorm report output/CONUS -o conus.html --summary made.json\n"
                    "climnorm report output -o report.html --bench results.json",
        .function = cn_command_report,
    },
    {
        .bit = SYNTH,
        .name = "synth",
        .operand = "DIR",
        .what = "the folder to make",
        .summary = "Makes a tree of synthetic input files to try things on.",
        .details =
            "Files: DIR/{model}/{experiment}/{variant}/{variable}/*.nc. Daily files laid out\n"
            "like those of NEX-GDDP-CMIP6, one a year, with random weather over land. Years\n"
            "until 2014 are historical. The same options make the same values on any number\n"
            "of threads; with SOURCE_DATE_EPOCH set, the same bytes.",
        .examples = "climnorm synth demo --variables pr,tas,tasmax,tasmin\n"
                    "climnorm synth large --years 1981-2020 --grid 600x1440 --variables tas",
        .function = cn_command_synth,
    },
    {
        .bit = HELP,
        .name = "help",
        .operand = "[TOPIC]",
        .what = "a command, or a key of the config",
        .operands = CN_OPTIONAL_OPERAND,
        .summary = "Explains a command, or a key of the config.",
        .details = "A key may be named by its last part, such as window, where that is clear.",
        .examples = "climnorm help run\n"
                    "climnorm help normals.window\n"
                    "climnorm help output",
        .function = cn_command_help,
    },
    {.name = NULL},
};

/* In the order of --help. An option whose meaning differs by command has several rows. */
const struct cn_option cn_options[] = {
    {NORMALS, 'o', "output", "OUT", "the folder for the results", CN_OPTION_CONFIG_KEY,
     .key = "output.root", .is_required = true},
    {REPORT, 'o', "output", "FILE", "the page to write", CN_OPTION_TEXT, IN(page), .least = 1,
     .expects = "the path of a file to write", .default_text = "report.html"},
    {NORMALS, 0, "years", "A-B",
     "the years of the window, such as 1991-2020; can be repeated for windows of one length",
     CN_OPTION_TEXTS, IN(spans)},
    {NORMALS, 0, "target", "LIST", "last years of windows of 30 years, such as 2020,1980-2000/10",
     CN_OPTION_CONFIG_KEY, .key = "normals.targets", .is_list = true},
    {NORMALS, 0, "region", "NAME",
     "a built-in region, or a box west,east,south,north in degrees, such as 4,17,43,49; can be "
     "repeated",
     CN_OPTION_TEXTS, IN(regions)},
    {NORMALS, 0, "variable", "LIST", "the variables; else all that there are", CN_OPTION_CONFIG_KEY,
     .key = "variables", .is_list = true},
    {NORMALS, 0, "scenario", "LIST", "the scenarios; else all that there are", CN_OPTION_CONFIG_KEY,
     .key = "scenarios", .is_list = true},
    {NORMALS, 0, "model", "NAME", "the climate model; several: NAME,NAME or '*' for all",
     CN_OPTION_CONFIG_KEY, .key = "input.model"},
    {NORMALS, 0, "variant", "NAME", "the ensemble member", CN_OPTION_CONFIG_KEY,
     .key = "input.variant"},
    {NORMALS, 0, "product", "KEY=VALUE,...",
     "a statistic instead of the mean, such as name=p90,over=p90,pool=5; can be repeated; for the "
     "keys, climnorm help products",
     CN_OPTION_TEXTS, IN(products)},
    {NORMALS, 0, "show", NULL, "print the config that this call stands for, and do nothing else",
     CN_OPTION_FLAG, IN(show)},
    {JOBS | CHECK, 't', "threads", "N", "threads that compute", CN_OPTION_CONFIG_KEY,
     .key = "engine.threads"},
    {JOBS | CHECK, 's', "set", "KEY=VALUE",
     "use this value instead of the config's; can be repeated: --set input.model=CanESM5 --set "
     "variables=pr,tas",
     .type = CN_OPTION_CONFIG_KEY},
    {VERIFY | REPORT, 't', "threads", "N", "files at a time; 0 is all cores this process may use",
     CN_OPTION_NUMBER, IN(threads), 0, CN_MAX_THREADS, .default_text = "0"},
    {JOBS | VERIFY | SYNTH | CONFIG | CHECK | REPORT, 'p', "progress", "MODE",
     "auto is tty on a terminal, else plain", CN_OPTION_CHOICE, IN(progress),
     .choices = progress_modes, .default_text = "auto"},
    {JOBS, 0, "summary", "FILE",
     "write what was done (plan: what is known before) to FILE, as JSON", CN_OPTION_TEXT,
     IN(summary), .least = 1, .expects = "the path of a file to write"},
    {REPORT, 0, "summary", "FILE", "the summary of the run: its problems and times", CN_OPTION_TEXT,
     IN(summary), .least = 1, .expects = "the path of the file that run --summary wrote"},
    {REPORT, 0, "bench", "FILE", "results.json of climnorm-bench: what the machine can do",
     CN_OPTION_TEXT, IN(bench), .least = 1, .expects = "the path of a results.json"},
    {JOBS | VERIFY | CHECK, 0, "log", "FILE",
     "add all that is said, the plan and the summary to the end of FILE, with the time",
     CN_OPTION_TEXT, IN(log), .least = 1, .expects = "the path of a file to write"},
    {JOBS | VERIFY | SYNTH | CHECK | REPORT, 'q', "quiet", NULL, "say only what went wrong",
     CN_OPTION_FLAG, IN(quiet)},
    {RUN | NORMALS, 'v', "verbose", NULL, "print the plan first; -vv: every file too",
     CN_OPTION_COUNT, IN(verbose)},
    {PLAN, 'v', "verbose", NULL, "print loads, batches and every file too", CN_OPTION_COUNT,
     IN(verbose)},
    {CHECK, 0, "md5", "FILE",
     "compare the files with a list of MD5 sums: lines of a sum and a path, as of md5sum",
     CN_OPTION_TEXT, IN(md5), .least = 1, .expects = "the path of a list"},
    {CHECK, 0, "json", NULL, "print what was found as JSON, for programs", CN_OPTION_FLAG,
     IN(json)},
    {PLAN, 0, "json", NULL, "print the plan as JSON, for programs", CN_OPTION_FLAG, IN(json)},
    {RUN | NORMALS, 0, "wait", NULL,
     "wait while another run writes to output.root, instead of stopping", CN_OPTION_FLAG, IN(wait)},
    {RUN | PLAN, 0, "shard", "K/N",
     "the K-th of N parts of the job, for many machines that share output.root; auto: as the task "
     "of a Slurm job array says",
     CN_OPTION_TEXT, IN(shard)},
    {SYNTH, 0, "years", "A-B", "source years", CN_OPTION_YEARS, IN(years), 0, CN_LAST_YEAR,
     .expects = "FIRST-LAST or one year, such as 1950-2100", .default_text = "1950-2100"},
    {SYNTH, 0, "grid", "LATxLON",
     "cells between 60 S and 90 N, and around the globe; 600x1440 is 0.25 degree, about 0.2 GB a "
     "file",
     CN_OPTION_GRID, IN(grid), 0, MOST_CELLS, .expects = "LATxLON, such as 600x1440",
     .default_text = "22x36"},
    {SYNTH, 0, "variables", "LIST",
     "comma-separated; NEX-GDDP-CMIP6 has hurs huss pr rlds rsds sfcWind tas tasmax tasmin, other "
     "names get made-up values",
     CN_OPTION_NAMES, IN(variables), 1, MOST_NAMES, .default_text = "pr,tas"},
    {SYNTH, 0, "model", "NAME", "the climate model", CN_OPTION_TEXT, IN(model),
     .default_text = "NorESM2-LM"},
    {SYNTH, 0, "scenario", "LIST", "what follows 2014, comma-separated", CN_OPTION_NAMES,
     IN(scenarios), 0, MOST_NAMES, .default_text = "ssp245"},
    {SYNTH, 0, "variant", "NAME", "the ensemble member", CN_OPTION_TEXT, IN(variant),
     .default_text = "r1i1p1f1"},
    {SYNTH, 0, "grid-label", "NAME", "\"\": names without one, as in CMIP5", CN_OPTION_TEXT,
     IN(grid_label), .default_text = "gn"},
    {SYNTH, 0, "calendar", "NAME", "", CN_OPTION_CALENDAR, IN(calendar), .default_text = "noleap"},
    {SYNTH, 0, "seed", "N", "other numbers, other weather", CN_OPTION_NUMBER, IN(seed), 0,
     LLONG_MAX, .default_text = "1"},
    {SYNTH, 0, "days", "N", "only the first N days of each year", CN_OPTION_NUMBER, IN(days), 1,
     CN_MAX_SLOTS},
    {SYNTH, 0, "style", "NAME",
     "nex-gddp values are as detailed as those of NEX-GDDP-CMIP6 and deflated by zlib, so they "
     "take "
     "as long to read",
     CN_OPTION_CHOICE, IN(style), .choices = synth_styles, .default_text = "smooth"},
    {SYNTH, 0, "compression", "N", "deflate level; NEX-GDDP-CMIP6 has 5, 0 is none",
     CN_OPTION_NUMBER, IN(compression), 0, 9, .default_text = "5"},
    {SYNTH, 't', "threads", "N", "threads; 0 is all cores this process may use", CN_OPTION_NUMBER,
     IN(threads), 0, CN_MAX_THREADS, .default_text = "0"},
    {SYNTH, 0, "force", NULL, "replace files that exist", CN_OPTION_FLAG, IN(force)},
    {SERIES, 0, "at", "LON,LAT", "degrees east and north; longitudes west may be negative",
     CN_OPTION_TEXT, IN(at), .least = 1, .expects = "LON,LAT, such as -105.3,40"},
    {SERIES, 0, "mean", NULL, "the mean of all cells that have a value, by their areas",
     CN_OPTION_FLAG, IN(mean)},
    {MAP | SERIES, 'o', "output", "FILE",
     "the picture to write: a name that ends in .png, .svg or .pdf", CN_OPTION_TEXT, IN(picture),
     .least = 1, .expects = "the path of a picture to write"},
    {MAP, 0, "day", "DAY", "a date such as 07-15, or a day slot from 1", CN_OPTION_TEXT, IN(day),
     .least = 1, .expects = "a date such as 07-15, or the number of a day slot"},
    {MAP, 0, "month", "MONTH",
     "a number, or a name such as jul; of daily values the mean of its days", CN_OPTION_TEXT,
     IN(month), .least = 1, .expects = "a month such as 7 or jul"},
    {MAP, 0, "season", "SEASON", "djf, mam, jja or son; of daily values the mean of its days",
     CN_OPTION_TEXT, IN(season), .least = 1, .expects = "djf, mam, jja or son"},
    {MAP, 0, "year", NULL, "the mean over all days, months or seasons, which is the default",
     CN_OPTION_FLAG, IN(whole_year)},
    {MAP, 0, "target", "YEAR", "of a stacked file the target year; else its last one",
     CN_OPTION_NUMBER, IN(target_year), 1, CN_LAST_YEAR},
    {MAP, 0, "minus", "FILE", "show the difference from FILE, which has the same grid",
     CN_OPTION_TEXT, IN(minus), .least = 1, .expects = "an output file"},
    {MAP, 0, "range", "LO,HI", "the ends of the colour scale, in the unit of the picture",
     CN_OPTION_TEXT, IN(range), .least = 1, .expects = "two numbers, such as 270,310"},
    {MAP | SERIES, 0, "width", "PIXELS", "of the picture, whose height follows", CN_OPTION_NUMBER,
     IN(width), CN_LEAST_PICTURE, CN_MOST_PICTURE, .default_text = "1000"},
    {MAP | SERIES, 0, "size", "WxH", "width and height of the picture in pixels", CN_OPTION_GRID,
     IN(size), CN_LEAST_PICTURE, CN_MOST_PICTURE,
     .expects = "WxH of 100 to 10000 pixels, such as 1200x800"},
    {MAP | SERIES, 0, "title", "TEXT", "instead of the name of the quantity", CN_OPTION_TEXT,
     IN(title)},
    {~0U, 'h', "help", NULL, "show this help", .type = CN_OPTION_HELP},
    {.name = NULL},
};
