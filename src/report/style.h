/*
 * How the page looks.
 */
#ifndef CLIMNORM_REPORT_STYLE_H
#define CLIMNORM_REPORT_STYLE_H

/* The style sheet. It asks for nothing from elsewhere. */
extern const char *const cn_report_style;

#endif
