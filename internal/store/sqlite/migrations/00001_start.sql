-- +goose Up
-- Times are milliseconds since 1970 UTC. Columns called doc and body are sealed: with the applicant's keyset where there is an applicant,
-- otherwise with the tenant's key. Columns ending in _index are keyed hashes, for searching what is sealed.

CREATE TABLE tenants (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    mode       TEXT NOT NULL,
    currency   TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE clients (
    id          TEXT PRIMARY KEY,
    tenant_id   TEXT NOT NULL REFERENCES tenants (id),
    dialect     TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    doc         BLOB NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX clients_tenant ON clients (tenant_id, dialect);
CREATE INDEX clients_secret ON clients (secret_hash);

-- One row per access token, and one per refresh token; login ties together what was issued from one sign-in.
CREATE TABLE tokens (
    hash       BLOB PRIMARY KEY,
    kind       TEXT NOT NULL,
    login      TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    dialect    TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    access_at  BIGINT NOT NULL, -- refresh tokens: when the access token of the pair ends
    used_at    BIGINT NOT NULL  -- refresh tokens: when it was exchanged, or 0
);
CREATE INDEX tokens_login ON tokens (login);
CREATE INDEX tokens_expires ON tokens (expires_at);

CREATE TABLE staff (
    id            TEXT PRIMARY KEY,
    tenant_id     TEXT NOT NULL REFERENCES tenants (id),
    email         TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role          TEXT NOT NULL,
    disabled      BOOLEAN NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE staff_sessions (
    hash       BLOB PRIMARY KEY,
    staff_id   TEXT NOT NULL REFERENCES staff (id),
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);
CREATE INDEX staff_sessions_staff ON staff_sessions (staff_id);
CREATE INDEX staff_sessions_seen ON staff_sessions (seen_at);

-- Security counters: they outlive a restart.
CREATE TABLE counters (
    name    TEXT PRIMARY KEY,
    count   BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX counters_ends ON counters (ends_at);

CREATE TABLE flows (
    tenant_id  TEXT NOT NULL REFERENCES tenants (id),
    name       TEXT NOT NULL,
    version    INTEGER NOT NULL,
    source     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name, version)
);

-- Deleting an applicant's row here is erasure: nothing sealed with it can be read again.
CREATE TABLE keysets (
    applicant_id TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    wrapped      BLOB NOT NULL
);

CREATE TABLE applicants (
    id              TEXT PRIMARY KEY,
    tenant_id       TEXT NOT NULL,
    client_id       TEXT NOT NULL,
    dialect         TEXT NOT NULL,
    version         BIGINT NOT NULL,
    erased          BOOLEAN NOT NULL,
    reference_index BLOB,
    email_index     BLOB,
    doc             BLOB,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
);
CREATE INDEX applicants_tenant ON applicants (tenant_id, id);
CREATE INDEX applicants_reference ON applicants (tenant_id, reference_index, id);
CREATE INDEX applicants_email ON applicants (tenant_id, email_index, id);

CREATE TABLE sessions (
    id              TEXT PRIMARY KEY,
    tenant_id       TEXT NOT NULL,
    applicant_id    TEXT NOT NULL,
    client_id       TEXT NOT NULL,
    dialect         TEXT NOT NULL,
    purpose         TEXT NOT NULL,
    state           TEXT NOT NULL,
    flow            TEXT NOT NULL,
    flow_version    INTEGER NOT NULL,
    version         BIGINT NOT NULL,
    reference_index BLOB,
    doc             BLOB,
    submitted_at    BIGINT NOT NULL, -- the first time, or 0
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    due_at          BIGINT NOT NULL -- when a timer must look at it, or 0
);
CREATE INDEX sessions_tenant ON sessions (tenant_id, id);
CREATE INDEX sessions_state ON sessions (tenant_id, state, id);
CREATE INDEX sessions_applicant ON sessions (applicant_id, purpose, id);
CREATE INDEX sessions_reference ON sessions (tenant_id, reference_index, id);
CREATE INDEX sessions_due ON sessions (due_at) WHERE due_at > 0;

-- The key of a session's link, and the browsers it was opened in. dead: replaced by a newer one.
CREATE TABLE links (
    hash       BLOB PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    session_id TEXT NOT NULL,
    dead       BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX links_session ON links (session_id);

CREATE TABLE visits (
    hash       BLOB PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    session_id TEXT NOT NULL,
    took       BOOLEAN NOT NULL,
    replaced   BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX visits_session ON visits (session_id);

CREATE TABLE events (
    pos          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    tenant_id    TEXT NOT NULL,
    applicant_id TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    dialect      TEXT NOT NULL,
    purpose      TEXT NOT NULL, -- of the session
    type         TEXT NOT NULL,
    sequence     BIGINT NOT NULL,
    doc          BLOB,
    at           BIGINT NOT NULL
);
CREATE INDEX events_tenant ON events (tenant_id, pos);
CREATE UNIQUE INDEX events_session ON events (session_id, sequence) WHERE session_id <> '';
CREATE UNIQUE INDEX events_of_applicant ON events (applicant_id, sequence) WHERE session_id = '';
CREATE INDEX events_applicant ON events (applicant_id, pos);

CREATE TABLE endpoints (
    id            TEXT PRIMARY KEY,
    tenant_id     TEXT NOT NULL REFERENCES tenants (id),
    doc           BLOB NOT NULL,
    failures      INTEGER NOT NULL, -- in a row
    failing_since BIGINT NOT NULL,
    created_at    BIGINT NOT NULL
);
CREATE INDEX endpoints_tenant ON endpoints (tenant_id, id);

-- lane is what order is kept within: one session (or applicant) at one endpoint.
CREATE TABLE deliveries (
    pos          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    tenant_id    TEXT NOT NULL,
    endpoint_id  TEXT NOT NULL,
    applicant_id TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    lane         TEXT NOT NULL,
    event_id     TEXT NOT NULL,
    event_type   TEXT NOT NULL,
    name         TEXT NOT NULL, -- the event's name in the dialect's words
    content_type TEXT NOT NULL,
    body         BLOB,
    status       TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    due_at       BIGINT NOT NULL, -- of the next try, or the end of a sender's lease; the greatest number while an older one of the lane waits
    created_at   BIGINT NOT NULL,
    done_at      BIGINT NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE status = 'pending';
CREATE INDEX deliveries_lane ON deliveries (lane, pos) WHERE status = 'pending';
CREATE INDEX deliveries_endpoint ON deliveries (tenant_id, endpoint_id, pos);
CREATE INDEX deliveries_event ON deliveries (event_id);
CREATE INDEX deliveries_tenant ON deliveries (tenant_id, pos);
CREATE INDEX deliveries_session ON deliveries (session_id, pos);

CREATE TABLE delivery_attempts (
    delivery_id TEXT NOT NULL,
    number      INTEGER NOT NULL,
    doc         TEXT NOT NULL, -- what the receiver answered; it holds nothing of ours
    PRIMARY KEY (delivery_id, number)
);

CREATE TABLE accounts (
    id           TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    applicant_id TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    doc          BLOB,
    created_at   BIGINT NOT NULL
);
CREATE INDEX accounts_applicant ON accounts (applicant_id, id);

-- effect is the id of what the call made, written in the transaction that made it.
CREATE TABLE idempotency (
    tenant_id   TEXT NOT NULL,
    client_id   TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    effect      TEXT NOT NULL,
    status      INTEGER NOT NULL, -- 0 while the call runs
    header      TEXT NOT NULL,
    body        BLOB,
    started_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, client_id, key)
);
CREATE INDEX idempotency_started ON idempotency (started_at);

CREATE TABLE audit (
    pos        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    tenant_id  TEXT NOT NULL,
    at         BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id   TEXT NOT NULL,
    action     TEXT NOT NULL,
    object     TEXT NOT NULL,
    detail     TEXT NOT NULL
);
CREATE INDEX audit_object ON audit (tenant_id, object, pos);
CREATE INDEX audit_tenant ON audit (tenant_id, pos);
