-- +goose Up
-- What reviewers keep about a session. state, flow and due_at are copies that are written with the session, so that queues need one index.

CREATE TABLE cases (
    session_id   TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    applicant_id TEXT NOT NULL,
    state        TEXT NOT NULL, -- of the session
    flow         TEXT NOT NULL,
    assignee     TEXT NOT NULL, -- id of a member of staff, or ''
    voters       TEXT NOT NULL, -- ids of those who have approved and may not be the second to do so
    deal_most    INTEGER NOT NULL, -- over 0: to be dealt to somebody who has fewer than that
    doc          BLOB,
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
    session_id TEXT NOT NULL,
    mark_index BLOB NOT NULL,
    tag        BOOLEAN NOT NULL,
    tenant_id  TEXT NOT NULL,
    state      TEXT NOT NULL,
    assignee   TEXT NOT NULL,
    due_at     BIGINT NOT NULL,
    PRIMARY KEY (session_id, mark_index)
);
CREATE INDEX case_marks_queue ON case_marks (tenant_id, mark_index, state, due_at, session_id);
CREATE INDEX case_marks_of ON case_marks (tenant_id, mark_index, assignee, state, due_at, session_id);

-- The words a tenant has used as tags, without saying for which case.
CREATE TABLE case_tags (
    tenant_id TEXT NOT NULL,
    name      TEXT NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

CREATE TABLE case_log (
    pos          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    tenant_id    TEXT NOT NULL,
    applicant_id TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    kind         TEXT NOT NULL,
    actor_kind   TEXT NOT NULL,
    actor_id     TEXT NOT NULL,
    member       TEXT NOT NULL, -- dealt: to whom
    doc          BLOB,
    at           BIGINT NOT NULL
);
CREATE INDEX case_log_session ON case_log (session_id, pos);
CREATE INDEX case_log_applicant ON case_log (applicant_id);

-- Whose turn it was last when cases are dealt.
CREATE TABLE case_turns (
    staff_id  TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    turn      BIGINT NOT NULL
);
CREATE INDEX case_turns_tenant ON case_turns (tenant_id, turn);

-- Decisions that can still be taken back. A row goes in the transaction that carries it out, or undoes it.
CREATE TABLE held_decisions (
    session_id   TEXT PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    tenant_id    TEXT NOT NULL,
    applicant_id TEXT NOT NULL,
    staff_id     TEXT NOT NULL,
    doc          BLOB NOT NULL,
    due_at       BIGINT NOT NULL
);
CREATE INDEX held_decisions_due ON held_decisions (due_at);
CREATE INDEX held_decisions_applicant ON held_decisions (applicant_id);

-- Words that find an applicant: of their name, and numbers of their documents, as keyed hashes.
CREATE TABLE applicant_words (
    tenant_id    TEXT NOT NULL,
    word_index   BLOB NOT NULL,
    applicant_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, word_index, applicant_id)
);
CREATE INDEX applicant_words_applicant ON applicant_words (applicant_id);

-- Sessions that wait for a reviewer when this is run become cases with a day's time; their marks come with their next change.
INSERT INTO cases (session_id, tenant_id, applicant_id, state, flow, assignee, voters, deal_most, version, opened_at, due_at)
SELECT id, tenant_id, applicant_id, state, flow, '', '', 0, 1, updated_at, updated_at + 86400000 FROM sessions WHERE state = 'in_review';
