-- What intake keeps. Names are without schema: search_path is set to intake's own.

-- Every request answered 2xx, for good: the original text, the contact only sealed. The primary key is derived from
-- channel and request key, so it is also what makes a repeat a repeat. Instants are city time.
--   number           read to the citizen; unique: on collision the next derivation is taken
--   idempotency_key  where one came beside the channel's own id: it may not come back with another id
--   body_hash        keyed hash of the canonical request, reporter included
--   submission       the event's data without what has a column, and without match_text, which follows from the text
CREATE TABLE IF NOT EXISTS journal (
    case_id         uuid PRIMARY KEY,
    number          text NOT NULL UNIQUE,
    channel         text NOT NULL,
    request_key     text NOT NULL,
    idempotency_key text,
    body_hash       bytea NOT NULL,
    tracking        text NOT NULL,
    received_at     timestamptz NOT NULL,
    submission      text NOT NULL
) WITH (autovacuum_vacuum_insert_threshold = 50000, autovacuum_analyze_scale_factor = 0.2);
CREATE UNIQUE INDEX IF NOT EXISTS journal_idempotency_key ON journal (channel, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

-- What citizens added: 补充 / 催办 / 撤诉 / 评价. The id is derived from channel, case and the channel's own act id.
CREATE TABLE IF NOT EXISTS act (
    act_id      uuid PRIMARY KEY,
    case_id     uuid NOT NULL REFERENCES journal,
    act_key     text NOT NULL,
    kind        text NOT NULL,
    body_hash   bytea NOT NULL,
    received_at timestamptz NOT NULL,
    act         text NOT NULL
);

-- How each case stands, by the log: only to answer GET /v1/requests/{id}. Rewritten by every event of the case.
CREATE TABLE IF NOT EXISTS progress (
    case_id         uuid PRIMARY KEY,
    state           text NOT NULL,
    holder          text NOT NULL,
    holder_is_desk  boolean NOT NULL,
    response_due_at timestamptz,
    close_due_at    timestamptz,
    responded_at    timestamptz,
    public_text     text,
    changed_at      timestamptz NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
-- When it was last resolved: a rating by the link in a message is for that.
ALTER TABLE progress ADD COLUMN IF NOT EXISTS resolved_at timestamptz;

-- When a channel last sent something that was taken; wall time, written every few seconds at most.
CREATE TABLE IF NOT EXISTS channel_seen (
    channel text PRIMARY KEY,
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);
