package sender

import (
	"context"
	"log/slog"
	"strings"

	"github.com/usher-kyc/usher"
)

// Log writes messages to a log instead of sending them: for development, never for real people.
type Log struct{ Log *slog.Logger }

// Send writes the text, and whom it is for with the middle left out. It is a warning, which logs of developers show, too: without it nobody gets on.
func (l Log) Send(ctx context.Context, m usher.CodeMessage) error {
	l.Log.WarnContext(ctx, "a code, not sent anywhere", "channel", string(m.Channel), "to", masked(m.To), "text", m.Text)
	return nil
}

// masked leaves the first letter and the end.
func masked(to string) string {
	name, domain, ok := strings.Cut(to, "@")
	if !ok {
		return "…" + to[max(0, len(to)-3):]
	}
	if len(name) > 1 {
		name = name[:1] + "…"
	}
	return name + "@" + domain
}
