package receipt

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// Where the issuer's addresses are, below that of the server.
const (
	KeysPath     = "/.well-known/jwks.json"
	MetadataPath = "/.well-known/jwt-vc-issuer" // draft-ietf-oauth-sd-jwt-vc, 5
	StatusPath   = "/receipts/status/"
)

// Metadata is the issuer's own record.
type Metadata struct {
	Issuer  string `json:"issuer"`
	JWKSURI string `json:"jwks_uri"`
}

// Routes serves keys, metadata and status lists to anybody; an [api.Front] goes before them.
func (i *Issuer) Routes() *api.Mux {
	mux := api.NewMux()
	mux.On("GET "+KeysPath, func(w http.ResponseWriter, r *http.Request) {
		keys, err := i.Public(r.Context())
		if err != nil {
			api.WriteProblem(w, r, err)
			return
		}
		set, err := JWKSOf(keys)
		answer(w, r, "application/jwk-set+json", set, err)
	}, usher.ActEnter)
	mux.On("GET "+MetadataPath, func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, "application/json", Metadata{Issuer: i.c.URL(), JWKSURI: i.c.URL() + KeysPath}, nil)
	}, usher.ActEnter)
	mux.On("GET "+StatusPath+"{n}", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseInt(r.PathValue("n"), 10, 32)
		if err != nil || n < 0 || strconv.FormatInt(n, 10) != r.PathValue("n") {
			api.WriteProblem(w, r, usher.NotFound("status list"))
			return
		}
		text, ok, err := i.list(r.Context(), n)
		switch {
		case err != nil:
			api.WriteProblem(w, r, err)
		case !ok:
			api.WriteProblem(w, r, usher.NotFound("status list"))
		default:
			public(w, StatusType)
			_, _ = w.Write([]byte(text)) // a caller that went away
		}
	}, usher.ActEnter)
	return mux
}

// list gives a status list, made at most once a minute.
func (i *Issuer) list(ctx context.Context, n int64) (string, bool, error) {
	now := i.c.Now()
	i.mu.Lock()
	had, ok := i.lists[n]
	i.mu.Unlock()
	if ok && now.Sub(had.made) < listAge {
		return had.text, true, nil
	}
	_, key, err := i.signing(ctx)
	if err != nil {
		return "", false, err
	}
	from := n * ListSize
	given, err := i.c.Places.Receipts(ctx)
	if err != nil || (n > 0 && from >= given) { // the first list is always there
		return "", false, err
	}
	revoked, err := i.c.Places.RevokedReceipts(ctx, from, from+ListSize)
	if err != nil {
		return "", false, err
	}
	for at := range revoked {
		revoked[at] -= from
	}
	text, err := statusList(key.Private, key.KID, listURI(i.c.URL(), n), revoked, now, listAge)
	if err != nil {
		return "", false, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lists[n] = kept{text, now}
	return text, true, nil
}

func public(w http.ResponseWriter, kind string) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(listAge/time.Second)))
	h.Set("Access-Control-Allow-Origin", "*") // they are for everybody, a page of another site among them
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("X-Content-Type-Options", "nosniff")
}

func answer(w http.ResponseWriter, r *http.Request, kind string, v any, err error) {
	raw, marshalErr := json.Marshal(v)
	if err := errors.Join(err, marshalErr); err != nil {
		api.WriteProblem(w, r, err)
		return
	}
	public(w, kind)
	_, _ = w.Write(raw) // a caller that went away
}
