-- notify's questions to the database.

-- name: cases_for
SELECT case_id, number, channel, kind, triage_class, category, area, received_at, due_response_at, due_close_at,
       locale, phone, app, tracking, department, handler, has_contact
FROM known_case WHERE case_id = ANY($1::uuid[]);

-- name: add_cases
INSERT INTO known_case (case_id, number, channel, kind, triage_class, category, area, received_at, due_response_at,
                        due_close_at, locale, contact, has_contact, phone, app, tracking, department, handler)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::jsonb[],
                     $13::boolean[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[])
ON CONFLICT (case_id) DO NOTHING;

-- name: set_holders
UPDATE known_case k SET department = r.department, handler = r.handler
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS r (case_id, department, handler)
WHERE k.case_id = r.case_id;

-- name: add_notices
-- The ones that are new; a repeat is the same notice and adds nothing.
INSERT INTO notice (notice_id, case_id, number, event, event_id, audience, recipient, medium, template, locale, body,
                    parts, on_unknown, state, provider, reason, look_at, done_at, shard, made_at)
SELECT r.*, $19, $20 FROM unnest(
    $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::int[], $13::text[], $14::text[], $15::text[], $16::text[], $17::timestamptz[],
    $18::timestamptz[]) AS r
ON CONFLICT (notice_id) DO NOTHING
RETURNING notice_id;

-- name: add_feed
-- Numbers per recipient under its head row's lock, taken in one order so that two shards cannot wait for each other.
WITH wanted AS (
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
        WITH ORDINALITY AS r (recipient, notice_id, number, event, locale, body, place)
), heads AS (
    INSERT INTO feed_head (recipient, last)
    SELECT recipient, count(*) FROM wanted GROUP BY recipient ORDER BY recipient
    ON CONFLICT (recipient) DO UPDATE SET last = feed_head.last + excluded.last
    RETURNING recipient, last
)
INSERT INTO feed (recipient, place, notice_id, number, event, locale, body, at)
SELECT w.recipient,
       h.last - count(*) OVER (PARTITION BY w.recipient) + row_number() OVER (PARTITION BY w.recipient ORDER BY w.place),
       w.notice_id, w.number, w.event, w.locale, w.body, $7
FROM wanted w JOIN heads h USING (recipient);

-- name: shards_with_work
SELECT DISTINCT shard FROM notice
WHERE state IN ('waiting', 'claimed', 'unknown') AND look_at <= clock_timestamp() AND medium = ANY($1::text[]);

-- name: claim
-- Under the shard's lock. What is not `waiting` was claimed and never heard of again, or its fate is unknown. It is
-- doubtful only if a try has begun; one that begins in this moment (`begin` takes no lock) is left alone.
WITH due AS (
    SELECT notice_id, begun AND state <> 'waiting' AS doubtful, provider AS carrier FROM notice
    WHERE shard = $1 AND state IN ('waiting', 'claimed', 'unknown') AND look_at <= clock_timestamp()
      AND medium = ANY($2::text[])
    ORDER BY look_at LIMIT $3
)
UPDATE notice n
SET state = 'claimed', claim = $4, look_at = clock_timestamp() + $5::interval, begun = due.doubtful
FROM due
WHERE n.notice_id = due.notice_id AND (n.state = 'waiting' OR n.begun = due.doubtful)
RETURNING n.notice_id, n.case_id, n.number, n.event, n.event_id, n.audience, n.recipient, n.medium, n.template,
          n.locale, n.body, n.parts, n.on_unknown, n.attempts + 1 AS attempts, due.doubtful, coalesce(due.carrier, $6) AS carrier;

-- name: contacts_of
SELECT case_id, phone, app, contact FROM known_case WHERE case_id = ANY($1::uuid[])
UNION ALL
SELECT case_id, phone, app, contact FROM co_reporter WHERE case_id = ANY($1::uuid[]);

-- name: co_reporters
SELECT case_id, other, locale, phone, app FROM co_reporter WHERE case_id = ANY($1::uuid[]) ORDER BY case_id, other;

-- name: add_co_reporters
INSERT INTO co_reporter (case_id, other, locale, phone, app, contact)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
ON CONFLICT DO NOTHING;

-- name: drop_co_reporters
DELETE FROM co_reporter c USING unnest($1::uuid[], $2::uuid[]) AS r (case_id, other)
WHERE c.case_id = r.case_id AND c.other = r.other;

