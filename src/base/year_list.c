/*
 * A list of years, with ranges and a bound.
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
