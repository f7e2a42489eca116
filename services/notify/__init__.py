"""notify: who must be told?

Reads   suban.cases.v1 (every `case.*`), suban.clocks.v1 (clock.warned, breached, escalated: they name their audience).
Writes  suban.notices.v1: notice.sent, delivered, failed, suppressed; a recipient is a blind index or a roster id.
Owns    the tables `known_case` (with the sealed contact), `notice`, `feed`, `feed_head`, `outgoing`, `reveal`, `reveal_ask` of the
        schema `notify`.
Answers GET /v1/feed/{user} and its live stream, POST /v1/contacts/{case}/reveal; with the local provider on also
        GET / and GET /v1/outgoing, which show what would be sent.

The one promise: whoever may know is told once per event; an SMS whose fate is unknown is decided by a written policy,
never by luck. Only this service holds the private key that opens contacts.
"""
