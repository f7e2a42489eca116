-- What notify keeps. Instants are city time unless they say wall.

-- A case as far as notices and reveals need it. `contact` holds the sealed box and masked forms, nothing in clear;
-- `phone` and `app` are blind indexes; `department` is whose assignment is open, NULL when nobody's is.
CREATE TABLE IF NOT EXISTS known_case (
    case_id         uuid PRIMARY KEY,
    number          text NOT NULL,
    channel         text NOT NULL,
    kind            text NOT NULL,
    triage_class    text NOT NULL,
    category        text,
    area            text,
    received_at     timestamptz NOT NULL,
    due_response_at timestamptz NOT NULL,
    due_close_at    timestamptz NOT NULL,
    locale          text NOT NULL,
    contact         jsonb NOT NULL,
    has_contact     boolean NOT NULL,
    phone           text,
    app             text,
    tracking        text,
    department      text,
    handler         text
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS known_case_by_number ON known_case (number);

-- 并单: reporters of cases that another stands for; they are told of that case's steps. `other` is their own case.
CREATE TABLE IF NOT EXISTS co_reporter (
    case_id uuid NOT NULL,
    other   uuid NOT NULL,
    locale  text NOT NULL,
    phone   text,
    app     text,
    contact jsonb NOT NULL,
    PRIMARY KEY (case_id, other)
);

-- One row a notice: once per (case, event, recipient, medium), which is what notice_id is derived from.
--   state    waiting → claimed → sent | failed | suppressed; claimed → waiting (again) | unknown (in doubt)
--   begun    of a claimed one: a try was begun, so if it is never heard of again its fate is unknown
--   look_at  wall time of the next thing to do: send it, settle the doubt, or take the claim for dead
CREATE TABLE IF NOT EXISTS notice (
    notice_id  uuid PRIMARY KEY,
    case_id    uuid NOT NULL,
    shard      int NOT NULL,
    number     text NOT NULL,
    event      text NOT NULL,
    event_id   uuid NOT NULL,
    audience   text NOT NULL,
    recipient  text NOT NULL,
    medium     text NOT NULL,
    template   text NOT NULL,
    locale     text NOT NULL,
    body       text NOT NULL,
    parts      int NOT NULL,
    on_unknown text NOT NULL,
    state      text NOT NULL,
    provider   text,
    reference  text,
    reason     text,
    attempts   int NOT NULL DEFAULT 0,
    claim      uuid,
    look_at    timestamptz NOT NULL,
    made_at    timestamptz NOT NULL,
    done_at    timestamptz
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
-- A store of before: whatever is claimed there may have been sent.
ALTER TABLE notice ADD COLUMN IF NOT EXISTS begun boolean NOT NULL DEFAULT true;
ALTER TABLE notice ALTER COLUMN begun SET DEFAULT false;
CREATE INDEX IF NOT EXISTS notice_under_way ON notice (recipient)
    WHERE medium = 'sms' AND state IN ('claimed', 'unknown');
CREATE INDEX IF NOT EXISTS notice_to_do ON notice (shard, look_at) WHERE state IN ('waiting', 'claimed', 'unknown');
CREATE INDEX IF NOT EXISTS notice_by_number ON notice (recipient, done_at) WHERE medium = 'sms' AND state = 'sent';

-- The app feed: one row a notice, numbered per recipient. The head row is locked while a number is given, so numbers
-- appear in their order and a cursor never skips one.
CREATE TABLE IF NOT EXISTS feed_head (
    recipient text PRIMARY KEY,
    last      bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS feed (
    recipient text NOT NULL,
    place     bigint NOT NULL,
    notice_id uuid NOT NULL,
    number    text NOT NULL,
    event     text NOT NULL,
    locale    text NOT NULL,
    body      text NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (recipient, place)
);

-- The local provider's memory: what would have been sent. Written under one lock, so `id` rises in order of commit.
CREATE TABLE IF NOT EXISTS outgoing (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    notice_id uuid NOT NULL UNIQUE,
    number    text NOT NULL,
    event     text NOT NULL,
    audience  text NOT NULL,
    medium    text NOT NULL,
    recipient text NOT NULL,
    masked    text NOT NULL,
    locale    text NOT NULL,
    body      text NOT NULL,
    parts     int NOT NULL,
    at        timestamptz NOT NULL,
    repeats   int NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS outgoing_by_number ON outgoing (number);

-- Every question for a contact, granted or refused; never changed, never deleted by us. `asked_wall` is wall time.
CREATE TABLE IF NOT EXISTS reveal (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    principal  text NOT NULL,
    case_id    uuid,
    asked      text NOT NULL,
    purpose    text NOT NULL,
    verdict    text NOT NULL,
    at         timestamptz NOT NULL,
    asked_wall timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- When each principal asked within the last minute, for its share of that; nothing else is kept here.
CREATE TABLE IF NOT EXISTS reveal_ask (
    principal  text NOT NULL,
    asked_wall timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS reveal_ask_by_principal ON reveal_ask (principal);
CREATE INDEX IF NOT EXISTS reveal_by_principal ON reveal (principal, asked_wall);
