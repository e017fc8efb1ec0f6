package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/account"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/blob"
	"github.com/usher-kyc/usher/internal/check/age"
	"github.com/usher-kyc/usher/internal/check/contact"
	"github.com/usher-kyc/usher/internal/check/document"
	"github.com/usher-kyc/usher/internal/check/document/chip"
	"github.com/usher-kyc/usher/internal/check/document/consistency"
	"github.com/usher-kyc/usher/internal/check/duplicate"
	"github.com/usher-kyc/usher/internal/check/face"
	"github.com/usher-kyc/usher/internal/check/face/liveness"
	"github.com/usher-kyc/usher/internal/check/facelogin"
	outside "github.com/usher-kyc/usher/internal/check/http"
	"github.com/usher-kyc/usher/internal/check/registry"
	"github.com/usher-kyc/usher/internal/check/sandbox"
	"github.com/usher-kyc/usher/internal/check/watchlist"
	"github.com/usher-kyc/usher/internal/dialect/native"
	"github.com/usher-kyc/usher/internal/engine"
	"github.com/usher-kyc/usher/internal/hosted"
	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/receipt"
	"github.com/usher-kyc/usher/internal/report"
	"github.com/usher-kyc/usher/internal/screening"
	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/store/sqlite"
	"github.com/usher-kyc/usher/internal/vault"
	"github.com/usher-kyc/usher/internal/webhook"
)

// house is everything that stands behind the fronts.
type house struct {
	*engine.Engine
	settings settings
	log      *slog.Logger
	db       *store.Database
	ring     *vault.Ring
	vault    *vault.Vault
	files    evidence
	auth     *auth.Auth
	sender   *webhook.Sender
	pictures pictures
	stamps   usher.Stamps
	outside  *outside.Outside
	report   *report.Report
	dialects []api.Dialect
	lists    *screening.Lists
	sharing  *api.Sharing // of limits among nodes; nil where there is one
	live     *liveness.Checker
	trail    *trail
	receipts *receipt.Issuer
	portrait func(context.Context, []byte) ([]byte, error)
	watch    *watch
}

// open puts a house together. Its literal lists are the only place that names every dialect, check and account opener.
func open(ctx context.Context, s settings, log *slog.Logger) (*house, error) {
	h := &house{settings: s, log: log, pictures: pictures{intake: picture.New(picture.Config{})}}
	var err error
	if h.watch, err = newWatch(s, log); err != nil {
		return nil, err
	}
	if err := h.openData(ctx); err != nil {
		return nil, err
	}
	allow, err := prefixes(s.Allow)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("allow: %w", err), h.close())
	}
	if h.lists, err = openLists(ctx, h, allow); err != nil {
		return nil, errors.Join(err, h.close())
	}
	checks, err := h.checks()
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	h.portrait = portraits(checks)
	outward := webhook.ClientConfig{Dev: s.Dev, Allow: allow}
	client := webhook.NewClient(outward)
	files := outward // pictures that a client names by address, which a vendor allows
	files.Timeout, files.MaxAnswer = 10*time.Second, 15<<20+1
	h.stamps, h.sharing = api.Stamps{Key: h.derivedKey("stamps")}, h.shareLimits()
	if err := h.openOutside(client, outward.CheckURL); err != nil {
		return nil, errors.Join(err, h.close())
	}
	openers := []usher.AccountOpener{account.Internal{}}
	if s.AccountURL != "" {
		openers = append(openers, account.NewHTTP(account.HTTPConfig{URL: s.AccountURL, Token: s.AccountToken, Client: client}))
	}
	senders, err := h.senders(client)
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	h.Engine = engine.New(engine.Config{
		Store: h.db.Store, Queue: h.db.Jobs, Vault: h.vault, Blobs: blob.Evidence{Store: h.files},
		Renderers:      []usher.Renderer{native.Renderer{}},
		Checkers:       withOutside(checks, h.outside),
		Simulated:      sandbox.All(),
		Told:           h.watch.metrics.Told,
		KeepDeliveries: s.KeepDeliveries,
		Openers:        openers,
		Pages:          hosted.Steps(),
		Senders:        senders,
		HandoffURL:     func(token string) string { return h.settings.VerifyURL + verifyBase + "/h/" + token },
		LinkURL:        func(token string) string { return h.settings.VerifyURL + verifyBase + "/s/" + token },
		CheckURL:       outward.CheckURL,
		NeedsAuth:      func(name string) bool { d, ok := h.dialect(name); return ok && d.NeedsAuth },
		Stamps:         h.stamps,
		Wake:           func() { h.sender.Wake() },
		TakeOver:       h.takeOver(),
		Stand:          standInPicture,
		Dev:            s.Dev, Log: log,
	})
	h.openReceipts()
	if err := h.openReport(); err != nil {
		return nil, errors.Join(err, h.close())
	}
	if err := h.openDialects(checks, webhook.NewClient(files)); err != nil {
		return nil, errors.Join(err, h.close())
	}
	h.sender, err = webhook.New(webhook.Config{
		Outbox: h.Engine, Client: client, Version: build().Version, Log: log, Policies: h.policies(),
		Poll: h.poll(), Alive: h.Alive, Tried: h.watch.metrics.Tried, Allowed: h.MaySend,
	})
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	h.watched()
	return h, nil
}

