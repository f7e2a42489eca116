"""intake: is this a case?

Answers POST /v1/requests, POST /v1/requests:batch, POST /v1/requests/{id}/acts, GET /v1/requests/{id}.
Reads   suban.cases.v1 (every `case.*`), only to answer how a request stands.
Writes  suban.submissions.v1: submission.received, act.received.
Owns    the tables `journal`, `act`, `progress` and `channel_seen` of the schema `intake`.

The one promise: a request answered 2xx is written durably and becomes exactly one case, however often it is sent;
whatever else happens, it is refused with the field, the limit and the reason, or answered 503 to be sent again.
"""
