#!/usr/bin/env python3
"""Compares basespacefs with curl, rclone, httpdirfs and htslib on simulated lines. README.md says what is measured."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

import cases
from harness import machine, measure, report
from harness.environment import Environment
from harness.processes import Failure

ROOT = Path(__file__).resolve().parent.parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="what to run; all without any")
    parser.add_argument("--list", action="store_true", help="show the cases")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds of each case (default: 3)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON instead of tables")
    parser.add_argument(
        "--daemon",
        type=Path,
        default=ROOT / ".build/release/basespacefs",
        metavar="FILE",
        help="the program to measure (default: the release build)",
    )
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parser.add_argument(
        "--work",
        type=Path,
        default=cache / "basespacefs-bench",
        metavar="DIR",
        help="a directory on the local disk (default: %(default)s)",
    )
    options = parser.parse_args()
    unknown = set(options.cases) - {case.name for case in cases.ALL}
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}; --list shows them")
    if options.rounds < 1:
        parser.error("--rounds takes a number of at least 1")
    return options


def main() -> None:
    options = arguments()
    chosen = [case for case in cases.ALL if not options.cases or case.name in options.cases]
    if options.list:
        for case in chosen:
            print(f"{case.name:20} {case.title}")
        return
    # SIGTERM ends a run as Ctrl-C does: with everything stopped and removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    machine.require_root()
    folders = set().union(*(case.folders for case in chosen))
    outcomes = []
    status = 0
    with Environment(options.daemon.resolve(), options.work.resolve(), folders) as bench:
        description = machine.description(bench.rclone)
        try:
            for case in chosen:
                outcomes.append(measure.run(case, bench, options.rounds))
        except KeyboardInterrupt:
            print("interrupted; the cases measured so far:", file=sys.stderr)
            status = 128 + signal.SIGINT
    if options.json:
        print(json.dumps(report.json_form(outcomes, description), indent=2))
    else:
        print(report.markdown(outcomes, description))
    sys.exit(status)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"bench: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
