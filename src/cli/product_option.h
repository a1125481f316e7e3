/*
 * The option --product: an entry of the list `products` on the command line.
 */
#ifndef CLIMNORM_CLI_PRODUCT_OPTION_H
#define CLIMNORM_CLI_PRODUCT_OPTION_H

#include "climnorm/error.h"

struct cn_strbuf;

/* Adds the entry that "name=p90,over=p90,pool=5" stands for: { name = "p90"; over = "p90"; pool =
 * 5; } A part without "=" is one more entry of the list before it: "variables=pr,tas". Values are
 * not checked; the config that the text is part of does so. Errors: CN_BAD_USAGE: the text is not
 * of that form. Memory: entry->failed. */
enum cn_status cn_product_option_add(const char *text, struct cn_strbuf *entry,
                                     struct cn_error *error);

#endif
