"""``emotutils analyze`` with a clock at its stages, for ``analyze.py``.

    python tests/benchmarks/staged.py START OPTIONS…

``START`` is when the process was started, in seconds since 1970; the options are those of
``emotutils analyze``. The last line that it prints is JSON: seconds from the start until the
package is loaded (``imports``), until networks are open and reading begins (``ready``), until a
network has answered (``first``); what reading the picture and the sound took, side by side
(``picture``, ``sound``), then bringing both together (``fusion``) and writing (``writing``).
"""

import json
import sys
import time

STARTED = float(sys.argv[1])
STAGES = {}


def now() -> float:
    return time.time() - STARTED


def clocked(owner, name: str, stage: str) -> None:
    """Keep when a function first began and first ended, how long it last took and when that was."""
    function = getattr(owner, name)

    def call(*args, **options):
        begun = now()
        STAGES.setdefault(f"{stage} begins", begun)
        try:
            return function(*args, **options)
        finally:
            STAGES[stage] = now() - begun
            STAGES.setdefault(f"{stage} first", now())
            STAGES[f"{stage} ends"] = now()

    setattr(owner, name, call)


def main() -> int:
    """Load what the command loads, put the clocks in, run it."""
    from emotutils import analysis, cli
    from emotutils.analysis.streams import Predictor

    STAGES["imports"] = now()
    clocked(analysis, "watch", "picture")
    clocked(analysis, "listen", "sound")
    clocked(analysis.Analysis, "save", "writing")
    clocked(Predictor, "predict", "answer")
    code = cli.main(["analyze", *sys.argv[2:]])
    read = [stage for stage in ("picture", "sound") if stage in STAGES]
    ends = max(STAGES[f"{stage} ends"] for stage in read)
    stages = {
        "imports": STAGES["imports"],
        "ready": min(STAGES[f"{stage} begins"] for stage in read),
        **{stage: STAGES[stage] for stage in read},
        "fusion": STAGES["writing begins"] - ends,
        "writing": STAGES["writing"],
    }
    if "answer first" in STAGES:
        stages["first"] = STAGES["answer first"]
    print(json.dumps({"stages": stages}))
    return code


if __name__ == "__main__":
    sys.exit(main())
