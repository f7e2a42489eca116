-- A promise, once per content: a case's plan comes whole with case.registered, and a city has few different ones.
CREATE TABLE IF NOT EXISTS plan (
    key  uuid PRIMARY KEY,
    body jsonb NOT NULL
);

-- One row a clock instance; the timer is the row (1 M open ones are as cheap as one).
--   rung          index of the next rung of the plan's ladder; next_rung_at its instant, NULL when none will fire any more
--   past          who held the case before, while a rung of that time has still to fire: {held: [[until, unit, is_desk, id, name], …]}
--   stopped_at    the instant the earliest stopping act counts from; the clock is finished once `outcome` is set
--   breached_at   when the 100 % rung fired
-- All instants are city time.
CREATE TABLE IF NOT EXISTS clock (
    clock_id       uuid PRIMARY KEY,
    case_id        uuid NOT NULL,
    plan           uuid NOT NULL,
    started_at     timestamptz NOT NULL,
    due_at         timestamptz NOT NULL,
    next_rung_at   timestamptz,
    stopped_at     timestamptz,
    breached_at    timestamptz,
    shard          int NOT NULL,
    rung           smallint NOT NULL DEFAULT 0,
    holder_is_desk boolean NOT NULL,
    cancels        boolean NOT NULL DEFAULT false,
    corrected      boolean NOT NULL DEFAULT false,
    kind           text NOT NULL,
    number         text NOT NULL,
    holder         text NOT NULL,
    handler_id     text,
    handler_name   text,
    category       text,
    area           text,
    stopped_by     text,
    outcome        text,
    past           jsonb
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

--   instance      the assignment, stay, attendance or redo it belongs to; '' for response and close
--   rest          a pause that is on: {reason, since, until}; credit: own time of rests that are over and of verifying
--   extended      what was granted 延期; given_due_at: a due that an event gave
ALTER TABLE clock ADD COLUMN IF NOT EXISTS instance text;
ALTER TABLE clock ADD COLUMN IF NOT EXISTS given_due_at timestamptz;
ALTER TABLE clock ADD COLUMN IF NOT EXISTS rest jsonb;
ALTER TABLE clock ADD COLUMN IF NOT EXISTS credit interval;
ALTER TABLE clock ADD COLUMN IF NOT EXISTS extended interval;
ALTER TABLE clock ADD COLUMN IF NOT EXISTS reopened smallint;
--   owed          rungs that fell due before the due was moved, and have still to fire: {at: […]}
ALTER TABLE clock ADD COLUMN IF NOT EXISTS owed jsonb;

-- In whose hands a case was and when it waited; and which clocks beside response and close it has open.
CREATE TABLE IF NOT EXISTS course (
    case_id uuid PRIMARY KEY,
    shard   int NOT NULL,
    body    jsonb NOT NULL
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- What the ticker asks: the next rungs of a shard.
CREATE INDEX IF NOT EXISTS clock_next_rung ON clock (shard, next_rung_at) WHERE next_rung_at IS NOT NULL;
-- What people ask: a case by its public number. Its close clock is enough, as every case has one, and the number never changes.
CREATE INDEX IF NOT EXISTS clock_of_number ON clock (number) WHERE kind = 'close';
DROP INDEX IF EXISTS clock_number;
-- What operations ask: what runs, and what is due soon.
CREATE INDEX IF NOT EXISTS clock_running ON clock (due_at) WHERE outcome IS NULL;
-- The lists behind the figures: what was late, and what of it was ours.
CREATE INDEX IF NOT EXISTS clock_late ON clock (due_at) WHERE breached_at IS NOT NULL OR corrected;

-- 每周一评 as it was published, byte for byte; what does not count, with its reason and who approved it.
CREATE TABLE IF NOT EXISTS scorecard (
    week         text NOT NULL,
    revision     int NOT NULL,
    body         text NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (week, revision)
);
CREATE TABLE IF NOT EXISTS scorecard_exclusion (
    week     text NOT NULL,
    number   text NOT NULL,
    clock    text NOT NULL,
    reason   text NOT NULL,
    approver text NOT NULL,
    PRIMARY KEY (week, number, clock)
);
-- An exclusion that was granted after the week had been published: an appeal 申诉 that was accepted.
ALTER TABLE scorecard_exclusion ADD COLUMN IF NOT EXISTS appeal boolean NOT NULL DEFAULT false;
