/*
 * What is told of checked files.
 */
#include "job/check.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void report_damage(const struct cn_checked_variable *checked, struct cn_problems *problems,
                          struct cn_check_counts *counts)
{
    for (size_t f = 0; f < checked->file_count; f++) {
        const struct cn_checked_file *file = &checked->files[f];
        char more[96] = "";
        if (cn_checked_is_damaged(file)) {
            counts->damaged += !file->first->has_damage;
            file->first->has_damage = true;
        }
        if (!file->failure)
            continue;
        if (file->damaged > 1)
            snprintf(more, sizeof more,
                     " (the first of %" PRIu64 " such parts of the file, of %" PRIu64 ")",
                     file->damaged, file->parts);
        cn_problems_add(problems, CN_PROBLEM, "%s: %s%s", checked->variable->label, file->failure,
                        more);
    }
}

static void report_implausible(const struct cn_checked_variable *checked,
                               struct cn_problems *problems, struct cn_check_counts *counts)
{
    struct cn_tally total = {0};
    double values = 0;
    for (size_t f = 0; f < checked->file_count; f++) {
        const struct cn_checked_file *file = &checked->files[f];
        cn_tally_add(&total, &file->tally);
        values += file->tally.count ? file->values : 0;
        if (file->tally.count) {
            counts->implausible += !file->first->has_odd_values;
            file->first->has_odd_values = true;
        }
    }
    if (!total.count)
        return;
    cn_value_check_warn(&checked->values, &total, values, checked->variable->label, problems);
    for (size_t f = 0; f < checked->file_count; f++)
        if (checked->files[f].tally.count)
            cn_value_check_detail(&checked->values, &checked->files[f].tally,
                                  checked->variable->label, problems);
}

static void report_digests(const struct cn_checked_variable *checked, struct cn_md5_list *list,
                           struct cn_problems *problems, struct cn_check_counts *counts)
{
    size_t unlisted = 0;
    const char *example = NULL;
    for (size_t f = 0; f < checked->file_count; f++) {
        const struct cn_checked_file *file = &checked->files[f];
        const struct cn_md5_entry *entry =
            file->first == file ? cn_md5_list_find(list, file->file->path, file->md5) : NULL;
        if (file->md5[0] && !entry && unlisted++ == 0)
            example = file->file->path;
        if (!entry || !file->md5[0] || strcmp(entry->md5, file->md5) == 0)
            continue;
        counts->differing++;
        cn_problems_add(problems, CN_PROBLEM,
                        "%s: %s: its MD5 sum is %s, not %s as the list says of %s; download the "
                        "file again",
                        checked->variable->label, file->file->path, file->md5, entry->md5,
                        entry->path);
    }
    counts->unlisted += unlisted;
    if (unlisted)
        cn_problems_add(problems, CN_PROBLEM, "%s: %zu %s not in the list of checksums, such as %s",
                        checked->variable->label, unlisted, unlisted == 1 ? "file is" : "files are",
                        example);
}

void cn_check_report(const struct cn_checked_variable *checked, struct cn_md5_list *list,
                     struct cn_problems *problems, struct cn_check_counts *counts)
{
    counts->gaps += checked->variable->has_gaps;
    report_damage(checked, problems, counts);
    report_implausible(checked, problems, counts);
    if (list)
        report_digests(checked, list, problems, counts);
}

void cn_check_report_list(const struct cn_md5_list *list, const char *path,
                          struct cn_problems *problems, struct cn_check_counts *counts)
{
    const char *example = NULL;
    for (size_t k = 0; k < list->count; k++)
        if (!list->entries[k].is_found && counts->unfound++ == 0)
            example = list->entries[k].path;
    if (counts->unfound)
        cn_problems_add(problems, CN_WARNING,
                        "%s: %zu of %zu entries are of no file that was checked, such as %s", path,
                        counts->unfound, list->count, example);
    if (list->conflicts)
        cn_problems_add(problems, CN_PROBLEM,
                        "%s: %zu sum%s of a path that has another one, too, such as %s; name a "
                        "list that has each path once",
                        path, list->conflicts, list->conflicts == 1 ? " is" : "s are",
                        list->conflict_example);
    if (list->other_lines)
        cn_problems_add(problems, CN_WARNING, "%s: %zu %s no checksum; the first is line %zu", path,
                        list->other_lines, list->other_lines == 1 ? "line is" : "lines are",
                        list->first_other);
}
