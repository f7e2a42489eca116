-- name: keep_plans
INSERT INTO plan (key, body) SELECT * FROM unnest($1::uuid[], $2::jsonb[]) ON CONFLICT DO NOTHING;

-- name: plans
SELECT key, body FROM plan WHERE key = ANY($1::uuid[]);

-- name: clocks
SELECT * FROM clock WHERE clock_id = ANY($1::uuid[]);

-- name: clocks_of_shard
SELECT * FROM clock WHERE shard = $1;

-- name: delete_clocks
DELETE FROM clock WHERE clock_id = ANY($1::uuid[]);

-- name: case_by_number
SELECT case_id FROM clock WHERE number = $1 AND kind = 'close' ORDER BY started_at LIMIT 1;

-- name: open_clocks
INSERT INTO clock (clock_id, case_id, plan, started_at, due_at, next_rung_at, shard, rung, holder_is_desk, kind, number,
                   holder, handler_id, handler_name, category, area, stopped_at, stopped_by, cancels, outcome, past,
                   breached_at, corrected, instance, given_due_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
                     $7::int[], $8::smallint[], $9::boolean[], $10::text[], $11::text[], $12::text[], $13::text[],
                     $14::text[], $15::text[], $16::text[], $17::timestamptz[], $18::text[], $19::boolean[],
                     $20::text[], $21::jsonb[], $22::timestamptz[], $23::boolean[], $24::text[], $25::timestamptz[]);

-- name: courses
SELECT case_id, body FROM course WHERE case_id = ANY($1::uuid[]);

-- name: save_courses
INSERT INTO course (case_id, shard, body) SELECT id, $2, body FROM unnest($1::uuid[], $3::jsonb[]) AS new (id, body)
ON CONFLICT (case_id) DO UPDATE SET body = excluded.body;

-- name: move_clocks
UPDATE clock SET rest = new.rest, credit = new.credit, extended = new.extended, reopened = new.reopened,
                 plan = new.plan
FROM unnest($1::uuid[], $2::jsonb[], $3::interval[], $4::interval[], $5::smallint[], $6::uuid[])
     AS new (clock_id, rest, credit, extended, reopened, plan)
WHERE clock.clock_id = new.clock_id;

-- name: save_clocks
UPDATE clock SET
    rung = new.rung, next_rung_at = new.next_rung_at, holder = new.holder, holder_is_desk = new.holder_is_desk,
    handler_id = new.handler_id, handler_name = new.handler_name, past = new.past, stopped_at = new.stopped_at,
    stopped_by = new.stopped_by, cancels = new.cancels, breached_at = new.breached_at, corrected = new.corrected,
    outcome = new.outcome, started_at = new.started_at, due_at = new.due_at, owed = new.owed
FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::text[], $5::boolean[], $6::text[], $7::text[],
            $8::jsonb[], $9::timestamptz[], $10::text[], $11::boolean[], $12::timestamptz[], $13::boolean[], $14::text[],
            $15::timestamptz[], $16::timestamptz[], $17::jsonb[])
     AS new (clock_id, rung, next_rung_at, holder, holder_is_desk, handler_id, handler_name, past, stopped_at,
             stopped_by, cancels, breached_at, corrected, outcome, started_at, due_at, owed)
WHERE clock.clock_id = new.clock_id;

-- name: due
-- What is read of a plain clock (plain.py), and whether it is one.
-- Not ordered by id as well: among a million rungs of one instant that would sort all of them for each batch.
SELECT clock_id, case_id, plan, started_at, due_at, next_rung_at, rung, kind, number, holder, holder_is_desk, handler_id,
       handler_name, category, area,
       stopped_at IS NULL AND past IS NULL AND owed IS NULL AND rest IS NULL AND credit IS NULL AND extended IS NULL
       AND given_due_at IS NULL AND reopened IS NULL AS plain
FROM clock
WHERE shard = $1 AND next_rung_at <= $2 AND case_id <> ALL($3::uuid[])
ORDER BY next_rung_at LIMIT $4;

-- name: save_plain
UPDATE clock SET rung = new.rung, next_rung_at = new.next_rung_at,
                 breached_at = coalesce(new.breached_at, clock.breached_at)
FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::timestamptz[])
     AS new (clock_id, rung, next_rung_at, breached_at)
WHERE clock.clock_id = new.clock_id;

