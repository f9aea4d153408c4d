CREATE TABLE IF NOT EXISTS orders (
    seq        INTEGER PRIMARY KEY, -- order of creation
    id         TEXT    NOT NULL UNIQUE,
    customer   TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    total      INTEGER NOT NULL, -- cents
    currency   TEXT    NOT NULL,
    lines      TEXT    NOT NULL, -- JSON
    note       TEXT    NOT NULL,
    reason     TEXT    NOT NULL DEFAULT '',
    created_at TEXT    NOT NULL
);
CREATE INDEX IF NOT EXISTS orders_by_customer ON orders (customer, seq);

-- What happened to an order, counted 1, 2, 3.
CREATE TABLE IF NOT EXISTS events (
    order_id TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    state    TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    at       TEXT    NOT NULL,
    PRIMARY KEY (order_id, seq)
) WITHOUT ROWID;

-- What the ledger does not know yet: at most one posting of an order.
CREATE TABLE IF NOT EXISTS outbox (
    order_id    TEXT    PRIMARY KEY,
    kind        TEXT    NOT NULL, -- PLACED or VOID
    traceparent TEXT    NOT NULL, -- of the request that caused it
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_at      INTEGER NOT NULL  -- milliseconds since 1970
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS outbox_by_due ON outbox (due_at);

-- What was answered under an idempotency key, until it expires.
CREATE TABLE IF NOT EXISTS replies (
    tenant      TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL, -- of the request
    status      INTEGER NOT NULL,
    location    TEXT    NOT NULL,
    body        BLOB    NOT NULL,
    expires_at  INTEGER NOT NULL, -- milliseconds since 1970
    PRIMARY KEY (tenant, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS replies_by_expiry ON replies (expires_at);

-- What customers paid. A payment that has begun is on the ledger's books or not:
-- whoever comes with its key again finds it here and asks under the same id.
CREATE TABLE IF NOT EXISTS payments (
    seq         INTEGER PRIMARY KEY, -- order of creation
    id          TEXT    NOT NULL UNIQUE,
    order_id    TEXT    NOT NULL,
    amount      INTEGER NOT NULL, -- cents
    reference   TEXT    NOT NULL,
    tenant      TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL, -- of the request
    state       TEXT    NOT NULL, -- BEGUN, BOOKED or REFUSED
    created_at  TEXT    NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS payments_begun ON payments (tenant, key) WHERE state = 'BEGUN';
CREATE INDEX IF NOT EXISTS payments_by_order ON payments (order_id, seq);

-- What the merchant has not heard yet: events, each until it is delivered.
CREATE TABLE IF NOT EXISTS webhooks (
    order_id TEXT    NOT NULL,
    seq      INTEGER NOT NULL, -- of the event
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at   INTEGER NOT NULL, -- milliseconds since 1970
    PRIMARY KEY (order_id, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS webhooks_by_due ON webhooks (due_at);

-- What the bus has not been told yet, in the order in which it happened.
CREATE TABLE IF NOT EXISTS announcements (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id TEXT    NOT NULL,
    seq      INTEGER NOT NULL -- of the event
);

-- Registers for debugging, each with one JSON value.
CREATE TABLE IF NOT EXISTS registers (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Whom the shop knows. Others keep this table; guests may order too.
CREATE TABLE IF NOT EXISTS customers (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL,
    email   TEXT NOT NULL,
    balance NUMERIC,
    tier    TEXT,
    phone   TEXT
);

-- Queues for debugging, each of JSON values. A place is never used again.
CREATE TABLE IF NOT EXISTS queues (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    value TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS queues_by_name ON queues (queue, seq);

-- Lists of numbers for debugging.
CREATE TABLE IF NOT EXISTS lists (
    seq  INTEGER PRIMARY KEY, -- order of appending
    list TEXT    NOT NULL,
    item INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS lists_by_name ON lists (list, seq);
