"""The lines that runs write to their output, as JSON where the settings ask for it."""

from collections.abc import Mapping

import dagster as dg

from resources.structured_log import is_json, open_handler


@dg.logger(
    {"log_level": dg.Field(str, is_required=False, default_value="INFO")},
    description="One JSON object a line, with time, level, run and asset.",
)
def json_logger(context: dg.InitLoggerContext):
    """Return a logger that writes JSON lines."""
    import logging

    logger = logging.getLoggerClass()("dagster", level=context.logger_config["log_level"])
    logger.addHandler(open_handler("json"))
    return logger


def run_loggers(form: str) -> Mapping[str, dg.LoggerDefinition] | None:
    """Return the loggers of all jobs, by the setting `MARQUEE_LOG`; None for Dagster's own.

    Raises:
        ConfigurationError: There is no such form.
    """
    return {"console": json_logger} if is_json(form) else None
