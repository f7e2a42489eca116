-- Intake's questions to its database.

-- name: time
SELECT clock_timestamp();

-- name: take
-- Everything at once: the journal and what the router hears of it, a transaction by itself. A key that was there before
-- fails the statement (unique_violation), and the careful way below tells what is new.
-- Columns come joined by newlines, which none of them can hold: the driver looks at every element of an array.
WITH journaled AS (
    INSERT INTO journal (case_id, number, channel, request_key, idempotency_key, body_hash, tracking, submission, received_at)
    SELECT r.id::uuid, r.number, r.channel, r.key, nullif(r.other, ''), decode(r.hash, 'hex'), r.tracking, r.submission, $9
    FROM unnest(string_to_array($1, E'\n'), string_to_array($2, E'\n'), string_to_array($3, E'\n'),
                string_to_array($4, E'\n'), string_to_array($5, E'\n'), string_to_array($6, E'\n'),
                string_to_array($7, E'\n'), string_to_array(convert_from($8, 'UTF8'), E'\n'))
         AS r (id, number, channel, key, other, hash, tracking, submission)
)
INSERT INTO outbox (topic, shard, size, records)
SELECT * FROM unnest($10::text[], $11::int[], $12::int[], $13::bytea[])
RETURNING id;

-- name: journal
-- In the order of the keys, so that two processes never wait for each other in a circle. Returns what is new.
INSERT INTO journal (case_id, number, channel, request_key, idempotency_key, body_hash, tracking, submission, received_at)
SELECT r.id::uuid, r.number, r.channel, r.key, nullif(r.other, ''), decode(r.hash, 'hex'), r.tracking, r.submission, $9
FROM unnest(string_to_array($1, E'\n'), string_to_array($2, E'\n'), string_to_array($3, E'\n'),
            string_to_array($4, E'\n'), string_to_array($5, E'\n'), string_to_array($6, E'\n'),
            string_to_array($7, E'\n'), string_to_array(convert_from($8, 'UTF8'), E'\n'))
     AS r (id, number, channel, key, other, hash, tracking, submission)
ON CONFLICT DO NOTHING
RETURNING case_id::text;

-- name: journaled
SELECT case_id::text, body_hash, number, received_at FROM journal WHERE case_id = ANY($1::uuid[]);

-- name: keys_taken
-- Which of these (channel, Idempotency-Key) came before, beside another id.
SELECT channel, idempotency_key FROM journal JOIN unnest($1::text[], $2::text[]) AS wanted (channel, idempotency_key)
USING (channel, idempotency_key);

-- name: standing
-- A request of this channel by case id or public number, and how it stands.
SELECT j.case_id, j.number, j.tracking, j.received_at, p.state, p.holder, p.holder_is_desk, p.response_due_at,
       p.close_due_at, p.responded_at, p.public_text, p.changed_at
FROM journal j LEFT JOIN progress p USING (case_id)
WHERE j.channel = $1 AND (j.case_id = $2 OR j.number = $3);

-- name: named
-- A request by its public number, whoever's it is: for who knows its tracking code.
SELECT j.case_id, j.number, j.channel, j.tracking, p.state, p.public_text, p.resolved_at
FROM journal j LEFT JOIN progress p USING (case_id) WHERE j.number = $1;

-- name: add_act
INSERT INTO act (act_id, case_id, act_key, kind, body_hash, received_at, act)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING act_id;

-- name: act
SELECT body_hash, received_at FROM act WHERE act_id = $1;

-- name: progress
-- The newest of a batch for each case; what an event does not say stays.
INSERT INTO progress AS p (case_id, state, holder, holder_is_desk, response_due_at, close_due_at, responded_at,
                           public_text, resolved_at, changed_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::timestamptz[], $6::timestamptz[],
                     $7::timestamptz[], $8::text[], $9::timestamptz[], $10::timestamptz[])
ON CONFLICT (case_id) DO UPDATE SET
    state = excluded.state, holder = excluded.holder, holder_is_desk = excluded.holder_is_desk,
    response_due_at = coalesce(excluded.response_due_at, p.response_due_at),
    close_due_at = coalesce(excluded.close_due_at, p.close_due_at),
    responded_at = coalesce(p.responded_at, excluded.responded_at),
    public_text = coalesce(excluded.public_text, p.public_text),
    resolved_at = coalesce(excluded.resolved_at, p.resolved_at),
    changed_at = excluded.changed_at;

-- name: seen
INSERT INTO channel_seen (channel, seen_at) SELECT channel, clock_timestamp() FROM unnest($1::text[]) AS rows (channel)
ON CONFLICT (channel) DO UPDATE SET seen_at = excluded.seen_at;
