"""One node of Ray as a program: it listens on one address, shows no pages and reports no usage.

`ray start` takes another address of the machine where it is given a loopback one, and the server
that takes jobs comes with ten more for its pages; hence Ray's own class for a node, and not its
command. What is used of Ray here is no public interface: the extra `cluster` pins its version.
"""

import argparse
import signal
import sys
import time

OBJECT_STORE_BYTES = 100_000_000
"""Shared memory for objects of Ray's, of which runs of marquee make none."""

MODULES = "JobHead,NodeHead"
"""What of the head's HTTP server is needed: jobs, and who notes which node is the head."""

READY = "The node is up."
_POLL_S = 0.5


def main() -> int:
    """Run a node until it is ended; exit status 1 where a part of it has died."""
    given = _parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from ray._private import node as ray_node

    _leave_out_pages()
    node = ray_node.Node(
        _parameters(given), head=not given.address, shutdown_at_exit=True, spawn_reaper=True
    )
    print(READY, flush=True)
    while not (dead := node.dead_processes()):
        time.sleep(_POLL_S)
    print(f"{', '.join(name for name, _ in dead)} has ended; the node ends.", flush=True)
    node.kill_all_processes(check_alive=False, allow_graceful=False)
    return 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1")
    parser.add_argument("--address", default="", help="of the head; without it, this is the head")
    parser.add_argument("--port", type=int, default=0, help="the head's")
    parser.add_argument("--jobs-port", type=int, default=0, help="the head's, for jobs")
    parser.add_argument("--agent-port", type=int, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--cpus", type=float, default=0)
    parser.add_argument("--gpus", type=float, default=0)
    parser.add_argument("--folder", required=True, help="for sockets and logs")
    return parser.parse_args()


def _parameters(given: argparse.Namespace):
    from ray._private.parameter import RayParams

    where = {"gcs_address": given.address}
    if not given.address:
        where = {
            "gcs_server_port": given.port,
            "dashboard_host": given.listen,
            "dashboard_port": given.jobs_port,
            "temp_dir": given.folder,
        }
    return RayParams(
        **where,
        node_ip_address=given.listen,
        node_name=given.name,
        num_cpus=given.cpus,
        num_gpus=given.gpus,
        object_store_memory=OBJECT_STORE_BYTES,
        dashboard_agent_listen_port=given.agent_port,
        include_log_monitor=False,  # pyright: ignore[reportArgumentType]
        no_monitor=True,
    )


def _leave_out_pages() -> None:
    """Have the server of the head take jobs and nothing else."""
    from ray._private import ray_constants, services

    start = services.start_ray_process

    def start_process(command, process_type, *args, **options):
        if process_type == ray_constants.PROCESS_TYPE_DASHBOARD:
            command = [*command, f"--modules-to-load={MODULES}"]
        return start(command, process_type, *args, **options)

    services.start_ray_process = start_process


if __name__ == "__main__":
    sys.exit(main())
