-- The router's questions to its own tables.

-- name: cases_of
SELECT c.*, p.body AS plan_body FROM cases c JOIN plan p ON p.digest = c.plan WHERE c.case_id = ANY($1::uuid[]);

-- name: met_before
-- Of cases that were sent: those registered (without a body), and acts that have waited for the others.
WITH waiting AS (
    UPDATE act SET taken = true WHERE case_id = ANY($1::uuid[]) AND NOT taken RETURNING case_id, event_id, body
)
SELECT case_id, NULL::uuid AS event_id, NULL::text AS body FROM cases WHERE case_id = ANY($1::uuid[])
UNION ALL
SELECT case_id, event_id, body FROM waiting;

-- name: submissions_of
SELECT case_id, body FROM submission WHERE case_id = ANY($1::uuid[]);

-- name: save_plans
-- In order of digest, so that two shards never wait for each other crosswise.
INSERT INTO plan (digest, body)
SELECT digest, body FROM unnest($1::text[], $2::text[]) AS rows (digest, body)
WHERE NOT EXISTS (SELECT FROM plan WHERE plan.digest = rows.digest) ORDER BY digest
ON CONFLICT DO NOTHING;

-- name: register
-- New cases with all that belongs to them, in one statement: half of a small batch's time would be round trips.
WITH seen AS (
    INSERT INTO seen_by (department, received_at, case_id)
    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::uuid[])
), sent AS (
    INSERT INTO submission (case_id, body, verdict)
    SELECT * FROM unnest($4::uuid[], $27::text[], $28::text[])
)
INSERT INTO cases (case_id, shard, number, state, version, assignment_version, holder, holder_is_desk, holder_reason,
                   bounces, kind, category, area, triage_class, plan, received_at, changed_at, responded_at, close_at,
                   review_at, unconfirmed_since, timer_at, record)
SELECT * FROM unnest($4::uuid[], $5::smallint[], $6::text[], $7::text[], $8::int[], $9::int[], $10::text[],
                     $11::boolean[], $12::text[], $13::smallint[], $14::text[], $15::text[], $16::text[], $17::text[],
                     $18::text[], $19::timestamptz[], $20::timestamptz[], $21::timestamptz[], $22::timestamptz[],
                     $23::timestamptz[], $24::timestamptz[], $25::timestamptz[], $26::text[]);

-- name: change_cases
UPDATE cases SET state = r.state, version = r.version, assignment_version = r.assignment_version, holder = r.holder,
    holder_is_desk = r.holder_is_desk, holder_reason = r.holder_reason, bounces = r.bounces, changed_at = r.changed_at,
    responded_at = r.responded_at, close_at = r.close_at, review_at = r.review_at,
    unconfirmed_since = r.unconfirmed_since, kind = r.kind, category = r.category, triage_class = r.triage_class,
    plan = r.plan, timer_at = r.timer_at, record = r.record
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::text[], $6::boolean[], $7::text[], $8::smallint[],
            $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[],
            $14::text[], $15::text[], $16::text[], $17::text[], $18::timestamptz[], $19::text[])
    AS r (case_id, state, version, assignment_version, holder, holder_is_desk, holder_reason, bounces,
          changed_at, responded_at, close_at, review_at, unconfirmed_since, kind, category, triage_class, plan,
          timer_at, record)
WHERE cases.case_id = r.case_id;

-- name: save_seen
INSERT INTO seen_by (department, received_at, case_id)
SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::uuid[]) ON CONFLICT DO NOTHING;

-- name: save_moves
INSERT INTO move (case_id, version, at, command, actor, state, holder, details)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]);

-- name: save_acts
INSERT INTO act (case_id, act_id, event_id, kind, body, taken)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::boolean[]) ON CONFLICT DO NOTHING;

-- name: replies_to
SELECT r.actor, r.command_id, r.body, r.type, r.data
FROM reply r JOIN unnest($1::text[], $2::text[]) AS asked (actor, command_id) USING (actor, command_id);

-- name: save_replies
-- Returns how many: fewer than sent means that another shard took the same command id a moment ago.
WITH saved AS (
    INSERT INTO reply (actor, command_id, body, type, data, taken_at)
    SELECT actor, command_id, body, type, data, $6 FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[])
        AS rows (actor, command_id, body, type, data)
    ORDER BY actor, command_id
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT count(*) FROM saved;

-- name: forget_replies
DELETE FROM reply WHERE ctid = ANY(ARRAY(SELECT ctid FROM reply WHERE taken_at < $1 ORDER BY taken_at LIMIT 1000));

-- name: seen_among
SELECT DISTINCT s.department, s.case_id
FROM seen_by s JOIN unnest($1::text[], $2::uuid[]) AS asked (department, case_id) USING (department, case_id);

