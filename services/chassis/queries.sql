-- The chassis' own questions to the database.

-- name: read_shard
-- In a statement of its own, after the lock: its snapshot must not be older than the lock (delivery rule 2).
SELECT clock_timestamp() AS wall, last_wall, numbers, seen, offsets, parked FROM shard WHERE shard = $1;

-- name: advance_shard
UPDATE shard SET last_wall = $2, numbers = $3, seen = $4, offsets = $5, parked = $6 WHERE shard = $1;

-- name: write_and_advance
-- The end of a transaction that says something: its records and the shard's row in one statement.
WITH written AS (
    INSERT INTO outbox (topic, shard, first, size, records)
    SELECT * FROM unnest($7::text[], $8::int[], $9::bigint[], $10::int[], $11::bytea[])
)
UPDATE shard SET last_wall = $2, numbers = $3, seen = $4, offsets = $5, parked = $6 WHERE shard = $1;

-- name: append_outbox
INSERT INTO outbox (topic, shard, first, size, records)
SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::int[], $5::bytea[])
RETURNING id;

-- name: try_locks
-- Those of these shards that nobody is writing at this moment, ours until the commit.
SELECT shard FROM unnest($2::int[]) AS shard WHERE pg_try_advisory_xact_lock($1, shard);

-- name: give_numbers
-- Under the locks of these shards: rows that have no number get one in the order they were written.
WITH waiting AS (
    SELECT id, topic, shard, sum(size) OVER (PARTITION BY shard, topic ORDER BY id) - size AS before
    FROM outbox WHERE shard = ANY($1::int[]) AND first IS NULL AND ($2::bigint[] IS NULL OR id = ANY($2))
), numbered AS (
    UPDATE outbox SET first = coalesce((shard.numbers ->> waiting.topic)::bigint, 0) + waiting.before + 1
    FROM waiting, shard
    WHERE outbox.id = waiting.id AND shard.shard = waiting.shard
    RETURNING outbox.id, waiting.topic, waiting.shard, outbox.first, outbox.size
), given AS (
    SELECT shard, topic, max(first + size - 1) AS last FROM numbered GROUP BY shard, topic
), kept AS (
    UPDATE shard SET numbers = shard.numbers || new.numbers
    FROM (SELECT shard, jsonb_object_agg(topic, last) AS numbers FROM given GROUP BY shard) AS new
    WHERE shard.shard = new.shard
)
SELECT id, topic, shard, first FROM numbered ORDER BY id;

-- name: given_and_published
SELECT given.key AS topic, s.shard, given.value::bigint AS last, coalesce(c.published, 0) AS published
FROM shard s
CROSS JOIN LATERAL jsonb_each_text(s.numbers) AS given
LEFT JOIN outbox_cursor c ON c.topic = given.key AND c.shard = s.shard;

-- name: try_publishing
-- The cursor this transaction moves need not survive a crash of the server: behind, it makes repeats and no loss. So
-- its commit, one in three of all, does not wait for the disk.
SELECT pg_try_advisory_xact_lock($1, $2), set_config('synchronous_commit', 'off', true);

-- name: next_to_publish
-- Of every topic that has something waiting, the first rows above its cursor.
SELECT given.key AS topic, coalesce(c.published, 0) AS published, o.first, o.size, o.records
FROM shard s
CROSS JOIN LATERAL jsonb_each_text(s.numbers) AS given
LEFT JOIN outbox_cursor c ON c.topic = given.key AND c.shard = s.shard
CROSS JOIN LATERAL (
    SELECT first, size, records FROM outbox
    WHERE topic = given.key AND shard = $1
      AND first > coalesce(c.published, 0) - 100000 AND first + size - 1 > coalesce(c.published, 0)
    ORDER BY first LIMIT $2
) AS o
WHERE s.shard = $1 AND given.value::bigint > coalesce(c.published, 0) AND given.key <> ALL($3::text[])
ORDER BY given.key, o.first;

-- name: set_published
-- Forward only: who is behind another publisher does not pull it back.
INSERT INTO outbox_cursor (topic, shard, published)
SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[]) AS rows (topic, shard, published)
ORDER BY topic, shard
ON CONFLICT (topic, shard) DO UPDATE SET published = excluded.published
WHERE outbox_cursor.published < excluded.published;

-- name: publish_from
-- The one way back: the broker has lost what we thought it had.
UPDATE outbox_cursor SET published = $3 WHERE topic = $1 AND shard = $2;

-- name: waiting_to_publish
-- What is numbered and not known to be on Kafka, by topic and shard; and, without a topic, what has no number.
SELECT given.key AS topic, s.shard, coalesce(c.published, 0) AS published,
       given.value::bigint - coalesce(c.published, 0) AS waiting
