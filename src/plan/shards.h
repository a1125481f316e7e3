/*
 * Parts of a job for many machines: which outputs each of N shards makes. Pure.
 */
#ifndef CLIMNORM_PLAN_SHARDS_H
#define CLIMNORM_PLAN_SHARDS_H

#include "climnorm/plan.h"

/* Leaves in the plan only what the shard makes: a variable without a share is removed, one with a
 * share keeps the target years and outputs of that share. plan->division then says what the
 * division comes to. To be called after cn_plan_targets, before existing files are looked for:
 * every shard must find the same division, whatever the others have made.
 *
 * A unit of work is a variable of the plan. With as many units as shards or more, each goes to the
 * shard that has the least to read so far, the largest unit first. With fewer, units are cut into
 * stretches of target years so that the largest stretch is as small as it can be; shards that this
 * cannot use get nothing. Target years with a common output are never divided.
 *
 * Problems of target years are told by the shard that has the first of them; what cannot be made at
 * all, by the first shard. Those of the input stay with each shard that reads it.
 * Returns: CN_OK. Errors: CN_BAD_MACHINE: out of memory. */
enum cn_status cn_plan_take_shard(struct cn_plan *plan, const struct cn_shard *shard,
                                  struct cn_error *error);

#endif
