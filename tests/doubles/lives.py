"""How long a model lives, and how often."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def live(
    machine: type[RuleBasedStateMachine],
    examples: int,
    steps: int,
    *,
    chosen: bool = False,
) -> None:
    """`chosen`: the same lives in each run; long campaigns draw new ones."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=chosen,
            suppress_health_check=list(HealthCheck),
        ),
    )
