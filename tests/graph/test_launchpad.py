"""What Dagster's launchpad says, asked as the UI asks it: by GraphQL, of a code server."""

import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster_graphql.test.utils import execute_dagster_graphql
from sites import ROOT, make_home

from resources.settings import ENVIRONMENT

IS_VALID = """
query($job: PipelineSelector!, $config: RunConfigData!) {
  isPipelineConfigValid(pipeline: $job, runConfigData: $config, mode: "default") {
    __typename ... on RunConfigValidationInvalid { errors { message } } } }
"""
LAUNCH = """
mutation($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) {
    __typename ... on PythonError { message errorChain { error { message } } } } }
"""


@pytest.fixture
def launchpad(monkeypatch, tmp_path):
    """Return Dagster's instance and a function that asks of one job, `revenue_model` alone."""
    for name in ENVIRONMENT.values():
        monkeypatch.delenv(name, raising=False)
    make_home(tmp_path)
    module = ModuleTarget("assets.definitions", None, str(ROOT), "marquee")
    with (
        dg.DagsterInstance.from_config(str(tmp_path / "home")) as instance,
        WorkspaceProcessContext(instance, module, version="1", read_only=False) as process,
    ):
        context = process.create_request_context()
        (location,) = context.code_locations
        job = {
            "repositoryLocationName": location.name,
            "repositoryName": next(iter(location.get_repositories())),
            "pipelineName": "retrain",
            "assetSelection": [{"path": ["revenue_model"]}],
        }

        def ask(query: str, config: dict) -> dict:
            variables = {
                "job": job,
                "config": config,
                "params": {"selector": job, "runConfigData": config},
            }
            wanted = {name: value for name, value in variables.items() if f"${name}" in query}
            (answer,) = execute_dagster_graphql(context, query, wanted).data.values()
            return answer

        yield instance, ask


def test_wrong_values_are_refused_with_one_message_and_without_a_run(launchpad):
    instance, ask = launchpad
    run_context = {"config": {"preset": "huge", "trainers": "abc"}}
    answer = ask(IS_VALID, {"resources": {"run_context": run_context}})
    messages = "\n".join(sorted(error["message"] for error in answer["errors"]))
    assert "got huge" in messages
    assert '"abc"' in messages

    variants = {"revenue_model": {"config": {"variants": ["nope"]}}}
    (error,) = ask(IS_VALID, {"ops": variants})["errors"]
    assert "\n- blend, cut into classes\n" in error["message"]

    answer = ask(LAUNCH, {"ops": {"revenue_model": {"config": {"max_epochs": -3}}}})
    assert "revenue_model, max_epochs: " in answer["message"]
    assert "got -3" in answer["message"]
    assert not answer["errorChain"], "one message"
    assert instance.get_runs_count() == 0