-- name: due_of
SELECT * FROM clock WHERE shard = $1 AND next_rung_at <= $2 AND case_id = $3 ORDER BY next_rung_at;

-- name: due_cases
SELECT case_id FROM clock
WHERE shard = $1 AND next_rung_at <= $2 AND case_id <> ALL($3::uuid[])
ORDER BY next_rung_at LIMIT $4;

-- name: next_rung_at
SELECT next_rung_at FROM clock
WHERE shard = $1 AND next_rung_at IS NOT NULL AND case_id <> ALL($2::uuid[])
ORDER BY next_rung_at LIMIT 1;

-- name: parked_here
SELECT DISTINCT case_id FROM parked WHERE shard = $1;

-- name: wall
SELECT clock_timestamp();

-- name: take_your_time
SET LOCAL statement_timeout = '60s';

-- name: running
SELECT kind, holder, count(*) AS open, count(*) FILTER (WHERE due_at < $1) AS breached,
       min(started_at) AS oldest_at
FROM clock WHERE outcome IS NULL AND stopped_at IS NULL GROUP BY kind, holder;

-- name: due_soon
SELECT kind, holder, count(*) AS hour, count(*) FILTER (WHERE due_at <= $1::timestamptz + interval '5 min') AS five_minutes
FROM clock
WHERE outcome IS NULL AND stopped_at IS NULL AND due_at >= $1::timestamptz AND due_at <= $1::timestamptz + interval '1 h'
GROUP BY kind, holder;

-- name: listed_running
-- By due, the earliest first: after ($1, $2), in [$3, $4), of kind $5, held by $6, by none of $7, of category $8.
SELECT * FROM clock
WHERE outcome IS NULL AND stopped_at IS NULL AND (due_at, clock_id) > ($1, $2) AND due_at >= $3 AND due_at < $4
  AND ($5::text IS NULL OR kind = $5) AND ($6::text IS NULL OR holder = $6)
  AND ($7::text[] IS NULL OR holder <> ALL($7)) AND ($8::text IS NULL OR category = $8 OR starts_with(category, $8 || '/'))
ORDER BY due_at, clock_id LIMIT $9;

-- name: listed_late
-- As above, of those whose breach was counted, $10: and taken back.
SELECT * FROM clock
WHERE (breached_at IS NOT NULL OR corrected) AND corrected = $10
  AND (due_at, clock_id) > ($1, $2) AND due_at >= $3 AND due_at < $4
  AND ($5::text IS NULL OR kind = $5) AND ($6::text IS NULL OR holder = $6)
  AND ($7::text[] IS NULL OR holder <> ALL($7)) AND ($8::text IS NULL OR category = $8 OR starts_with(category, $8 || '/'))
ORDER BY due_at, clock_id LIMIT $9;

-- name: overdue_rungs
-- Counted only so far: what matters is that it is not near zero.
SELECT count(*) FROM (SELECT 1 FROM clock WHERE shard = $1 AND next_rung_at <= $2 LIMIT 10000) AS waiting;

-- name: applied
SELECT shard, coalesce((seen ->> $1)::bigint, 0) AS last FROM shard;

-- name: past_cases
SELECT close.holder, close.category, close.area, close.started_at, close.stopped_at AS closed_at, response.stopped_at AS responded_at
FROM clock AS close LEFT JOIN clock AS response ON response.case_id = close.case_id AND response.kind = 'response'
WHERE close.kind = 'close' AND close.started_at >= $1 AND NOT close.cancels;

-- name: cases_of_area
SELECT case_id FROM clock
WHERE kind = 'close' AND started_at >= $2 AND started_at < $3 AND (area = $1 OR starts_with(area, $1 || '/'));

-- name: cases_due
SELECT DISTINCT case_id FROM clock WHERE kind IN ('response', 'close') AND due_at >= $1 AND due_at < $2;

-- name: exclude
INSERT INTO scorecard_exclusion (week, number, clock, reason, approver, appeal)
SELECT $1, $2, $3, $4, $5, EXISTS (SELECT 1 FROM scorecard WHERE week = $1) ON CONFLICT DO NOTHING;

-- name: exclusions
SELECT number, clock, reason, approver, appeal FROM scorecard_exclusion WHERE week = $1;

-- name: publish
INSERT INTO scorecard VALUES ($1, $2, $3, $4);

-- name: scorecard
SELECT body, revision FROM scorecard WHERE week = $1 ORDER BY revision DESC LIMIT 1;
