"""Tables of what was measured, as Markdown and as JSON."""

from .measure import Outcome


def markdown(outcomes: list[Outcome], machine: dict[str, str]) -> str:
    """The bars first, then every case with its medians."""
    parts = [", ".join(f"{name} {value}" for name, value in machine.items()), _bars(outcomes)]
    parts += [_case(outcome) for outcome in outcomes]
    return "\n\n".join(part for part in parts if part)


def json_form(outcomes: list[Outcome], machine: dict[str, str]) -> dict:
    """Everything: each round, the medians, the bars."""
    return {
        "machine": machine,
        "cases": {
            outcome.case.name: {
                "title": outcome.case.title,
                "rounds": outcome.rounds,
                "failures": outcome.failures,
                "medians": {
                    contender: {measure: outcome.median(contender, measure) for measure in outcome.measures()}
                    for contender in outcome.case.contenders
                },
                "bars": [
                    {
                        "bar": str(bar),
                        "limit": bar.limit,
                        "value": (value := outcome.value(bar)),
                        "met": value is not None and bar.is_met(value),
                    }
                    for bar in outcome.case.bars
                ],
            }
            for outcome in outcomes
        },
    }


def _bars(outcomes: list[Outcome]) -> str:
    lines = []
    for outcome in outcomes:
        for bar in outcome.case.bars:
            value = outcome.value(bar)
            verdict = "not measured" if value is None else "met" if bar.is_met(value) else "**missed**"
            lines.append(f"| {outcome.case.name} | {bar} | {_number(value)} | {verdict} |")
    return "\n".join(["| Case | Bar | Measured | |", "|---|---|---|---|", *lines]) if lines else ""


def _case(outcome: Outcome) -> str:
    case = outcome.case
    measures = outcome.measures()
    lines = [
        f"### {case.name}: {case.title}",
        "",
        f"| | {' | '.join(measures)} |",
        f"|---|{'---|' * len(measures)}",
    ]
    for contender in case.contenders:
        cells = [_number(outcome.median(contender, measure)) for measure in measures]
        lines.append(f"| {contender} | {' | '.join(cells)} |")
    lines += [f"\n{contender} failed: {why}" for contender, why in outcome.failures.items()]
    return "\n".join(lines)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if value == int(value) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"