FROM shard s
CROSS JOIN LATERAL jsonb_each_text(s.numbers) AS given
LEFT JOIN outbox_cursor c ON c.topic = given.key AND c.shard = s.shard
WHERE given.value::bigint > coalesce(c.published, 0)
UNION ALL
SELECT '', shard, min(id), sum(size) FROM outbox WHERE first IS NULL GROUP BY shard;

-- name: oldest_kept
SELECT min(first) FROM outbox WHERE topic = $1 AND shard = $2;

-- name: forget_published
-- By day, and never what is not on Kafka yet.
DELETE FROM outbox o USING outbox_cursor c
WHERE o.day < (clock_timestamp() AT TIME ZONE 'UTC')::date - $1::int
  AND c.topic = o.topic AND c.shard = o.shard AND o.first + o.size - 1 <= c.published;

-- name: stored_offsets
SELECT shard, offsets FROM shard;

-- name: inbox_positions
SELECT topic, next_offset FROM inbox_cursor;

-- name: advance_inbox
INSERT INTO inbox_cursor (topic, next_offset)
SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (topic) DO UPDATE SET next_offset = greatest(inbox_cursor.next_offset, excluded.next_offset);

-- name: parked_among
SELECT DISTINCT case_id FROM parked WHERE case_id = ANY($1::uuid[]);

-- name: park
INSERT INTO parked (case_id, shard, topic, "offset", headers, value, reason, parked_at)
SELECT c, $2, t, o, h, v, r, $8
FROM unnest($1::uuid[], $3::text[], $4::bigint[], $5::bytea[], $6::bytea[], $7::text[]) AS rows (c, t, o, h, v, r);

-- name: count_parked
SELECT count(DISTINCT case_id) FROM parked WHERE shard = $1;

-- name: parked_to_retry
SELECT id, case_id, topic, "offset", headers, value FROM parked
WHERE shard = $1 AND case_id = (SELECT case_id FROM parked WHERE shard = $1 AND retry ORDER BY id LIMIT 1)
ORDER BY id;

-- name: next_retry
SELECT case_id FROM parked WHERE shard = $1 AND retry ORDER BY id LIMIT 1;

-- name: retry_wanted
SELECT DISTINCT shard FROM parked WHERE retry;

-- name: release
DELETE FROM parked WHERE case_id = $1;

-- name: still_parked
UPDATE parked SET retry = false, reason = $2 WHERE case_id = $1;

-- name: parked_cases
SELECT case_id::text FROM parked GROUP BY case_id ORDER BY min(id);

-- name: list_parked
SELECT case_id::text, count(*) AS events, min(parked_at) AS since, (array_agg(reason ORDER BY id))[1] AS reason,
       (array_agg(topic ORDER BY id))[1] AS topic, (array_agg("offset" ORDER BY id))[1] AS "offset"
FROM parked GROUP BY case_id ORDER BY min(id);

-- name: show_parked
SELECT topic, "offset", parked_at, retry, octet_length(value) AS bytes, reason FROM parked WHERE case_id = $1 ORDER BY id;

-- name: ask_for_retry
UPDATE parked SET retry = true WHERE $1::uuid[] IS NULL OR case_id = ANY($1::uuid[]) RETURNING case_id;

-- name: bury
INSERT INTO dead_letter (topic, partition, "offset", sha256, reason, sealed, buried_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING;

-- name: list_buried
SELECT topic, partition, "offset", sha256, reason, buried_at FROM dead_letter ORDER BY buried_at, "offset";

-- name: live_keys
SELECT key_id, principal, sha256 FROM api_key WHERE revoked_at IS NULL;

-- name: add_key
INSERT INTO api_key (key_id, principal, sha256) VALUES ($1, $2, $3);

-- name: revoke_key
UPDATE api_key SET revoked_at = clock_timestamp() WHERE key_id = $1 AND revoked_at IS NULL;

-- name: list_keys
SELECT key_id, principal, created_at, revoked_at FROM api_key ORDER BY principal, created_at;

-- name: get_meta
SELECT key, value FROM meta;

-- name: put_meta
INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING;

-- name: try_shared_locks
-- The shards nobody is writing at this moment, ours to read until the commit.
SELECT shard FROM unnest($2::int[]) AS shard WHERE pg_try_advisory_xact_lock_shared($1, shard);

-- name: marks_of
SELECT shard, coalesce((numbers ->> $2)::bigint, 0) AS number, greatest(clock_timestamp(), last_wall) AS at, parked,
       clock_timestamp() AS wall
FROM shard WHERE shard = ANY($1::int[]);
