package hosted

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/web"
)

// DefaultMaxUpload is how many bytes a file may have, DefaultMaxVideo how many a video of the face.
const (
	DefaultMaxUpload = 10 << 20
	DefaultMaxVideo  = 25 << 20
)

const (
	// mostBody is what is read of a request with a file, so that a file that is too large gets an answer and not a broken connection.
	mostBody = 64 << 20
	// uploadSilence is how long an upload may stand still.
	uploadSilence = 30 * time.Second
	// previewSide is the longest side of a picture on a page, in pixels.
	previewSide = 1000
)

// Config is what the pages need. Service, Files, Intake and Preview must be given.
type Config struct {
	Service usher.Service
	Files   fs.FS  // web.Files
	Base    string // path the pages are mounted at, "/verify"
	Secure  bool   // people reach them by https
	Log     *slog.Logger

	// Intake looks at a file before it is kept and gives its content type and what could be better about it (codes of class retry, none when
	// it is good). A refusal is an [*usher.Error] whose Detail is one of empty, not_a_picture, unsupported_type, animated, too_large,
	// too_many_pixels, too_complex, damaged and not_a_video. A PDF is to be taken for usher.ProofOfAddress only, a video for usher.SelfieVideo.
	Intake func(ctx context.Context, kind usher.EvidenceKind, raw []byte) (contentType string, advice []usher.ReasonCode, err error)
	// Preview gives a fresh JPEG of a stored picture, its longest side at most maxSide pixels, free of anything but the picture.
	Preview func(ctx context.Context, raw io.Reader, maxSide int) (jpeg []byte, err error)
	// Judge looks at the frames of a capture challenge and gives what is wrong with them, a word that has a text "challenge.wrong.<word>", or "".
	// Without it the applicant hears nothing of them; the check looks at them in any case.
	Judge func(ctx context.Context, frames []byte, moves []usher.Move) (wrong string, err error)
	// Moves draws the movements of a challenge; nil draws them by chance.
	Moves func() ([]usher.Move, error)

	// Uploads keeps files that come in pieces. Without it each file comes whole, and a lost connection costs all of it.
	Uploads usher.Uploads
	// Brand gives how a tenant wants the pages to look. Without it they look as they come.
	Brand func(ctx context.Context, tenant string) (usher.Brand, error)
	// Texts gives what a tenant says of reasons in place of our words. Without it ours are said.
	Texts func(ctx context.Context, tenant string) ([]usher.ReasonText, error)

	// Rules says, by dialect, where browsers are sent and who may frame the pages; a dialect without a rule takes what the pages do by themselves.
	Rules map[string]usher.PageRules
	// Receipts gives approved applicants a signed statement; nil offers none.
	Receipts usher.Receipts
	// Client gives the API client of a session, whose list of origins may frame it. Without it nothing is framed.
	Client func(ctx context.Context, tenant, id string) (usher.APIClient, error)

	// Key signs the note in the browser's cookie; 32 random bytes that all nodes share. When empty each process draws its own: after a
	// restart an applicant may be asked again which document they use.
	Key []byte
	// Looks bounds, by session, how many files are decoded to look at them: those that are refused, too, and leave nothing behind to count; and as
	// many again to show them to the applicant. Nil does not bound it.
	Looks     *api.Limiter
	MaxUpload int64 // bytes; DefaultMaxUpload when 0
	MaxVideo  int64 // bytes; DefaultMaxVideo when 0

	Now func() time.Time // nil means time.Now; used to tell that a day of birth lies in the past
}

func (c Config) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// Hosted serves the applicant's pages below its base.
type Hosted struct {
	config    Config
	kit       *web.Kit
	countries map[string][]country
	shows     map[place]func(*turn) error // what shows each page
	log       *slog.Logger
}

// Steps lists the kinds of step that the pages can show, for [usher.Known].
func Steps() []usher.StepKind {
	return []usher.StepKind{usher.StepConsent, usher.StepDetails, usher.StepContact, usher.StepDocument, usher.StepSelfie, usher.StepProofOfAddress}
}

// New reads the pages' files and gives their handler.
func New(c Config) (*Hosted, error) {
	if c.Service == nil || c.Files == nil || c.Intake == nil || c.Preview == nil {
		return nil, fmt.Errorf("hosted: Service, Files, Intake and Preview must be given")
	}
	c.MaxUpload, c.MaxVideo = cmp.Or(c.MaxUpload, DefaultMaxUpload), cmp.Or(c.MaxVideo, DefaultMaxVideo)
	if len(c.Key) == 0 {
		c.Key = make([]byte, 32)
		if _, err := rand.Read(c.Key); err != nil {
			return nil, fmt.Errorf("draw a key: %w", err)
		}
	}
	kit, err := web.New(web.Config{Files: c.Files, Area: "hosted", Base: c.Base, Styles: []string{"base.css", "hosted.css"}, Secure: c.Secure, Log: c.Log})
	if err != nil {
		return nil, err
	}
	h := &Hosted{config: c, kit: kit, countries: countries(kit.Catalog()), shows: map[place]func(*turn) error{}, log: cmp.Or(c.Log, slog.Default())}
	h.routes()
	return h, nil
}

