"""A run launcher that starts nothing: a test says how each run ends. Its name is that of Ray's."""

import dagster as dg
from dagster._core.launcher import RunLauncher
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._serdes import ConfigurableClass


class RayRunLauncher(RunLauncher, ConfigurableClass):
    """Stands where Ray would: `launched` are runs in the order in which they came.

    Attributes:
        ends: For each submission in turn, what becomes of it: `success`, `dead` (its node died),
            `refused` (no node took it), `interrupted`, `error` or `stays`.
    """

    def __init__(self, inst_data=None):
        self._inst_data = inst_data
        self.forget()
        super().__init__()

    def forget(self):
        """Begin as if nothing had been launched."""
        self.launched, self.terminated, self.ends = list[dg.DagsterRun](), list[str](), list[str]()
        self.dead, self.most_at_once = set[str](), 0

    @property
    def inst_data(self):
        return self._inst_data

    @classmethod
    def config_type(cls):
        return {}

    @classmethod
    def from_config_value(cls, inst_data, config_value):
        return cls(inst_data=inst_data)

    @property
    def supports_check_run_worker_health(self):
        return True

    def launch_run(self, context):
        run, instance = context.dagster_run, self._instance
        end = self.ends.pop(0) if self.ends else "success"
        if end == "refused":
            raise RuntimeError("No available agent to submit job")
        self.launched.append(run)
        at_work = [one for one in self.launched if not self._now(one.run_id).is_finished]
        self.most_at_once = max(self.most_at_once, len(at_work))
        if end == "dead":
            self.dead.add(run.run_id)
        elif end in ("error", "interrupted"):
            report_failed_step(instance, run, end)
        elif end == "success":
            instance.report_dagster_event(
                dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, run.job_name),
                run_id=run.run_id,
            )

    def _now(self, run_id):
        run = self._instance.get_run_by_id(run_id)
        assert run is not None
        return run

    def terminate(self, run_id):
        self.terminated.append(run_id)
        return True

    def check_run_worker_health(self, run):
        is_dead = run.run_id in self.dead
        status = WorkerStatus.FAILED if is_dead else WorkerStatus.RUNNING
        return CheckRunHealthResult(status, "Job supervisor actor died." if is_dead else None)


def report_failed_step(instance, run, how):
    """Log what a run does whose step has raised."""
    from dagster._core.errors import DagsterExecutionInterruptedError
    from dagster._core.execution.plan.objects import StepFailureData
    from dagster_shared.error import SerializableErrorInfo

    name = DagsterExecutionInterruptedError.__name__ if how == "interrupted" else "StoreError"
    error = SerializableErrorInfo("StoreError: The disk is full.", [], name)
    instance.report_dagster_event(
        dg.DagsterEvent(
            dg.DagsterEventType.STEP_FAILURE.value, run.job_name,
            event_specific_data=StepFailureData(error, user_failure_data=None),
        ),
        run_id=run.run_id,
    )  # fmt: skip
    instance.report_run_failed(instance.get_run_by_id(run.run_id))
