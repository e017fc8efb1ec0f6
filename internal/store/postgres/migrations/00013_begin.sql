-- +goose Up
-- What SQLite's 00001 to 00013 come to. Later steps have the same number in both folders.
--
-- Text is compared by bytes, as there: every text column says COLLATE "C", whatever the database was made with.
--
-- pos orders rows by commit, with many writers at once: the transaction's id, and the number of the row within the transaction. A row is in its
-- final place when every transaction up to its own has ended, which is when pos < settled_pos(). start is raised when a database was restored into a
-- server that counts transactions from further back (see place.go).
-- +goose StatementBegin
CREATE FUNCTION pos_start() RETURNS BIGINT LANGUAGE sql STABLE AS 'SELECT 0::BIGINT';
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION next_pos() RETURNS BIGINT LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    number BIGINT := COALESCE(NULLIF(current_setting('usher.rows', TRUE), ''), '0')::BIGINT + 1;
BEGIN
    PERFORM set_config('usher.rows', number::TEXT, TRUE);
    RETURN pos_start() + (pg_current_xact_id()::TEXT::BIGINT << 20) + number;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION settled_pos() RETURNS BIGINT LANGUAGE sql STABLE AS
    'SELECT pos_start() + (pg_snapshot_xmin(pg_current_snapshot())::TEXT::BIGINT << 20)';
-- +goose StatementEnd

-- By which a node learns what became of a commit whose answer was lost: each of its transactions that are under way at once has a row, and writes
-- a number of its own into it.
CREATE TABLE commits (
    slot TEXT COLLATE "C" PRIMARY KEY,
    mark BIGINT NOT NULL,
    at   BIGINT NOT NULL
) WITH (fillfactor = 50);

-- Times are milliseconds since 1970 UTC. Columns called doc and body are sealed: with the applicant's keyset where there is an applicant,
-- otherwise with the tenant's key. Columns ending in _index are keyed hashes, for searching what is sealed.

