#!/usr/bin/env bash
# dagster 1.13.27: a run failure sensor whose function raises (its webhook is down, say) moves its cursor
# past the failed run all the same. The error stands in the tick; the failure is never handed to the
# sensor again, so the alert is lost. A plain sensor that raises keeps its cursor and is asked again.
#
# Seen: one failed run; the first tick after it hands the run over and records the RuntimeError, the second
# tick hands over nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dagster==1.13.27
cd "$folder"

cat >ticks.py <<'PY'
import dagster as dg

handed_over = []


@dg.op
def breaks():
    raise ValueError("on purpose")


@dg.job
def broken():
    breaks()


@dg.run_failure_sensor
def alert(context: dg.RunFailureSensorContext):
    handed_over.append(context.dagster_run.run_id)
    raise RuntimeError("nobody answers")


repository = dg.Definitions(jobs=[broken], sensors=[alert]).get_repository_def()


def tick(instance, cursor):
    context = dg.build_sensor_context(
        instance=instance, repository_def=repository, cursor=cursor
    )
    return alert.evaluate_tick(context)


with dg.instance_for_test() as instance:
    start = tick(instance, None)
    broken.execute_in_process(instance=instance, raise_on_error=False)
    first = tick(instance, start.cursor)
    second = tick(instance, first.cursor)
    (reaction,) = first.dagster_run_reactions
    print("first tick:", len(handed_over), "run handed over,", reaction.error.cls_name)
    print("second tick:", len(second.dagster_run_reactions), "runs,", len(handed_over), "in all")
PY

venv/bin/python ticks.py 2>/dev/null >seen
cat seen
diff seen - <<'TEXT'
first tick: 1 run handed over, RuntimeError
second tick: 0 runs, 1 in all
TEXT
