package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/report"
	"github.com/usher-kyc/usher/web"
)

// openReport makes what writes evidence packs.
func (h *house) openReport() (err error) {
	h.report, err = report.New(report.Config{
		Service: h.Engine, Auditor: h.Engine, Files: web.Files, Pictures: h.pictures.intake, Member: h.auth.Member,
	})
	return err
}

// exportWish is what is to be written where.
type exportWish struct {
	tenant, session, applicant string
	locale, out, to            string
	plain                      bool
}

func (w *exportWish) flags(fs *flag.FlagSet) {
	fs.StringVar(&w.session, "session", "", "id of the session")
	fs.StringVar(&w.applicant, "applicant", "", "id of an applicant instead, all of whose sessions are written")
	fs.StringVar(&w.out, "out", "", "file to be written, such as case.zip; it must not be there yet")
	fs.StringVar(&w.to, "to", "", "keys of age (age1…, separated by commas) that the file is encrypted to; needed for an applicant, unless --plain")
	fs.BoolVar(&w.plain, "plain", false, "write an applicant's file without encryption")
	fs.StringVar(&w.locale, "locale", "en", "language of the report in it, such as sv")
	fs.StringVar(&w.tenant, "tenant", "", "id of the tenant; empty looks in all of them")
}

func (w *exportWish) check() ([]age.Recipient, error) {
	if (w.session == "") == (w.applicant == "") || w.out == "" {
		return nil, usageError{errors.New("needs --session or --applicant, and --out")}
	}
	if w.applicant != "" && w.to == "" && !w.plain {
		return nil, usageError{errors.New("what is known of a person travels encrypted: give the key of who asked with --to age1… (age-keygen makes one), or say --plain")}
	}
	if w.to == "" {
		return nil, nil
	}
	keys, err := age.ParseRecipients(strings.NewReader(strings.ReplaceAll(w.to, ",", "\n")))
	if err != nil {
		return nil, usageError{fmt.Errorf("--to: %w", err)}
	}
	return keys, nil
}

func exportCommand(ctx context.Context, c console, args []string) error {
	var w exportWish
	s, rest, err := readSettings(c, "export", args, w.flags)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError{fmt.Errorf("does not know what to do with %q", rest[0])}
	}
	keys, err := w.check()
	if err != nil {
		return err
	}
	h, err := open(ctx, s, newLog(c, s, slog.LevelWarn))
	if err != nil {
		return err
	}
	err = h.export(ctx, w, keys)
	if err == nil {
		fmt.Fprintf(c.out, "%s holds everything of the case. It is personal data: keep it as such.\n", w.out)
	}
	return errors.Join(err, h.close())
}

// export writes a pack to a file that only its owner may read, whole or not at all.
func (h *house) export(ctx context.Context, w exportWish, keys []age.Recipient) error {
	if _, err := os.Lstat(w.out); err == nil {
		return fmt.Errorf("%s is there already", w.out)
	}
	f, err := os.CreateTemp(filepath.Dir(w.out), ".usher-export-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write evidence pack: %w", err)
	}
	err = errors.Join(h.writePack(ctx, f, w, keys), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), w.out)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// writePack writes a pack, encrypted (age-encryption.org/v1) where there are keys to encrypt it to.
func (h *house) writePack(ctx context.Context, out io.Writer, w exportWish, keys []age.Recipient) error {
	tenant, err := h.tenantOf(ctx, w)
	if err != nil {
		return err
	}
	write := func(out io.Writer) error {
		if w.applicant != "" {
			return h.report.ZipApplicant(ctx, out, tenant, w.applicant, w.locale, operator)
		}
		return h.report.Zip(ctx, out, tenant, w.session, w.locale, operator)
	}
	if len(keys) == 0 {
		return write(out)
	}
	sealed, err := age.Encrypt(out, keys...)
	if err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	return errors.Join(write(sealed), sealed.Close())
}

// tenantOf gives the tenant that what is wished for belongs to.
func (h *house) tenantOf(ctx context.Context, w exportWish) (string, error) {
	if w.tenant != "" {
		return w.tenant, nil
	}
	all, err := h.db.Tenants(ctx)
	if err != nil {
		return "", err
	}
	for _, t := range all {
		if w.applicant != "" {
			_, err = h.Applicant(ctx, t.ID, w.applicant)
		} else {
			_, err = h.Session(ctx, t.ID, w.session)
		}
		if e, ok := errors.AsType[*usher.Error](err); err == nil || (ok && e.Code == usher.CodeGone) {
			return t.ID, nil
		}
	}
	if w.applicant != "" {
		return "", usher.NotFound("applicant")
	}
	return "", usher.NotFound("session")
}