-- name: timed
-- Parked ones wait elsewhere: two hundred of them would let time do nothing to anybody else.
SELECT case_id FROM cases
WHERE shard = $1 AND timer_at <= $2 AND NOT EXISTS (SELECT FROM parked WHERE parked.case_id = cases.case_id)
ORDER BY timer_at LIMIT 200;

-- name: case_by_number
SELECT case_id FROM cases WHERE number = $1 ORDER BY received_at LIMIT 1;

-- name: moves_of
SELECT version, at, command, actor, state, holder, details FROM move WHERE case_id = $1 ORDER BY version;

-- name: acts_of
SELECT case_id, kind, body FROM act WHERE case_id = ANY($1::uuid[]) AND taken;

-- name: verdicts_of
SELECT body, version, at, cause FROM (
    SELECT verdict AS body, 1 AS version, NULL::timestamptz AS at, 'register' AS cause FROM submission WHERE case_id = $1
    UNION ALL
    SELECT body, version, at, cause FROM verdict WHERE case_id = $1
) AS told ORDER BY version;

-- name: save_verdicts
INSERT INTO verdict (case_id, version, at, cause, body)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::text[]);

-- name: perhaps_alike
-- Open cases received around an instant that have something to do with a category or an area, the nearest first.
SELECT c.case_id, c.number, c.received_at, c.category, c.area, s.body
FROM cases c JOIN submission s USING (case_id)
WHERE c.received_at BETWEEN $2 AND $3 AND c.case_id <> $1 AND c.state <> ALL($4::text[])
  AND (split_part(c.category, '/', 1) = $5 OR c.area = $6 OR starts_with(c.area, $6 || '/') OR starts_with($6, c.area || '/'))
ORDER BY greatest(c.received_at - $7, $7 - c.received_at), c.case_id LIMIT $8;

-- name: list_all
SELECT c.case_id, c.number, c.state, c.version, c.assignment_version, c.holder, c.holder_is_desk, c.category, c.area,
       c.triage_class, c.kind, c.received_at, c.changed_at, c.responded_at
FROM cases c
WHERE (c.received_at, c.case_id) > ($1, $2) AND c.received_at <= $3
  AND ($4::text IS NULL OR c.state = $4) AND ($5::text IS NULL OR c.holder = $5)
ORDER BY c.received_at, c.case_id LIMIT $6;

-- name: list_seen
SELECT c.case_id, c.number, c.state, c.version, c.assignment_version, c.holder, c.holder_is_desk, c.category, c.area,
       c.triage_class, c.kind, c.received_at, c.changed_at, c.responded_at
FROM seen_by s JOIN cases c USING (case_id)
WHERE s.department = $7 AND (s.received_at, s.case_id) > ($1, $2) AND s.received_at <= $3
  AND ($4::text IS NULL OR c.state = $4) AND ($5::text IS NULL OR c.holder = $5)
ORDER BY s.received_at, s.case_id LIMIT $6;

-- name: save_follow_ups
INSERT INTO follow_up (case_id, by_case, kind, body)
SELECT case_id, by_case, kind, body FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) WITH ORDINALITY AS r (case_id, by_case, kind, body, place)
ORDER BY place;

-- name: waiting_follow_ups
SELECT id, case_id FROM follow_up WHERE failure IS NULL ORDER BY id LIMIT 1000;

-- name: follow_ups
SELECT id, body FROM follow_up WHERE id = ANY($1::bigint[]) ORDER BY id;

-- name: follow_ups_done
DELETE FROM follow_up WHERE id = ANY($1::bigint[]);

-- name: follow_up_failed
UPDATE follow_up SET failure = $2 WHERE id = $1;

-- name: save_candidates
INSERT INTO precedent (id, case_id, number, made_at, authority, rule)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::text[])
ON CONFLICT (id) DO UPDATE SET made_at = excluded.made_at, authority = excluded.authority, rule = excluded.rule;

-- name: precedents
SELECT id, case_id, number, made_at, authority, rule FROM precedent ORDER BY made_at DESC, id LIMIT $1;

-- name: reviewable
SELECT case_id FROM cases
WHERE shard = $1 AND review_at <= $2 AND NOT EXISTS (SELECT FROM parked WHERE parked.case_id = cases.case_id)
ORDER BY review_at LIMIT 200;

-- name: disputes
SELECT c.*, p.body AS plan_body FROM cases c JOIN plan p ON p.digest = c.plan
WHERE c.state = 'disputed' AND (c.changed_at, c.case_id) > ($1, $2) ORDER BY c.changed_at, c.case_id LIMIT $3;

-- name: grounds_of
SELECT case_id, actor, at, command, details FROM move
WHERE case_id = ANY($1::uuid[]) AND command IN ('return', 'meet', 'dispute') ORDER BY case_id, version;

-- name: unconfirmed
SELECT count(*) AS many, min(unconfirmed_since) AS since, clock_timestamp() AS wall FROM cases WHERE unconfirmed_since IS NOT NULL;
