-- What the router owns. Names are without schema: search_path is set to `router`.

-- A promise as it was made, once for all cases it was made to.
CREATE TABLE IF NOT EXISTS plan (
    digest text PRIMARY KEY,
    body   text NOT NULL
);

-- The case as decisions need it. Narrow and hot: no citizen's text. `record` holds assignments, trail, handler and what
-- stands on it as compact JSON; only this service reads it, and always whole.
CREATE TABLE IF NOT EXISTS cases (
    case_id            uuid PRIMARY KEY,
    shard              smallint NOT NULL,
    number             text NOT NULL,
    state              text NOT NULL,
    version            int NOT NULL,
    assignment_version int NOT NULL,
    holder             text NOT NULL,
    holder_is_desk     boolean NOT NULL,
    holder_reason      text,
    bounces            smallint NOT NULL,
    kind               text NOT NULL,
    category           text,
    area               text,
    triage_class       text NOT NULL,
    plan               text NOT NULL,
    received_at        timestamptz NOT NULL,
    changed_at         timestamptz NOT NULL,
    responded_at       timestamptz,
    close_at           timestamptz,
    record             text NOT NULL
) WITH (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX IF NOT EXISTS cases_by_number ON cases (number);
CREATE INDEX IF NOT EXISTS cases_by_age ON cases (received_at, case_id);
-- When time itself does something to the case next (timers.py). Stores of before had an index on close_at instead.
ALTER TABLE cases ADD COLUMN IF NOT EXISTS timer_at timestamptz;
UPDATE cases SET timer_at = close_at WHERE timer_at IS NULL AND close_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS cases_by_timer ON cases (shard, timer_at) WHERE timer_at IS NOT NULL;
DROP INDEX IF EXISTS cases_to_close;

-- What the citizen sent, and why it was routed as it was. Written once; the only free text of citizens here is in
-- `submission` and in `act`.
CREATE TABLE IF NOT EXISTS submission (
    case_id uuid PRIMARY KEY,
    body    text NOT NULL,
    verdict text NOT NULL
);

-- Why it was routed as it was, each time the rules were asked again; the first verdict is in `submission`, which costs
-- no statement more on the way in. `version` is the line of the log, `cause` the command that led to it.
CREATE TABLE IF NOT EXISTS verdict (
    case_id uuid NOT NULL,
    version int NOT NULL,
    at      timestamptz NOT NULL,
    cause   text NOT NULL,
    body    text NOT NULL,
    PRIMARY KEY (case_id, version)
);

-- What the citizen added. `taken` false: it is ahead of its submission and waits for it.
CREATE TABLE IF NOT EXISTS act (
    case_id  uuid NOT NULL,
    act_id   text NOT NULL,
    event_id uuid NOT NULL,
    kind     text NOT NULL,
    body     text NOT NULL,
    taken    boolean NOT NULL,
    PRIMARY KEY (case_id, act_id)
);

-- Which departments have or had the case: what a department may see, oldest first. The desk is one of them.
CREATE TABLE IF NOT EXISTS seen_by (
    department  text NOT NULL,
    received_at timestamptz NOT NULL,
    case_id     uuid NOT NULL,
    PRIMARY KEY (department, received_at, case_id)
);

-- Every move after the registration, with what was said. The registration itself is `submission`.
CREATE TABLE IF NOT EXISTS move (
    case_id uuid NOT NULL,
    version int NOT NULL,
    at      timestamptz NOT NULL,
    command text NOT NULL,
    actor   text NOT NULL,
    state   text NOT NULL,
    holder  text NOT NULL,
    details text NOT NULL,
    PRIMARY KEY (case_id, version)
);

-- Replies to commands, so that a repeat gets the first one (delivery rule 7: kept 14 days).
CREATE TABLE IF NOT EXISTS reply (
    actor      text NOT NULL,
    command_id text NOT NULL,
    body       bytea NOT NULL,
    type       text NOT NULL,
    data       text NOT NULL,
    taken_at   timestamptz NOT NULL,
    PRIMARY KEY (actor, command_id)
);
CREATE INDEX IF NOT EXISTS reply_by_age ON reply (taken_at);

-- When a return counts as upheld for want of an objection; since when an emergency service has a case unconfirmed.
ALTER TABLE cases ADD COLUMN IF NOT EXISTS review_at timestamptz;
ALTER TABLE cases ADD COLUMN IF NOT EXISTS unconfirmed_since timestamptz;
CREATE INDEX IF NOT EXISTS cases_to_review ON cases (shard, review_at) WHERE review_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS cases_unconfirmed ON cases (unconfirmed_since) WHERE unconfirmed_since IS NOT NULL;
CREATE INDEX IF NOT EXISTS cases_disputed ON cases (changed_at, case_id) WHERE state = 'disputed';

-- What one case does to another, until it is done under the other's lock and gone from here. From one case to another
-- in order of `id`: the writer's shard is locked while one is given. `failure`: why it could not be done, for a person.
CREATE TABLE IF NOT EXISTS follow_up (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id uuid NOT NULL,
    by_case uuid NOT NULL,
    kind    text NOT NULL,
    body    text NOT NULL,
    failure text
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

-- Rules that rulings propose, until a person has put them into the duty list.
CREATE TABLE IF NOT EXISTS precedent (
    id        text PRIMARY KEY,
    case_id   uuid NOT NULL,
    number    text NOT NULL,
    made_at   timestamptz NOT NULL,
    authority text NOT NULL,
    rule      text NOT NULL
);

-- Every set of rules that was ever in force, by its hash; `body` is the file as it was written.
CREATE TABLE IF NOT EXISTS rule_set (
    digest text PRIMARY KEY,
    body   text NOT NULL,
    rules  int NOT NULL
);

-- Which set came into force when (wall time), by whom and why. The newest is in force. `source`: file, apply, rollback.
-- `diff` says what it changed, rule by rule.
CREATE TABLE IF NOT EXISTS rule_log (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    digest text NOT NULL REFERENCES rule_set,
    source text NOT NULL,
    author text NOT NULL,
    note   text NOT NULL,
    diff   text NOT NULL
);

-- The candidate that runs beside the set in force, and what came of it. At most one.
CREATE TABLE IF NOT EXISTS rule_shadow (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    digest   text NOT NULL,
    body     text NOT NULL,
    author   text NOT NULL,
    since    timestamptz NOT NULL DEFAULT clock_timestamp(),
    compared bigint NOT NULL DEFAULT 0,
    moved    bigint NOT NULL DEFAULT 0,
    nobody   bigint NOT NULL DEFAULT 0,
    failed   bigint NOT NULL DEFAULT 0
);

-- Cases it would have given to somebody else: the last thousand, without anything a citizen wrote.
CREATE TABLE IF NOT EXISTS rule_shadow_case (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest      text NOT NULL,
    case_id     uuid NOT NULL,
    number      text NOT NULL,
    live        text,
    live_rule   text,
    shadow      text,
    shadow_rule text
);
