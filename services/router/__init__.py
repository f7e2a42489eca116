"""router: whose is it?

Reads   suban.submissions.v1 (submission.received, act.received), suban.commands.<department>.v1 and .sla.v1.
Writes  suban.cases.v1 (the log), suban.assignments.<department>.v1, suban.replies.<department>.v1, suban.watermarks.v1.
Owns    the tables cases, plan, submission, act, seen_by, move, reply of the schema `router`; the case's lifecycle.
Answers POST /v1/cases/{id}/commands, GET /v1/cases, /v1/cases/{id}, …/history, …/why.

The one promise: a case always has an owner, or a stated reason why not and a desk that sees it; the reason names the rule.
"""
