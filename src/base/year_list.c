/*
 * Lists of years with ranges; a bound for long ones.
 */
#include "base/year_list.h"

enum { MOST_BYTES = 580 };

/* Moves the last range into the text. */
static void write_range(struct cn_year_list *list)
{
    const char *separator = list->text.length ? ", " : "";
    if (!list->has_any || list->is_full)
        return;
    list->is_full = list->text.length > MOST_BYTES;
    if (list->is_full)
        cn_strbuf_add(&list->text, "%sand more", separator);
    else if (list->first == list->last)
        cn_strbuf_add(&list->text, "%s%d", separator, list->first);
    else
        cn_strbuf_add(&list->text, "%s%d-%d", separator, list->first, list->last);
    list->has_any = false;
}

void cn_year_list_add(struct cn_year_list *list, int first, int last)
{
    if (last < first)
        return;
    if (list->has_any && first >= list->first && first <= list->last + 1) {
        list->last = last > list->last ? last : list->last;
        return;
    }
    write_range(list);
    list->first = first;
    list->last = last;
    list->has_any = true;
}

const char *cn_year_list_text(struct cn_year_list *list)
{
    write_range(list);
    return cn_strbuf_text(&list->text);
}

void cn_year_list_free(struct cn_year_list *list)
{
    cn_strbuf_free(&list->text);
    *list = (struct cn_year_list){0};
}

size_t cn_year_range_add(struct cn_strbuf *text, const int *years, size_t count)
{
    const int step = count > 1 ? years[1] - years[0] : 1;
    size_t end = 1;
    while (end < count && years[end] - years[end - 1] == step)
        end++;
    if (end == 2 && step > 1)
        end--; /* two years are no range with a step */
    cn_strbuf_add(text, "%d", years[0]);
    if (end > 1)
        cn_strbuf_add(text, "-%d", years[end - 1]);
    if (end > 1 && step > 1)
        cn_strbuf_add(text, "/%d", step);
    return end;
}
