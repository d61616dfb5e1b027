"""The program of `flowing demo`, which prints it and runs it. Nothing in it but what a user would write."""

from pathlib import Path

from flowing import Flow, current, task


def weather(folder: Path) -> Flow:
    """Make the flow."""

    @task
    def oslo() -> int:
        current().sleep(0.3)
        return 4

    @task(retry=2, retry_backoff_base_ms=100)
    def paris() -> int:
        current().sleep(0.3)
        if current().attempt == 1:
            raise ConnectionError("no answer from Paris")
        return 11

    @task(depends_on=[oslo, paris])
    def report(oslo: int, paris: int) -> str:
        template = (folder / "template.txt").read_text(encoding="utf-8")
        return template.format(oslo=oslo, paris=paris)

    @task(depends_on=[report], detached=True)
    def send(report: str) -> None:
        (folder / "sent.txt").write_text(report, encoding="utf-8")

    return Flow(report, send, checkpoint=folder / "run.db")
