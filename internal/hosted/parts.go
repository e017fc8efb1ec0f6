package hosted

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// Files larger than a piece come in pieces, so that a lost connection, a closed tab or a server that is started anew costs one of them and not
// the whole. The page's script names a file by its SHA-256: it asks how much has come (GET), sends what is missing (POST, from an offset on),
// and then sends the page's own form with the name in place of the file. Without scripts the file is in the form.
const (
	partSuffix  = "/part" // of the address of a picture's pages
	partHeader  = "Usher-Upload"
	fromHeader  = "Usher-Offset"
	againHeader = "Usher-Again" // of a request whose first answer was lost
	uploadField = "upload"
	mostPiece   = 1 << 20
)

// parts adds the addresses for a file in pieces.
func (h *Hosted) parts(sub subject) {
	at := "/f/{session}/" + string(sub.at) + partSuffix
	take := h.visit(func(t *turn) error {
		t.at = sub.at
		if !reachable(t.s, t.note, t.at) {
			return t.json(map[string]string{"page": t.h.kit.URL(t.home())})
		}
		return t.part()
	})
	h.kit.Handle("GET "+at, web.Route{}, take)
	h.kit.Handle("POST "+at, web.Route{MaxBody: mostPiece, ReadTimeout: uploadSilence}, take)
}

// partURL gives the address that pieces are sent to, or "" where they are not taken.
func (t *turn) partURL(sub subject) string {
	if t.h.config.Uploads == nil {
		return ""
	}
	return t.url(sub.at + partSuffix)
}

// part takes a piece, or tells how much has come. A file that would be refused anyway is refused before its bytes are sent.
func (t *turn) part() error {
	sub, st, d := t.subject()
	u, ok := t.uploadOf(t.r.Header.Get(partHeader))
	if t.h.config.Uploads == nil || !ok {
		return usher.Invalid("upload", "name the file by its SHA-256")
	}
	switch at, wrong := t.knows(sub, st, d, u.SHA256); {
	case wrong != "":
		return t.json(map[string]string{"wrong": t.text(wrong, "client", t.client())})
	case at != "":
		return t.json(map[string]string{"page": t.url(at)})
	}
	if t.r.Method == http.MethodGet {
		n, err := t.h.config.Uploads.Received(t.ctx(), u)
		if err != nil {
			return err
		}
		return t.json(map[string]int64{"offset": n})
	}
	from, err := strconv.ParseInt(t.r.Header.Get(fromHeader), 10, 64)
	if err != nil || from < 0 {
		return usher.Invalid("offset", "say where the piece begins")
	}
	piece, err := io.ReadAll(t.r.Body)
	if err != nil {
		return usher.Invalid("piece", "the piece did not arrive")
	}
	if from+int64(len(piece)) > t.most(sub) {
		return t.json(map[string]string{"wrong": t.text(sub.wrong("too_large"))})
	}
	n, err := t.h.config.Uploads.Append(t.ctx(), u, from, piece)
	if err != nil {
		return err
	}
	return t.json(map[string]int64{"offset": n})
}

// uploadOf names an upload of this session.
func (t *turn) uploadOf(sum string) (usher.Upload, bool) {
	raw, err := hex.DecodeString(sum)
	u := usher.Upload{Tenant: t.s.TenantID, Applicant: t.s.ApplicantID, Session: t.s.ID, SHA256: sum}
	return u, err == nil && len(raw) == sha256.Size && strings.ToLower(sum) == sum
}

// assemble gives the file that came in pieces, or the key of what is wrong with it. Pieces that do not make the file they were said to are
// forgotten, so that it can be sent anew.
func (t *turn) assemble(sum string) (raw []byte, wrong string, err error) {
	u, ok := t.uploadOf(sum)
	if !ok || t.h.config.Uploads == nil {
		return nil, "photo.error.missing", nil
	}
	r, err := t.h.config.Uploads.Open(t.ctx(), u)
	if away, ok := errors.AsType[*usher.Error](err); ok && away.Code == usher.CodeInternal {
		return nil, "", err // where the pieces lie cannot be reached now; they need not be sent again
	}
	if err != nil {
		t.h.log.WarnContext(t.ctx(), "an upload in pieces could not be read", "session", t.s.ID, "error", err)
		return nil, "photo.error.broken", t.h.config.Uploads.Discard(t.ctx(), u)
	}
	defer r.Close()
	raw, err = io.ReadAll(r)
	if err != nil {
		return nil, "", err
	}
	if got := sha256.Sum256(raw); hex.EncodeToString(got[:]) != sum {
		return nil, "photo.error.broken", t.h.config.Uploads.Discard(t.ctx(), u)
	}
	return raw, "", nil
}

// forget drops the pieces of a file that was taken in.
func (t *turn) forget(sum string) error {
	u, ok := t.uploadOf(sum)
	if !ok || t.h.config.Uploads == nil {
		return nil
	}
	return t.h.config.Uploads.Discard(t.ctx(), u)
}

// knows tells of a file, by its SHA-256, whether it is here already: at is the page where it is looked at, when it is the newest of its kind;
// wrong is the key of why it is not taken, when it was not good enough before. Neither costs a try.
func (t *turn) knows(sub subject, st usher.StepStatus, d document, sum string) (at place, wrong string) {
	last, sent := newest(t.s, st, sub.kind, d.from)
	if sent && last.SHA256 == sum && last.Attempt == t.s.Attempt && sub.at != atVideo {
		// The answer to a script was lost: what it sends again is no second try.
		if len(last.Advice) == 0 || t.r.Header.Get(againHeader) != "" {
			return sub.check(), ""
		}
	}
	for _, e := range t.s.Evidence {
		switch {
		case e.Kind != sub.kind || e.SHA256 != sum || e.Source != usher.FromCamera && e.Source != usher.FromUpload:
		case st.Again(e.Kind) && e.Attempt < t.s.Attempt:
			return "", sub.wrong("same")
		case len(e.Advice) > 0:
			return "", "photo.error.tried"
		}
	}
	return "", ""
}

const (
	// mostTries is how many pictures of one kind are taken in within tryTime: whoever sends more than that does not get further by sending more.
	mostTries = 10
	tryTime   = 6 * time.Hour
	// nativeAfter is how many pictures in a row may fail before the phone's own camera app is offered first.
	nativeAfter = 3
)

// mustWait gives how long it is until a further picture of this kind is taken, 0 when one is taken now. It is counted by what is stored, so that
// neither a new browser nor a new process starts it anew.
func (t *turn) mustWait(sub subject) time.Duration {
	now := t.h.config.now()
	var recent []time.Time
	for _, e := range t.s.Evidence {
		if e.Kind == sub.kind && e.Attempt == t.s.Attempt && (e.Source == usher.FromCamera || e.Source == usher.FromUpload) && now.Sub(e.At) < tryTime {
			recent = append(recent, e.At)
		}
	}
	if len(recent) < mostTries {
		return 0
	}
	return recent[len(recent)-mostTries].Add(tryTime).Sub(now)
}

// triesPage says that no further picture is taken for a time, and the ways on.
func (t *turn) triesPage(sub subject, wait time.Duration) error {
	wait = wait.Round(time.Minute) + time.Minute
	return t.displayOf("tries", map[string]any{
		"Left": t.text("tries.left", "hours", int(wait.Hours()), "minutes", int(wait.Minutes())%60), "Use": t.url(sub.check()), "N": mostTries,
		"Out": t.out(momentOf(t.s)),
	})
}
