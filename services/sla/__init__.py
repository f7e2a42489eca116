"""sla: is it late?

Reads   suban.cases.v1 (every `case.*`), suban.watermarks.v1 (the newest mark counts).
Writes  suban.clocks.v1: clock.started, warned, breached, escalated, paused, resumed, extended, stopped, corrected.
Owns    the tables `clock`, `plan`, `course`, `scorecard` and `scorecard_exclusion` of the schema `sla`; a timer is a
        row, not an object in memory.
Answers GET /v1/clocks/{case}; `python -m services sla simulate | learn-plans | scorecard | ledger`.

The one promise: a clock starts at our receipt and runs through every hand-over; each rung of its ladder fires exactly
once, in order, and never because of a lag of ours.
"""