-- name: lock_numbers
-- In one order, so that two shards cannot wait for each other; in a statement before the one that counts.
SELECT pg_advisory_xact_lock($1, key)
FROM (SELECT DISTINCT hashtext(number) AS key FROM unnest($2::text[]) AS number ORDER BY key) AS numbers;

-- name: sent_lately
SELECT recipient, count(*) AS sent FROM (
    SELECT recipient FROM notice
    WHERE medium = 'sms' AND state = 'sent' AND recipient = ANY($1::text[]) AND done_at > $2
    UNION ALL
    SELECT recipient FROM notice
    WHERE medium = 'sms' AND state IN ('claimed', 'unknown') AND recipient = ANY($1::text[])
      AND (begun OR claim <> $3 AND look_at > clock_timestamp())
) AS counted
GROUP BY recipient;

-- name: begin
-- The last moment at which it is certain that nothing was sent.
UPDATE notice SET begun = true, attempts = attempts + 1, provider = $4
WHERE notice_id = ANY($1::uuid[]) AND claim = $2 AND state = 'claimed' AND look_at > clock_timestamp() + $3::interval
RETURNING notice_id;

-- name: settle
UPDATE notice n
SET state = r.state, reason = r.reason, reference = r.reference, claim = NULL, begun = r.state = 'unknown', look_at = clock_timestamp() + r.after,
    done_at = CASE WHEN r.state IN ('sent', 'failed', 'suppressed') THEN $6::timestamptz END
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::interval[]) AS r (notice_id, state, reason, reference, after)
WHERE n.notice_id = r.notice_id AND n.claim = $7 AND n.state = 'claimed'
RETURNING n.notice_id;

-- name: backlog
SELECT count(*) AS waiting, coalesce(extract(epoch FROM clock_timestamp() - min(look_at)), 0)::float8 AS oldest
FROM notice WHERE state IN ('waiting', 'unknown') AND look_at <= clock_timestamp();

-- name: lock_outgoing
SELECT pg_advisory_xact_lock($1);

-- name: show_outgoing
INSERT INTO outgoing (notice_id, number, event, audience, medium, recipient, masked, locale, body, parts, at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::text[], $10::int[], $11::timestamptz[])
ON CONFLICT (notice_id) DO UPDATE SET repeats = outgoing.repeats + 1
RETURNING notice_id, id;

-- name: outgoing_of
SELECT notice_id, id FROM outgoing WHERE notice_id = ANY($1::uuid[]);

-- name: outgoing_after
SELECT id, notice_id, number, event, audience, medium, recipient, masked, locale, body, parts, at, repeats
FROM outgoing WHERE id > $1 ORDER BY id LIMIT $2;

-- name: outgoing_latest
SELECT id, notice_id, number, event, audience, medium, recipient, masked, locale, body, parts, at, repeats
FROM outgoing
WHERE ($1::text IS NULL OR number = $1) AND ($2::text IS NULL OR audience = $2)
ORDER BY id DESC LIMIT $3;

-- name: outgoing_count
SELECT audience, count(*) AS messages, sum(parts) AS parts, sum(repeats) AS repeats FROM outgoing GROUP BY audience;

-- name: feed_after
SELECT place, notice_id, number, event, locale, body, at FROM feed
WHERE recipient = $1 AND place > $2 ORDER BY place LIMIT $3;

-- name: feed_heads
SELECT recipient, last FROM feed_head WHERE recipient = ANY($1::text[]);

-- name: case_by_number
SELECT case_id FROM known_case WHERE number = $1;

-- name: reveal_facts
SELECT k.case_id, k.number, k.kind, k.department, k.has_contact, k.contact FROM known_case k WHERE k.case_id = $1;

-- name: lock_principal
SELECT pg_advisory_xact_lock($1, hashtext($2));

-- name: ask
-- How many the last minute has had, in the snapshot before this one is added.
WITH past AS (
    DELETE FROM reveal_ask WHERE principal = $1 AND asked_wall <= clock_timestamp() - interval '1 minute'
), asked AS (
    INSERT INTO reveal_ask (principal) VALUES ($1)
)
SELECT count(*) FROM reveal_ask WHERE principal = $1 AND asked_wall > clock_timestamp() - interval '1 minute';

-- name: audit
INSERT INTO reveal (principal, case_id, asked, purpose, verdict, at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id;
