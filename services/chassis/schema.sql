-- What the chassis keeps in every service's schema. Names are without schema: search_path is set to the service's own.

-- Facts fixed when a city is provisioned: the number of shards, the clock's base, the schema's version.
CREATE TABLE IF NOT EXISTS meta (
    key   text PRIMARY KEY,
    value jsonb NOT NULL
);

-- One row a shard, rewritten by every transaction on it (delivery rules 2 to 5). Low fillfactor: always a HOT update.
--   last_wall  Postgres' time of the last transaction, strictly rising
--   numbers    topic -> last number given to an outgoing record
--   seen       "source>topic" -> last number applied
--   offsets    topic -> last offset applied, where to go on reading
--   parked     how many cases of this shard are parked
CREATE TABLE IF NOT EXISTS shard (
    shard     int PRIMARY KEY,
    last_wall timestamptz NOT NULL DEFAULT 'epoch',
    numbers   jsonb NOT NULL DEFAULT '{}',
    seen      jsonb NOT NULL DEFAULT '{}',
    offsets   jsonb NOT NULL DEFAULT '{}',
    parked    int NOT NULL DEFAULT 0
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_cost_delay = 0);

-- How far each inbox topic (commands) has been taken: everything below next_offset is executed.
CREATE TABLE IF NOT EXISTS inbox_cursor (
    topic       text PRIMARY KEY,
    next_offset bigint NOT NULL
) WITH (fillfactor = 50);

-- The outbox, packed: one row per (transaction, topic, shard) holds its records in order (ADR 0004, chassis/packed.py).
-- `first` is the number of the row's first record; NULL while the publisher has not given one (delivery rule 11).
CREATE TABLE IF NOT EXISTS outbox (
    id      bigint GENERATED ALWAYS AS IDENTITY,
    topic   text NOT NULL,
    shard   int NOT NULL,
    first   bigint,
    size    int NOT NULL,
    records bytea NOT NULL,
    day     date NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC')::date
) WITH (autovacuum_vacuum_insert_threshold = 10000);
ALTER TABLE outbox ALTER COLUMN records SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS outbox_in_order ON outbox (topic, shard, first);
CREATE INDEX IF NOT EXISTS outbox_without_number ON outbox (shard, id) WHERE first IS NULL;
CREATE INDEX IF NOT EXISTS outbox_by_day ON outbox (day);

-- How far each (topic, shard) is on Kafka.
CREATE TABLE IF NOT EXISTS outbox_cursor (
    topic     text NOT NULL,
    shard     int NOT NULL,
    published bigint NOT NULL,
    PRIMARY KEY (topic, shard)
) WITH (fillfactor = 50);

-- Events of a case that could not be handled, and everything after them for that case (delivery rule 9).
CREATE TABLE IF NOT EXISTS parked (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id   uuid NOT NULL,
    shard     int NOT NULL,
    topic     text NOT NULL,
    "offset"  bigint NOT NULL,
    headers   bytea NOT NULL,
    value     bytea NOT NULL,
    reason    text NOT NULL,
    parked_at timestamptz NOT NULL,
    retry     boolean NOT NULL DEFAULT false
);
CREATE INDEX IF NOT EXISTS parked_by_case ON parked (case_id, id);

-- Records nobody can attribute to a case; the original is sealed (delivery rule 10).
CREATE TABLE IF NOT EXISTS dead_letter (
    topic     text NOT NULL,
    partition int NOT NULL,
    "offset"  bigint NOT NULL,
    sha256    text NOT NULL,
    reason    text NOT NULL,
    sealed    jsonb,
    buried_at timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, "offset")
);

-- Who may knock: the secret itself is never kept.
CREATE TABLE IF NOT EXISTS api_key (
    key_id     text PRIMARY KEY,
    principal  text NOT NULL,
    sha256     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_at timestamptz
);
