package engine

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/usher-kyc/usher"
)

// AddEvidence stores a file and tells the session of it. The file is on disk before the session knows it; when the session then refuses it,
// a sweep takes the file.
func (e *Engine) AddEvidence(ctx context.Context, tenant, session string, n usher.NewEvidence, body io.Reader,
) (usher.Session, usher.Evidence, error) {
	// A simulation stores several files in one call, one of each kind.
	operation := "evidence-" + string(n.Kind)
	had, err := e.done(ctx, operation)
	if err != nil {
		return usher.Session{}, usher.Evidence{}, err
	}
	s, err := e.Session(ctx, tenant, session)
	if err != nil || had != "" {
		return s, evidenceOf(s, had), err
	}
	ev := usher.Evidence{ID: newID(), Kind: n.Kind, Source: n.Source, ContentType: n.ContentType, Advice: n.Advice}
	if n.Nonce != "" {
		ev.Challenge = &usher.Challenge{Nonce: n.Nonce}
	}
	cmd := usher.Command{Kind: usher.CmdAddEvidence, By: n.By, Evidence: &ev}
	// A dry run: no bytes are taken in for a session that will refuse them.
	if _, _, err := usher.Decide(s, cmd, e.now()); err != nil {
		return s, ev, err
	}
	if ev.Ref, ev.SHA256, ev.Size, err = e.c.Blobs.Put(ctx, tenant, s.ApplicantID, body); err != nil {
		return s, ev, fmt.Errorf("store evidence: %w", err)
	}
	s, err = e.script(ctx, tenant, session, operation, false, func(h *hand) error {
		h.made = ev.ID
		return h.decide(ctx, cmd)
	})
	if err != nil {
		return s, ev, err
	}
	return s, evidenceOf(s, ev.ID), nil
}

// evidenceOf gives one piece of a session's evidence; an empty one when it is not there.
func evidenceOf(s usher.Session, id string) usher.Evidence {
	i := slices.IndexFunc(s.Evidence, func(ev usher.Evidence) bool { return ev.ID == id })
	if i < 0 {
		return usher.Evidence{}
	}
	return s.Evidence[i]
}

// OpenEvidence gives a file's bytes. Who looked is on the audit trail before the first byte is out.
func (e *Engine) OpenEvidence(ctx context.Context, tenant, session, id string, offset int64, by usher.Actor,
) (usher.Evidence, io.ReadCloser, error) {
	s, err := e.Session(ctx, tenant, session)
	if err != nil {
		return usher.Evidence{}, nil, err
	}
	for _, ev := range s.Evidence {
		if ev.ID != id {
			continue
		}
		if by.Kind != usher.BySystem { // a check that sends a file to an engine says so by itself
			if err := e.Record(ctx, e.record(tenant, by, "evidence.viewed", id, "session "+session)); err != nil {
				return ev, nil, err
			}
		}
		r, err := e.c.Blobs.Open(ctx, ev.Ref, offset)
		if err != nil {
			return ev, nil, fmt.Errorf("open evidence: %w", err)
		}
		return ev, r, nil
	}
	return usher.Evidence{}, nil, usher.NotFound("evidence")
}