// openData opens what the data folder holds.
func (h *house) openData(ctx context.Context) error {
	var err error
	if h.db, err = h.openDatabase(ctx); err != nil {
		return err
	}
	if h.ring, err = h.settings.openRing(ctx); err != nil {
		return errors.Join(err, h.db.Store.Close())
	}
	master := h.ring.Master()
	if held, err := h.db.HasKeysets(ctx); err != nil || (held && master.Fresh()) {
		if err == nil {
			err = errors.New("the data folder holds sealed data, but its master key is gone: put master.key (or USHER_MASTER_KEY) back")
		}
		return errors.Join(err, h.db.Store.Close())
	}
	if err := h.maySeal(ctx, master.ID()); err != nil {
		return errors.Join(err, h.db.Store.Close())
	}
	h.vault, err = vault.New(vault.Config{Master: master, Keysets: h.db.Store, MaxAge: h.keyAge()})
	if err != nil {
		return errors.Join(err, h.db.Store.Close())
	}
	h.files, err = h.settings.openEvidence(ctx, func(ctx context.Context, tenant, applicant string) (blob.Sealer, error) {
		return h.vault.Sealer(ctx, tenant, applicant)
	})
	if err != nil {
		return errors.Join(err, h.db.Store.Close())
	}
	h.auth, err = h.staffAuth()
	return err
}

// openDatabase opens the database that the settings name: PostgreSQL, or the one in the data folder.
func (h *house) openDatabase(ctx context.Context) (*store.Database, error) {
	if h.settings.Database == "" {
		if err := h.settings.stillHere(); err != nil {
			return nil, err
		}
		return sqlite.Open(ctx, sqlite.Config{Dir: h.settings.Data, Log: h.log, Wrote: h.watch.metrics.Wrote})
	}
	if err := os.MkdirAll(h.settings.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	return postgres.Open(ctx, postgres.Config{URL: h.settings.Database, Node: newNode(), Log: h.log, Wrote: h.watch.metrics.Wrote})
}

// checks are the verifications this build can run. The document is read once for all that build on it.
func (h *house) checks() ([]usher.Checker, error) {
	reading := document.Share(document.New(document.Config{Intake: h.pictures.intake}))
	issuers, err := h.issuers()
	if err != nil {
		return nil, err
	}
	chips := chip.New(chip.Config{List: issuers, Document: document.Earlier(reading)})
	finder, err := face.NewFinder()
	if err != nil {
		return nil, fmt.Errorf("prepare face check: %w", err)
	}
	matcher, err := h.matcher()
	if err != nil {
		return nil, err
	}
	faces, err := face.New(face.Config{Reference: chips.Reference, Intake: h.pictures.intake, Finder: finder, Matcher: matcher})
	if err != nil {
		return nil, fmt.Errorf("prepare face check: %w", err)
	}
	h.live, err = liveness.New(liveness.Config{Intake: h.pictures.intake, Finder: finder, Matcher: matcher})
	if err != nil {
		return nil, fmt.Errorf("prepare liveness check: %w", err)
	}
	live, err := h.livenessEngine()
	if err != nil {
		return nil, err
	}
	if live == nil {
		live = h.live
	}
	return []usher.Checker{
		reading,
		chips,
		faces,
		live,
		facelogin.New(facelogin.Config{}),
		consistency.New(consistency.Config{Document: document.Earlier(reading)}),
		registry.New(registry.Config{Document: document.Earlier(reading)}),
		contact.New(contact.Config{}),
		age.New(age.Config{Document: document.Earlier(reading)}),
		watchlist.New(h.lists, document.Earlier(reading)),
		duplicate.New(duplicate.Config{Intake: h.pictures.intake, Document: document.Earlier(reading)}),
	}, nil
}

func (h *house) close() error { return errors.Join(h.files.Close(), h.db.Store.Close()) }

func prefixes(list string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		p, err := netip.ParsePrefix(word)
		if err != nil {
			return nil, fmt.Errorf("%q is not a network such as 10.1.0.0/16", word)
		}
		all = append(all, p)
	}
	return all, nil
}
