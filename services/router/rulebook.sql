-- name: lock_log
-- Whoever writes the log takes turns; reading it waits for nobody.
LOCK TABLE rule_log IN SHARE ROW EXCLUSIVE MODE;

-- name: newest
SELECT id, digest, body FROM rule_log JOIN rule_set USING (digest) WHERE id > $1 ORDER BY id DESC LIMIT 1;

-- name: ever
SELECT DISTINCT digest FROM rule_log;

-- name: entered_since
SELECT EXISTS (SELECT FROM rule_log WHERE digest = $1 AND id > $2);

-- name: keep_set
INSERT INTO rule_set (digest, body, rules) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: enter
INSERT INTO rule_log (digest, source, author, note, diff) VALUES ($1, $2, $3, $4, $5) RETURNING id;

-- name: log
SELECT id, at, digest, source, author, note, diff, rules FROM rule_log JOIN rule_set USING (digest) ORDER BY id DESC LIMIT $1;

-- name: sets_like
SELECT digest, body FROM rule_set WHERE starts_with(digest, $1) ORDER BY digest LIMIT 3;

-- name: entries_of
SELECT id, at, source, author, note, diff FROM rule_log WHERE digest = $1 ORDER BY id;

-- name: shadow
SELECT digest, body FROM rule_shadow;

-- name: report_shadow
SELECT digest, author, since, compared, moved, nobody, failed FROM rule_shadow;

-- name: differences
SELECT case_id, number, live, live_rule, shadow, shadow_rule FROM rule_shadow_case ORDER BY id DESC LIMIT $1;

-- name: end_shadow
WITH ended AS (DELETE FROM rule_shadow RETURNING digest) DELETE FROM rule_shadow_case WHERE digest IN (SELECT digest FROM ended);

-- name: begin_shadow
INSERT INTO rule_shadow (digest, body, author) VALUES ($1, $2, $3)
ON CONFLICT (only_one) DO UPDATE SET digest = excluded.digest, body = excluded.body, author = excluded.author,
    since = excluded.since, compared = 0, moved = 0, nobody = 0, failed = 0;

-- name: add_to_shadow
UPDATE rule_shadow SET compared = compared + $2, moved = moved + $3, nobody = nobody + $4, failed = failed + $5
WHERE digest = $1;

-- name: keep_differences
INSERT INTO rule_shadow_case (digest, case_id, number, live, live_rule, shadow, shadow_rule)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
WHERE EXISTS (SELECT FROM rule_shadow WHERE digest = $1);

-- name: forget_differences
DELETE FROM rule_shadow_case WHERE id <= (SELECT max(id) FROM rule_shadow_case) - $1;

-- name: history
-- Cases received since, with who holds them or held them last; the desk is nobody's owner.
SELECT c.received_at, c.case_id, c.number, s.body, s.verdict, CASE WHEN c.holder_is_desk THEN NULL ELSE c.holder END AS holder
FROM cases c JOIN submission s USING (case_id)
WHERE c.received_at >= $1 AND (c.received_at, c.case_id) > ($2, $3)
ORDER BY c.received_at, c.case_id LIMIT $4;
