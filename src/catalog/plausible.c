/*
 * The table of plausible values: the variables of the CMIP table "day" and some like them.
 */
#include "catalog/plausible.h"

#include "catalog/attributes.h"
#include "catalog/units.h"

#include <stdio.h>
#include <string.h>

/* A name that is in no row is looked up by the standard name alone: the widest limits come first.
 */
const struct cn_plausible_row cn_plausible_rows[] = {
    {"ta", "air_temperature", "K", 100, 360, "K,degC,degF",
     "about 110 K at the summer mesopause, the coldest air there is (Lübken 1999); 329.9 K near "
     "the "
     "ground (WMO archive of extremes)"},
    {"tas tasmax tasmin", "air_temperature", "K", 150, 350, "K,degC,degF",
     "184.0 K at Vostok in 1983, 329.9 K at Furnace Creek in 1913 (WMO archive of extremes)"},
    {"ts tslsi", "surface_temperature", "K", 150, 400, "K,degC,degF",
     "175 K in East Antarctica (Scambos et al. 2018), 354 K in the Lut desert (Zhao et al. 2021)"},
    {"tos", "sea_surface_temperature", "degC", -10, 50, "K,degC,degF",
     "seawater freezes at -1.9 degC (TEOS-10); 37.6 degC in Kuwait Bay (Alosairi et al. 2020)"},
    {"pr prc prsn", "precipitation_flux convective_precipitation_flux snowfall_flux", "kg m-2 s-1",
     -1e-5, 0.05, "kg m-2 s-1,mm d-1,m d-1",
     "1825 mm in a day, 0.0211 kg m-2 s-1, at Foc-Foc in 1966 (WMO archive of extremes); "
     "interpolation may leave -0.9 mm d-1"},
    {"hur hurs hursmax hursmin", "relative_humidity", "%", -10, 300, "%,1",
     "at most about 170 % over ice, where droplets freeze by themselves (Koop et al. 2000)"},
    {"hus huss", "specific_humidity", "1", -0.001, 0.1, "1,g kg-1",
     "0.036 at the dew point of 35 degC of Dhahran in 2003 (WMO archive of extremes)"},
    {"rsds rsus",
     "surface_downwelling_shortwave_flux_in_air surface_upwelling_shortwave_flux_in_air", "W m-2",
     -10, 2300, "W m-2,J m-2 d-1",
     "physically possible are -4 to 2200 W m-2 (BSRN, Long and Dutton 2002)"},
    {"rlds", "surface_downwelling_longwave_flux_in_air", "W m-2", 20, 800, "W m-2,J m-2 d-1",
     "physically possible are 40 to 700 W m-2 (BSRN, Long and Dutton 2002)"},
    {"rlus", "surface_upwelling_longwave_flux_in_air", "W m-2", 20, 1100, "W m-2,J m-2 d-1",
     "physically possible are 40 to 900 W m-2 (BSRN, Long and Dutton 2002)"},
    {"rlut", "toa_outgoing_longwave_flux", "W m-2", 20, 600, "W m-2,J m-2 d-1",
     "a black body of 140 K emits 22 W m-2, one of 320 K 595 W m-2 (law of Stefan and Boltzmann)"},
    {"hfls hfss", "surface_upward_latent_heat_flux surface_upward_sensible_heat_flux", "W m-2",
     -4000, 4000, "W m-2,J m-2 d-1",
     "three times what the sun gives above the air, 1361 W m-2 (Kopp and Lean 2011)"},
    {"sfcWind sfcWindmax", "wind_speed", "m s-1", -0.1, 250, "",
     "113.2 m s-1 in a gust at Barrow Island in 1996 (WMO archive of extremes); about 135 m s-1 in "
     "tornadoes (Wurman et al. 2007)"},
    {"uas vas ua va", "eastward_wind northward_wind", "m s-1", -250, 250, "", "as of wind speed"},
    {"wap", "lagrangian_tendency_of_air_pressure", "Pa s-1", -1000, 1000, "",
     "an updraught of 50 m s-1, as in the strongest thunderstorms (Musil et al. 1986), is 600 Pa "
     "s-1 near the ground"},
    {"zg", "geopotential_height", "m", -1000, 100000, "m,km",
     "1000 hPa lies at most some hundred metres below the sea; 100 km is the edge of space (FAI)"},
    {"psl", "air_pressure_at_mean_sea_level air_pressure_at_sea_level", "Pa", 80000, 115000,
     "Pa,hPa,kPa",
     "870 hPa in typhoon Tip in 1979, 1084.8 hPa at Tosontsengel in 2001 (WMO archive of "
     "extremes)"},
    {"ps", "surface_air_pressure", "Pa", 20000, 115000, "Pa,hPa,kPa",
     "about 330 hPa on Mount Everest (West et al. 1983); 1084.8 hPa as above"},
    {"clt snc", "cloud_area_fraction surface_snow_area_fraction", "%", -1, 110, "%,1",
     "a share of an area; interpolation may leave a little more"},
    {"snw", "surface_snow_amount", "kg m-2", -1, 5e6, "",
     "the thickest ice, 4897 m, is 4.5e6 kg m-2 (Fretwell et al. 2013)"},
    {"mrso",
     "mass_content_of_water_in_soil soil_moisture_content mass_content_of_water_in_soil_layer "
     "moisture_content_of_soil_layer",
     "kg m-2", -1, 1e5, "", "100 m of water; soils of land models are at most some 50 m deep"},
    {"mrsos", "mass_content_of_water_in_soil_layer moisture_content_of_soil_layer", "kg m-2", -1,
     110, "", "the upper 10 cm, of water alone, are 100 kg m-2 (CMIP table day)"},
    {"mrro", "runoff_flux", "kg m-2 s-1", -0.01, 0.1, "kg m-2 s-1,mm d-1",
     "twice the limit of precipitation, for snow that melts"},
    {.names = NULL},
};

