package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

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

func exportCommand(ctx context.Context, c console, args []string) error {
	var tenant, session, out, locale string
	s, rest, err := readSettings(c, "export", args, func(fs *flag.FlagSet) {
		fs.StringVar(&session, "session", "", "id of the session")
		fs.StringVar(&out, "out", "", "file to be written, such as case.zip; it must not be there yet")
		fs.StringVar(&locale, "locale", "en", "language of the report in it, such as sv")
		fs.StringVar(&tenant, "tenant", "", "id of the tenant; empty looks for the session in all of them")
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 || session == "" || out == "" {
		return usageError{errors.New("needs --session and --out, and nothing else")}
	}
	h, err := open(ctx, s, newLog(c, s, slog.LevelWarn))
	if err != nil {
		return err
	}
	err = h.export(ctx, tenant, session, locale, out)
	if err == nil {
		fmt.Fprintf(c.out, "%s holds everything of the case. It is personal data: keep it as such.\n", out)
	}
	return errors.Join(err, h.close())
}

// export writes the evidence pack of a session to a file that only its owner may read, whole or not at all.
func (h *house) export(ctx context.Context, tenant, session, locale, out string) error {
	if _, err := os.Lstat(out); err == nil {
		return fmt.Errorf("%s is there already", out)
	}
	tenant, err := h.tenantOf(ctx, tenant, session)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(out), ".usher-export-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write evidence pack: %w", err)
	}
	err = errors.Join(h.report.Zip(ctx, f, tenant, session, locale, operator), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), out)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// tenantOf gives the tenant that a session belongs to.
func (h *house) tenantOf(ctx context.Context, tenant, session string) (string, error) {
	if tenant != "" {
		return tenant, nil
	}
	all, err := h.db.Tenants(ctx)
	if err != nil {
		return "", err
	}
	for _, t := range all {
		_, err := h.Session(ctx, t.ID, session)
		if e, ok := errors.AsType[*usher.Error](err); err == nil || (ok && e.Code == usher.CodeGone) {
			return t.ID, nil
		}
	}
	return "", usher.NotFound("session")
}
