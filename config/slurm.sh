#!/bin/bash
# A climnorm job as a Slurm job array: each task makes one part of it, in the output folder that all
# tasks share. Copy this file, change the lines with #SBATCH, and submit it:
#
#   bash slurm.sh my.cfg            the array, and behind it a job that says what is missing
#   bash slurm.sh my.cfg normals    the same; that job also looks for damage in the folder normals
#   sbatch slurm.sh my.cfg          the array alone
#
# What is done is kept. So the same command, given again, does what is missing. The parts need not be
# as many as before.
#
#SBATCH --job-name=climnorm
#SBATCH --array=1-8                  # the parts; 1-100%20: a hundred, twenty of them at a time
#SBATCH --cpus-per-task=16
#SBATCH --mem=32G
#SBATCH --time=04:00:00
#SBATCH --signal=TERM@300            # some minutes before the time is over: climnorm ends in order,
#SBATCH --requeue                    # and this script asks for another turn
#SBATCH --open-mode=append
#SBATCH --output=climnorm-%A-%a.log
set -eu

climnorm=${CLIMNORM:-climnorm}
config=${1:?name the config: bash slurm.sh my.cfg}

# Submits the array, and a small job that runs when all of it has ended, well or not.
submit() { # SCRIPT CONFIG [OUTPUT]
    local array check
    array=$(sbatch --parsable "$1" "$2")
    echo "Submitted batch job $array: the parts"
    check=$(printf '%q plan %q' "$climnorm" "$2")
    if [ $# -gt 2 ]; then
        check+=$(printf '; %q verify %q' "$climnorm" "$3")
    fi
    sbatch --dependency="afterany:$array" --job-name=climnorm-check --cpus-per-task=4 --mem=4G \
        --time=04:00:00 --output="climnorm-$array-check.log" --wrap "$check"
}

# Makes the part of this task.
make_part() {
    local code=0 cpus=${SLURM_CPUS_PER_TASK:-1}
    local memory=$((${SLURM_MEM_PER_NODE:-$((${SLURM_MEM_PER_CPU:-0} * cpus))} * 80 / 100))
    local options=(--shard auto --threads "$cpus" --progress plain)
    if [ "$memory" -gt 0 ]; then # else all that the node has
        options+=(--set "engine.memory=${memory}MiB")
    fi
    # Slurm sends the signal to what srun started, and not to this script.
    srun --cpus-per-task="$cpus" "$climnorm" run "$config" "${options[@]}" || code=$?
    case $code in
    143) # by SIGTERM: the time is nearly over, or the node is wanted for another job
        echo "The time is over: this part goes on in its next turn."
        scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
        ;;
    2) echo "Something is missing: see above. Another turn would not bring it." ;;
    3) echo "Stopped by the machine: see above. Submit the array again when it is mended." ;;
    esac
    return "$code"
}

if [ "${SLURM_ARRAY_TASK_ID:-}" ]; then
    make_part
else
    submit "$0" "$@"
fi
