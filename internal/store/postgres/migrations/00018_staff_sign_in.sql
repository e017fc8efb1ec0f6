-- +goose Up
-- How members of staff sign in. generation rises with whatever must end the sign-ins that there are (password, role, kept out): a session is worth
-- something only while its generation is that of its member. totp is the sealed secret of codes, totp_step the newest time step that was used.
ALTER TABLE staff ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE staff ADD COLUMN totp BYTEA;
ALTER TABLE staff ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0;

-- stage is empty for somebody who is in, "second" while a second factor is asked for, "setup" while a way to sign in is set up.
ALTER TABLE staff_sessions ADD COLUMN id TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE staff_sessions ADD COLUMN stage TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE staff_sessions ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE staff_sessions ADD COLUMN proved_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE staff_sessions ADD COLUMN method TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE staff_sessions ADD COLUMN address TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE staff_sessions ADD COLUMN agent TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE staff_sessions ADD COLUMN failed BIGINT NOT NULL DEFAULT 0;

CREATE TABLE staff_passkeys (
    id         BYTEA PRIMARY KEY,
    staff_id   TEXT COLLATE "C" NOT NULL REFERENCES staff (id),
    name       TEXT COLLATE "C" NOT NULL,
    doc        BYTEA NOT NULL,
    sign_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
);
CREATE INDEX staff_passkeys_staff ON staff_passkeys (staff_id);

-- Recovery codes, each of use once.
CREATE TABLE staff_codes (
    staff_id TEXT COLLATE "C" NOT NULL REFERENCES staff (id),
    hash     BYTEA NOT NULL,
    used_at  BIGINT NOT NULL,
    PRIMARY KEY (staff_id, hash)
);

-- What is under way for some minutes: challenges of passkeys, sign-ins elsewhere, secrets not yet confirmed; and invitations, for a day.
CREATE TABLE staff_tries (
    hash       BYTEA PRIMARY KEY,
    kind       TEXT COLLATE "C" NOT NULL,
    staff_id   TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    doc        BYTEA NOT NULL,
    ends_at    BIGINT NOT NULL
);
CREATE INDEX staff_tries_staff ON staff_tries (staff_id);
CREATE INDEX staff_tries_ends ON staff_tries (ends_at);