CREATE TABLE tenants (
    id         TEXT COLLATE "C" PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL,
    mode       TEXT COLLATE "C" NOT NULL,
    currency   TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE clients (
    id          TEXT COLLATE "C" PRIMARY KEY,
    tenant_id   TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    dialect     TEXT COLLATE "C" NOT NULL,
    secret_hash BYTEA NOT NULL,
    doc         BYTEA NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX clients_tenant ON clients (tenant_id, dialect);
CREATE INDEX clients_secret ON clients (secret_hash);

-- One row per access token, and one per refresh token; login ties together what was issued from one sign-in.
CREATE TABLE tokens (
    hash       BYTEA PRIMARY KEY,
    kind       TEXT COLLATE "C" NOT NULL,
    login      TEXT COLLATE "C" NOT NULL,
    client_id  TEXT COLLATE "C" NOT NULL,
    dialect    TEXT COLLATE "C" NOT NULL,
    scopes     TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    access_at  BIGINT NOT NULL, -- refresh tokens: when the access token of the pair ends
    used_at    BIGINT NOT NULL  -- refresh tokens: when it was exchanged, or 0
);
CREATE INDEX tokens_login ON tokens (login);
CREATE INDEX tokens_expires ON tokens (expires_at);

CREATE TABLE staff (
    id            TEXT COLLATE "C" PRIMARY KEY,
    tenant_id     TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    email         TEXT COLLATE "C" NOT NULL UNIQUE,
    password_hash TEXT COLLATE "C" NOT NULL,
    role          TEXT COLLATE "C" NOT NULL,
    disabled      BOOLEAN NOT NULL,
    keys_off      BOOLEAN NOT NULL DEFAULT FALSE, -- single-letter keys of the desk (WCAG 2.2, 2.1.4)
    created_at    BIGINT NOT NULL
);

CREATE TABLE staff_sessions (
    hash       BYTEA PRIMARY KEY,
    staff_id   TEXT COLLATE "C" NOT NULL REFERENCES staff (id),
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);
CREATE INDEX staff_sessions_staff ON staff_sessions (staff_id);
CREATE INDEX staff_sessions_seen ON staff_sessions (seen_at);

-- Security counters: they outlive a restart.
CREATE TABLE counters (
    name    TEXT COLLATE "C" PRIMARY KEY,
    count   BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX counters_ends ON counters (ends_at);

CREATE TABLE flows (
    tenant_id  TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    name       TEXT COLLATE "C" NOT NULL,
    version    INTEGER NOT NULL,
    source     TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name, version)
);

-- Deleting an applicant's row here is erasure: nothing sealed with it can be read again.
CREATE TABLE keysets (
    applicant_id TEXT COLLATE "C" PRIMARY KEY,
    tenant_id    TEXT COLLATE "C" NOT NULL,
    wrapped      BYTEA NOT NULL
);

CREATE TABLE applicants (
    id              TEXT COLLATE "C" PRIMARY KEY,
    tenant_id       TEXT COLLATE "C" NOT NULL,
    client_id       TEXT COLLATE "C" NOT NULL,
    dialect         TEXT COLLATE "C" NOT NULL,
    version         BIGINT NOT NULL,
    erased          BOOLEAN NOT NULL,
    reference_index BYTEA,
    email_index     BYTEA,
    national_index  BYTEA,
    doc             BYTEA,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
);
CREATE INDEX applicants_tenant ON applicants (tenant_id, id);
CREATE INDEX applicants_reference ON applicants (tenant_id, reference_index, id);
CREATE INDEX applicants_email ON applicants (tenant_id, email_index, id);

CREATE TABLE sessions (
    id              TEXT COLLATE "C" PRIMARY KEY,
    tenant_id       TEXT COLLATE "C" NOT NULL,
    applicant_id    TEXT COLLATE "C" NOT NULL,
    client_id       TEXT COLLATE "C" NOT NULL,
    dialect         TEXT COLLATE "C" NOT NULL,
    purpose         TEXT COLLATE "C" NOT NULL,
    state           TEXT COLLATE "C" NOT NULL,
    flow            TEXT COLLATE "C" NOT NULL,
    flow_version    INTEGER NOT NULL,
    version         BIGINT NOT NULL,
    reference_index BYTEA,
    doc             BYTEA,
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
    hash       BYTEA PRIMARY KEY,
    tenant_id  TEXT COLLATE "C" NOT NULL,
    session_id TEXT COLLATE "C" NOT NULL,
    dead       BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX links_session ON links (session_id);

CREATE TABLE visits (
    hash       BYTEA PRIMARY KEY,
    tenant_id  TEXT COLLATE "C" NOT NULL,
    session_id TEXT COLLATE "C" NOT NULL,
    took       BOOLEAN NOT NULL,
    replaced   BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX visits_session ON visits (session_id);

CREATE TABLE events (
    pos          BIGINT PRIMARY KEY DEFAULT next_pos(),
    id           TEXT COLLATE "C" NOT NULL UNIQUE,
    tenant_id    TEXT COLLATE "C" NOT NULL,
    applicant_id TEXT COLLATE "C" NOT NULL,
    session_id   TEXT COLLATE "C" NOT NULL,
    dialect      TEXT COLLATE "C" NOT NULL,
    purpose      TEXT COLLATE "C" NOT NULL, -- of the session
    type         TEXT COLLATE "C" NOT NULL,
    sequence     BIGINT NOT NULL,
    doc          BYTEA,
    at           BIGINT NOT NULL
);
CREATE INDEX events_tenant ON events (tenant_id, pos);
CREATE UNIQUE INDEX events_session ON events (session_id, sequence) WHERE session_id <> '';
CREATE UNIQUE INDEX events_of_applicant ON events (applicant_id, sequence) WHERE session_id = '';
CREATE INDEX events_applicant ON events (applicant_id, pos);

CREATE TABLE endpoints (
    id            TEXT COLLATE "C" PRIMARY KEY,
    tenant_id     TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    doc           BYTEA NOT NULL,
    failures      INTEGER NOT NULL, -- in a row
    failing_since BIGINT NOT NULL,
    created_at    BIGINT NOT NULL
);
CREATE INDEX endpoints_tenant ON endpoints (tenant_id, id);

-- lane is what order is kept within: one session (or applicant) at one endpoint.
CREATE TABLE deliveries (
    pos          BIGINT PRIMARY KEY DEFAULT next_pos(),
    id           TEXT COLLATE "C" NOT NULL UNIQUE,
    tenant_id    TEXT COLLATE "C" NOT NULL,
    endpoint_id  TEXT COLLATE "C" NOT NULL,
    applicant_id TEXT COLLATE "C" NOT NULL,
    session_id   TEXT COLLATE "C" NOT NULL,
    lane         TEXT COLLATE "C" NOT NULL,
    event_id     TEXT COLLATE "C" NOT NULL,
    event_type   TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL, -- the event's name in the dialect's words
    content_type TEXT COLLATE "C" NOT NULL,
    body         BYTEA,
    status       TEXT COLLATE "C" NOT NULL,
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
    delivery_id TEXT COLLATE "C" NOT NULL,
    number      INTEGER NOT NULL,
    doc         TEXT COLLATE "C" NOT NULL, -- what the receiver answered; it holds nothing of ours
    PRIMARY KEY (delivery_id, number)
);

CREATE TABLE accounts (
    id           TEXT COLLATE "C" PRIMARY KEY,
    tenant_id    TEXT COLLATE "C" NOT NULL,
    applicant_id TEXT COLLATE "C" NOT NULL,
    session_id   TEXT COLLATE "C" NOT NULL,
    doc          BYTEA,
    number_index BYTEA,
    created_at   BIGINT NOT NULL
);
CREATE INDEX accounts_applicant ON accounts (applicant_id, id);

-- effect is the id of what the call made, written in the transaction that made it.
CREATE TABLE idempotency (
    tenant_id   TEXT COLLATE "C" NOT NULL,
    client_id   TEXT COLLATE "C" NOT NULL,
    key         TEXT COLLATE "C" NOT NULL,
    fingerprint BYTEA NOT NULL,
    effect      TEXT COLLATE "C" NOT NULL,
    status      INTEGER NOT NULL, -- 0 while the call runs
    header      TEXT COLLATE "C" NOT NULL,
    body        BYTEA,
    started_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, client_id, key)
);
CREATE INDEX idempotency_started ON idempotency (started_at);

CREATE TABLE audit (
    pos        BIGINT PRIMARY KEY DEFAULT next_pos(),
    id         TEXT COLLATE "C" NOT NULL UNIQUE,
    tenant_id  TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    actor_kind TEXT COLLATE "C" NOT NULL,
    actor_id   TEXT COLLATE "C" NOT NULL,
    action     TEXT COLLATE "C" NOT NULL,
    object     TEXT COLLATE "C" NOT NULL,
    detail     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX audit_object ON audit (tenant_id, object, pos);
CREATE INDEX audit_tenant ON audit (tenant_id, pos);

-- What the vendors' dialects need: ids of their own shape for a session, people found by their national number, and the screens they saw.

-- hash is keyed, over dialect and key. A key belongs to one session of a tenant for ever, so that what a client names twice is started once.
CREATE TABLE session_keys (
    hash       BYTEA NOT NULL,
    tenant_id  TEXT COLLATE "C" NOT NULL,
    session_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (hash, tenant_id)
);

CREATE INDEX applicants_national ON applicants (tenant_id, national_index, id);

CREATE TABLE page_views (
    pos          BIGINT PRIMARY KEY DEFAULT next_pos(),
    tenant_id    TEXT COLLATE "C" NOT NULL,
    applicant_id TEXT COLLATE "C" NOT NULL,
    session_id   TEXT COLLATE "C" NOT NULL,
    doc          BYTEA NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX page_views_session ON page_views (session_id, pos);

-- What is known of applicants and watchlists. Which lists an applicant resembles is as sensitive as their name, so all of it is sealed.

CREATE TABLE screenings (
    pos          BIGINT PRIMARY KEY DEFAULT next_pos(),
    id           TEXT COLLATE "C" NOT NULL UNIQUE,
    tenant_id    TEXT COLLATE "C" NOT NULL,
    applicant_id TEXT COLLATE "C" NOT NULL,
    session_id   TEXT COLLATE "C" NOT NULL,
    doc          BYTEA,
    at           BIGINT NOT NULL
);
CREATE INDEX screenings_applicant ON screenings (applicant_id, pos);

CREATE TABLE hit_judgements (
    pos          BIGINT PRIMARY KEY DEFAULT next_pos(),
    tenant_id    TEXT COLLATE "C" NOT NULL,
    applicant_id TEXT COLLATE "C" NOT NULL,
    doc          BYTEA NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX hit_judgements_applicant ON hit_judgements (applicant_id, pos);

CREATE TABLE monitors (
    applicant_id TEXT COLLATE "C" PRIMARY KEY,
    tenant_id    TEXT COLLATE "C" NOT NULL,
    session_id   TEXT COLLATE "C" NOT NULL,
    flow         TEXT COLLATE "C" NOT NULL, -- of the session, whose profile holds for the monitor
    flow_version INTEGER NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    hits         INTEGER NOT NULL, -- of the newest screening
    open_hits    INTEGER NOT NULL, -- of them, those nobody has judged
    screening_id TEXT COLLATE "C" NOT NULL,
    since        BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    behind       INTEGER NOT NULL -- how often it began, was resumed or the applicant changed since it was last held against the lists
);
CREATE INDEX monitors_tenant ON monitors (tenant_id, applicant_id);
CREATE INDEX monitors_open ON monitors (tenant_id, applicant_id) WHERE open_hits > 0;
CREATE INDEX monitors_active ON monitors (applicant_id) WHERE state = 'active';
CREATE INDEX monitors_behind ON monitors (applicant_id) WHERE state = 'active' AND behind > 0;

-- Some clients ask for an account by nothing but its number.
CREATE INDEX accounts_number ON accounts (tenant_id, number_index);

-- What reviewers keep about a session. state, flow and due_at are copies that are written with the session, so that queues need one index.

CREATE TABLE cases (
    session_id   TEXT COLLATE "C" PRIMARY KEY,
    tenant_id    TEXT COLLATE "C" NOT NULL,
    applicant_id TEXT COLLATE "C" NOT NULL,
    state        TEXT COLLATE "C" NOT NULL, -- of the session
    flow         TEXT COLLATE "C" NOT NULL,
    assignee     TEXT COLLATE "C" NOT NULL, -- id of a member of staff, or ''
    voters       TEXT COLLATE "C" NOT NULL, -- ids of those who have approved and may not be the second to do so
    deal_most    INTEGER NOT NULL, -- over 0: to be dealt to somebody who has fewer than that
    doc          BYTEA,
    version      BIGINT NOT NULL, -- of assignee and doc
    opened_at    BIGINT NOT NULL,
    due_at       BIGINT NOT NULL
);
CREATE INDEX cases_queue ON cases (tenant_id, state, due_at, session_id, opened_at);
CREATE INDEX cases_flow ON cases (tenant_id, state, flow, due_at, session_id, opened_at);
CREATE INDEX cases_of ON cases (tenant_id, assignee, state, due_at, session_id, opened_at);
CREATE INDEX cases_applicant ON cases (applicant_id);
CREATE INDEX cases_deal ON cases (due_at) WHERE deal_most > 0 AND assignee = '' AND state = 'in_review';

-- What cases can be filtered by: reasons, outcomes of checks and tags, as keyed hashes.
CREATE TABLE case_marks (
    session_id TEXT COLLATE "C" NOT NULL,
    mark_index BYTEA NOT NULL,
    tag        BOOLEAN NOT NULL,
    tenant_id  TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    assignee   TEXT COLLATE "C" NOT NULL,
    due_at     BIGINT NOT NULL,
    PRIMARY KEY (session_id, mark_index)
);
CREATE INDEX case_marks_queue ON case_marks (tenant_id, mark_index, state, due_at, session_id);
CREATE INDEX case_marks_of ON case_marks (tenant_id, mark_index, assignee, state, due_at, session_id);

-- The words a tenant has used as tags, without saying for which case.
CREATE TABLE case_tags (
    tenant_id TEXT COLLATE "C" NOT NULL,
    name      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

CREATE TABLE case_log (
    pos          BIGINT PRIMARY KEY DEFAULT next_pos(),
    id           TEXT COLLATE "C" NOT NULL UNIQUE,
    tenant_id    TEXT COLLATE "C" NOT NULL,
    applicant_id TEXT COLLATE "C" NOT NULL,
    session_id   TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    actor_kind   TEXT COLLATE "C" NOT NULL,
    actor_id     TEXT COLLATE "C" NOT NULL,
    member       TEXT COLLATE "C" NOT NULL, -- dealt: to whom
    doc          BYTEA,
    at           BIGINT NOT NULL
);
CREATE INDEX case_log_session ON case_log (session_id, pos);
CREATE INDEX case_log_applicant ON case_log (applicant_id);

-- Whose turn it was last when cases are dealt.
CREATE TABLE case_turns (
    staff_id  TEXT COLLATE "C" PRIMARY KEY,
    tenant_id TEXT COLLATE "C" NOT NULL,
    turn      BIGINT NOT NULL
);
CREATE INDEX case_turns_tenant ON case_turns (tenant_id, turn);

-- Decisions that can still be taken back. A row goes in the transaction that carries it out, or undoes it.
CREATE TABLE held_decisions (
    session_id   TEXT COLLATE "C" PRIMARY KEY,
    id           TEXT COLLATE "C" NOT NULL UNIQUE,
    tenant_id    TEXT COLLATE "C" NOT NULL,
    applicant_id TEXT COLLATE "C" NOT NULL,
    staff_id     TEXT COLLATE "C" NOT NULL,
    doc          BYTEA NOT NULL,
    due_at       BIGINT NOT NULL
);
CREATE INDEX held_decisions_due ON held_decisions (due_at);
CREATE INDEX held_decisions_applicant ON held_decisions (applicant_id);

-- Words that find an applicant: of their name, and numbers of their documents, as keyed hashes.
CREATE TABLE applicant_words (
    tenant_id    TEXT COLLATE "C" NOT NULL,
    word_index   BYTEA NOT NULL,
    applicant_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, word_index, applicant_id)
);
CREATE INDEX applicant_words_applicant ON applicant_words (applicant_id);

-- By what an applicant can be known again. Hashes are keyed with the tenant's key; what is kept of a picture's look is sealed. Erasing an applicant
-- deletes the rows.

CREATE TABLE traits (
    pos          BIGINT PRIMARY KEY DEFAULT next_pos(),
    tenant_id    TEXT COLLATE "C" NOT NULL,
    applicant_id TEXT COLLATE "C" NOT NULL,
    session_id   TEXT COLLATE "C" NOT NULL,
    evidence_id  TEXT COLLATE "C" NOT NULL, -- of the picture it was taken from, or ''
    hash         BYTEA NOT NULL,
    doc          BYTEA,
    at           BIGINT NOT NULL
);
CREATE UNIQUE INDEX traits_hash ON traits (hash, session_id, evidence_id);
CREATE INDEX traits_applicant ON traits (applicant_id);

-- Pieces of what can only be alike; with one in common two traits are worth a closer look.
CREATE TABLE trait_bands (
    hash  BYTEA NOT NULL,
    trait BIGINT NOT NULL,
    PRIMARY KEY (hash, trait)
);
CREATE INDEX trait_bands_trait ON trait_bands (trait);

-- One-time codes that were sent and not entered yet. hash is keyed, over the session, the address and the code; tries are those left.
CREATE TABLE codes (
    session_id TEXT COLLATE "C" NOT NULL,
    channel    TEXT COLLATE "C" NOT NULL,
    tenant_id  TEXT COLLATE "C" NOT NULL,
    hash       BYTEA NOT NULL,
    tries      INTEGER NOT NULL,
    sent_at    BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    PRIMARY KEY (session_id, channel)
);
CREATE INDEX codes_ends ON codes (ends_at);

-- How the applicant's pages of a tenant look.
CREATE TABLE brands (
    tenant_id   TEXT COLLATE "C" PRIMARY KEY REFERENCES tenants (id),
    name        TEXT COLLATE "C" NOT NULL,
    accent      TEXT COLLATE "C" NOT NULL,
    accent_dark TEXT COLLATE "C" NOT NULL,
    logo        BYTEA,
    logo_type   TEXT COLLATE "C" NOT NULL,
    updated_at  BIGINT NOT NULL
);

-- Keys with which an applicant goes on in a second browser. visit is the first browser, taken_by the second; state is open, taken, back, wrong
-- (another number was named) or ended. number is what the first browser shows, and device says in words what it is.
CREATE TABLE handoffs (
    hash       BYTEA PRIMARY KEY,
    tenant_id  TEXT COLLATE "C" NOT NULL,
    session_id TEXT COLLATE "C" NOT NULL,
    visit      BYTEA NOT NULL,
    taken_by   BYTEA,
    number     INTEGER NOT NULL,
    device     TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL
);
CREATE INDEX handoffs_session ON handoffs (session_id);
CREATE INDEX handoffs_visit ON handoffs (visit, created_at);
CREATE INDEX handoffs_taken ON handoffs (taken_by);
CREATE INDEX handoffs_ends ON handoffs (ends_at);

-- What the pages cost applicants, one row for each screen of a session: how often it was shown, how long it was in front of them, and whether it is
-- where they are. It says nothing of the person.
CREATE TABLE screens_seen (
    session_id TEXT COLLATE "C" NOT NULL,
    screen     TEXT COLLATE "C" NOT NULL,
    tenant_id  TEXT COLLATE "C" NOT NULL,
    flow       TEXT COLLATE "C" NOT NULL,
    views      BIGINT NOT NULL,
    spent      BIGINT NOT NULL, -- ms
    first_at   BIGINT NOT NULL,
    last_at    BIGINT NOT NULL,
    here       BOOLEAN NOT NULL,
    PRIMARY KEY (session_id, screen)
);
CREATE INDEX screens_seen_flow ON screens_seen (tenant_id, first_at);
CREATE INDEX events_figures ON events (tenant_id, at)
    WHERE type IN ('session.approved', 'session.rejected', 'session.overturned', 'watchlist.hits_changed');

-- What a tenant says to applicants of a reason, in place of our own words.
CREATE TABLE reason_texts (
    tenant_id  TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    reason     TEXT COLLATE "C" NOT NULL,
    language   TEXT COLLATE "C" NOT NULL,
    text       TEXT COLLATE "C" NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, reason, language)
);

-- Cases that have waited for long are asked for in the order in which they came.
CREATE INDEX cases_age ON cases (tenant_id, state, opened_at, session_id);