/* Whether a word is among those between blanks. */
static bool has_word(const char *words, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = words; length && (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

/* NULL: nothing is known. */
static const struct cn_plausible_row *find_row(const char *name, const char *standard_name)
{
    const struct cn_plausible_row *found = NULL;
    for (const struct cn_plausible_row *row = cn_plausible_rows; row->names; row++) {
        const bool is_named = has_word(row->names, name);
        const bool is_same = has_word(row->standard_names, standard_name);
        if (is_named && (is_same || !*standard_name))
            return row;
        if (is_same && !found)
            found = row;
    }
    return found;
}

/* Whether the values are a sum of those of an instant, or their spread. */
static bool is_other_statistic(const char *cell_methods)
{
    static const char *const words[] = {"sum", "range", "deviation", "variance"};
    int depth = 0; /* of comments */
    size_t length;
    for (const char *at = cell_methods ? cell_methods : ""; *at; at += length ? length : 1) {
        length = strcspn(at, " \t\r\n():");
        depth += (*at == '(') - (*at == ')');
        for (size_t k = 0; depth <= 0 && at[length] != ':' && k < sizeof words / sizeof *words; k++)
            if (memmem(at, length, words[k], strlen(words[k])))
                return true;
    }
    return false;
}

/* The newest file that can be used; NULL: there is none. */
static const struct cn_file *newest_file(const struct cn_variable *variable)
{
    for (size_t f = variable->file_count; f-- > 0;)
        if (variable->files[f].usable)
            return &variable->files[f];
    return NULL;
}

enum cn_status cn_plausible_limits(const struct cn_variable *variable,
                                   struct cn_plausible_limits *limits, struct cn_error *error)
{
    const struct cn_file *file = newest_file(variable);
    *limits = (struct cn_plausible_limits){0};
    if (!file || is_other_statistic(
                     cn_attribute_text(file->attributes, file->attribute_count, "cell_methods")))
        return CN_OK;
    const char *standard_name =
        cn_attribute_text(file->attributes, file->attribute_count, "standard_name");
    const struct cn_plausible_row *row =
        find_row(variable->name, standard_name ? standard_name : "");
    struct cn_conversion line;
    enum cn_status status =
        row ? cn_unit_conversion(row->unit, variable->units, &line, error) : CN_BAD_INPUT;
    if (!status)
        *limits = (struct cn_plausible_limits){row, line.scale * row->min + line.offset,
                                               line.scale * row->max + line.offset};
    return status == CN_BAD_INPUT ? CN_OK : status;
}

bool cn_plausible_in_other_unit(const struct cn_plausible_limits *limits, const char *unit,
                                double least, double most, char other[32])
{
    const struct cn_plausible_row *row = limits->row;
    struct cn_error ignored;
    for (const char *at = row->other_units; *at;) {
        const int length = (int)strcspn(at, ",");
        struct cn_conversion line;
        snprintf(other, 32, "%.*s", length, at);
        at += at[length] ? length + 1 : length;
        if (!cn_units_equal(other, unit, &ignored) &&
            cn_unit_conversion(row->unit, other, &line, &ignored) == CN_OK &&
            line.scale * row->min + line.offset <= least &&
            most <= line.scale * row->max + line.offset)
            return true;
    }
    return false;
}
