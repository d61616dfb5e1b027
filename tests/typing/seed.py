"""A first program, with types. Every checker takes it as it stands."""

# ruff: noqa: T201 - a program prints
from flowing import Flow, task


@task
def fetch_data() -> dict[str, list[int]]:
    return {"items": [1, 2, 3]}


@task(depends_on=[fetch_data], retry=3, retry_backoff_base_ms=1000, retry_max_backoff_ms=30_000, timeout_s=60.0)
def process(fetch_data: dict[str, list[int]]) -> int:
    return sum(fetch_data["items"])


@task(depends_on=[process])
def report(process: int) -> str:
    return f"the sum is {process}"


@task(depends_on=[process], detached=True, name="notify")
def send(process: int) -> None:
    print(f"Result: {process}")


flow = Flow(report, max_workers=5, fail_fast=True)
results = flow.run()
print(flow.summary())
if not results.ok:
    flow.override(process, 6)
    results = flow.resume()
total: int = flow.value(process)
text: str = results[report].value
print(total, text, [failure.name for failure in flow.detached_failures])
