/*
 * Chooses the kernels for this CPU.
 */
#include "kernels.h"
