/*
 * CN_API marks what programs may use: the shared library exports nothing else.
 */
#ifndef CLIMNORM_API_H
#define CLIMNORM_API_H

#define CN_API __attribute__((visibility("default")))

#endif
