-- The chassis' own questions to the database.

-- name: read_shard
-- In a statement of its own, after the lock: its snapshot must not be older than the lock (delivery rule 2).
SELECT clock_timestamp() AS wall, last_wall, numbers, seen, offsets, parked FROM shard WHERE shard = $1;

-- name: advance_shard
UPDATE shard SET last_wall = $2, numbers = $3, seen = $4, offsets = $5, parked = $6 WHERE shard = $1;

-- name: append_outbox
INSERT INTO outbox (topic, shard, first, size, keys, headers, values)
VALUES ($1, $2, $3, cardinality($4::bytea[]), $4, $5, $6);

-- name: has_unnumbered
SELECT EXISTS (SELECT FROM outbox WHERE shard = $1 AND first IS NULL);

-- name: give_numbers
-- Under the shard's lock: rows that have no number get one in the order they were written.
WITH waiting AS (
    SELECT id, topic, size, sum(size) OVER (PARTITION BY topic ORDER BY id) - size AS before
    FROM outbox WHERE shard = $1 AND first IS NULL
)
UPDATE outbox SET first = coalesce((shard.numbers ->> waiting.topic)::bigint, 0) + waiting.before + 1
FROM waiting, shard
WHERE outbox.id = waiting.id AND shard.shard = $1
RETURNING waiting.topic, outbox.first + outbox.size - 1 AS last;

-- name: set_numbers
UPDATE shard SET numbers = numbers || $2 WHERE shard = $1;

-- name: given_and_published
SELECT given.key AS topic, s.shard, given.value::bigint AS last, coalesce(c.published, 0) AS published
FROM shard s
CROSS JOIN LATERAL jsonb_each_text(s.numbers) AS given
LEFT JOIN outbox_cursor c ON c.topic = given.key AND c.shard = s.shard;

-- name: try_lock
SELECT pg_try_advisory_xact_lock($1, $2);

-- name: try_publishing
-- The cursor this transaction moves need not survive a crash of the server: behind, it makes repeats and no loss. So
-- its commit, one in three of all, does not wait for the disk.
SELECT pg_try_advisory_xact_lock($1, $2), set_config('synchronous_commit', 'off', true);

-- name: next_to_publish
-- Of every topic that has something waiting, the first rows above its cursor.
SELECT given.key AS topic, coalesce(c.published, 0) AS published, o.first, o.size, o.keys, o.headers, o.values
FROM shard s
CROSS JOIN LATERAL jsonb_each_text(s.numbers) AS given
LEFT JOIN outbox_cursor c ON c.topic = given.key AND c.shard = s.shard
CROSS JOIN LATERAL (
    SELECT first, size, keys, headers, values FROM outbox
    WHERE topic = given.key AND shard = $1
      AND first > coalesce(c.published, 0) - 100000 AND first + size - 1 > coalesce(c.published, 0)
    ORDER BY first LIMIT $2
) AS o
WHERE s.shard = $1 AND given.value::bigint > coalesce(c.published, 0) AND given.key <> ALL($3::text[])
ORDER BY given.key, o.first;

-- name: set_published
INSERT INTO outbox_cursor (topic, shard, published)
SELECT topic, $1, published FROM unnest($2::text[], $3::bigint[]) AS rows (topic, published)
ON CONFLICT (topic, shard) DO UPDATE SET published = excluded.published;

-- name: waiting_to_publish
SELECT coalesce(sum(given.value::bigint - coalesce(c.published, 0)), 0)
     + (SELECT coalesce(sum(size), 0) FROM outbox WHERE first IS NULL) AS waiting
FROM shard s
CROSS JOIN LATERAL jsonb_each_text(s.numbers) AS given
LEFT JOIN outbox_cursor c ON c.topic = given.key AND c.shard = s.shard;

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
SELECT shard, coalesce((numbers ->> $2)::bigint, 0) AS number, greatest(clock_timestamp(), last_wall) AS at, parked
FROM shard WHERE shard = ANY($1::int[]);