// Routes lists every page. Those below a session are for the applicant whose browser has it; the rest hold a secret in their address, or none.
func (h *Hosted) Routes() []api.Route {
	var list []api.Route
	for _, pattern := range h.kit.Patterns() {
		may := usher.ActEnter
		if strings.Contains(pattern, " /f/") {
			may = usher.ActGoOn
		}
		list = append(list, api.Route{Pattern: pattern, Actions: []usher.Action{may}})
	}
	return list
}

// ServeHTTP answers everything below the base.
func (h *Hosted) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.kit.ServeHTTP(w, r) }

func (h *Hosted) routes() {
	h.kit.Handle("GET /s/{token}", web.Route{FirstPage: true}, h.showLink)
	h.kit.Handle("POST /s/{token}", web.Route{}, h.start)
	h.kit.Handle("GET /brand/{tenant}/{hash}/style.css", web.Route{}, h.style)
	h.kit.Handle("GET /brand/{tenant}/{hash}/logo", web.Route{}, h.logo)
	h.kit.Handle("GET /help", web.Route{}, h.help)
	h.kit.Handle("POST /s/{token}/ask", web.Route{}, h.askByLink)
	h.kit.Handle("POST /f/{session}/ask", web.Route{}, h.visit((*turn).ask))
	h.kit.Handle("GET /s/{token}/help", web.Route{}, h.linkHelp)
	for _, method := range []string{"GET", "POST"} {
		h.kit.Handle(method+" /f/{session}", web.Route{}, h.visit((*turn).goHome))
		h.kit.Handle(method+" /f/{session}/help", web.Route{}, h.visit((*turn).showHelp))
	}
	h.kit.Handle("POST /f/{session}/seen", web.Route{MaxBody: mostSeen}, h.visit((*turn).seen))
	h.kit.Handle("GET /f/{session}/state", web.Route{}, h.visit((*turn).tellState))
	h.kit.Handle("GET /f/{session}/evidence/{id}", web.Route{}, h.visit((*turn).preview))

	h.page(atConsent, web.Route{}, (*turn).showConsent, (*turn).consent)
	h.page(atDecline, web.Route{}, (*turn).showDecline, (*turn).decline)
	for _, topic := range topics {
		h.page(topic.at, web.Route{}, (*turn).showDetails, (*turn).details)
	}
	h.kit.Handle("GET /h/{token}", web.Route{}, h.showHandoff)
	h.kit.Handle("POST /h/{token}", web.Route{}, h.takeHandoff)
	h.kit.Handle("GET /f/{session}/phone", web.Route{}, h.visit((*turn).showPhone))
	h.kit.Handle("POST /f/{session}/phone", web.Route{}, h.visit((*turn).beginPhone))
	h.kit.Handle("GET /f/{session}/phone/state", web.Route{}, h.visit((*turn).phoneState))
	for _, method := range []string{"GET", "POST"} { // while the phone has the session every page of the computer's is this one
		h.kit.Handle(method+" /f/{session}/phone/follow", web.Route{}, h.visit((*turn).goHome))
	}
	h.page(atCode, web.Route{}, (*turn).showCode, (*turn).code)
	h.page(atDocument, web.Route{}, (*turn).showDocument, (*turn).chooseDocument)
	upload := web.Route{MaxBody: mostBody, ReadTimeout: uploadSilence}
	camera := web.Route{MaxBody: mostBody, ReadTimeout: uploadSilence, Camera: true}
	for _, sub := range subjects {
		h.parts(sub)
		h.page(sub.at, upload, (*turn).showPhoto, (*turn).upload)
		if sub.at == atVideo { // it is played back before it is sent, where it was recorded
			h.page(sub.camera(), camera, (*turn).showRecorder, (*turn).capture)
			continue
		}
		h.page(sub.check(), web.Route{}, (*turn).showCheck, (*turn).use)
		if sub.facing != "" {
			h.page(sub.camera(), camera, (*turn).showCamera, (*turn).capture)
		}
	}
	h.page(atChallenge, camera, (*turn).showChallenge, (*turn).challenge)
	h.page(atAnswers, web.Route{}, (*turn).showAnswers, (*turn).send)
	h.page(atRedo, web.Route{}, (*turn).showRedo, (*turn).beginRedo)
	h.page(atWaiting, web.Route{}, (*turn).showWaiting, nil)
	h.kit.Handle("GET /f/{session}/receipt", web.Route{}, h.visit((*turn).showReceipt))
	for _, as := range []place{atReceiptFile, atReceiptJSON} {
		h.kit.Handle("GET /f/{session}/"+string(as), web.Route{}, h.visit(func(t *turn) error { return t.giveReceipt(as) }))
	}
	h.page(atDone, web.Route{}, (*turn).showDone, nil)
	h.page(atEnded, web.Route{}, (*turn).showEnded, nil)
}

// help needs no visit: who cannot get in needs it most.
func (h *Hosted) help(w http.ResponseWriter, r *http.Request) error {
	if h.kit.PickLanguage(w, r) {
		return nil
	}
	return h.kit.Render(w, r, web.Page{Name: "help"})
}

// linkHelp is the same for a link that is not opened yet: in a frame every page must know whose it is.
func (h *Hosted) linkHelp(w http.ResponseWriter, r *http.Request) error {
	v, err := h.config.Service.LookLink(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	t := &turn{h: h, w: w, r: r}
	if err := t.enter(v); err != nil {
		return err
	}
	return t.display(web.Page{Name: "help"})
}
