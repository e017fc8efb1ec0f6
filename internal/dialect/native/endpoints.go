package native

import (
	"context"
	"net/http"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

const (
	tagWebhooks  = "webhooks"
	endpointPath = "/v1/webhook_endpoints/{id}"
)

func (s *server) endpointRoutes() {
	add := func(method, path, id, summary, about string) route {
		return route{method: method, path: path, id: id, tag: tagWebhooks, may: usher.ActManageEndpoints, summary: summary, about: about}
	}
	create := add(http.MethodPost, "/v1/webhook_endpoints", "create_webhook_endpoint", "Register a webhook endpoint",
		"The answer holds the secret that signs what is sent, which is shown only now. Sends are signed as Standard Webhooks say: headers "+
			"webhook-id, webhook-timestamp and webhook-signature.")
	create.status = http.StatusCreated
	handle(s, create, s.createEndpoint)
	list := add(http.MethodGet, "/v1/webhook_endpoints", "list_webhook_endpoints", "List webhook endpoints", "")
	list.may = usher.ActSeeSettings
	handle(s, list, s.listEndpoints)
	read := add(http.MethodGet, endpointPath, "get_webhook_endpoint", "Read a webhook endpoint", "")
	read.may = usher.ActSeeSettings
	handle(s, read, s.getEndpoint)
	handle(s, add(http.MethodPatch, endpointPath, "update_webhook_endpoint", "Change a webhook endpoint",
		"Members that are left out stay. `enabled: true` takes up an endpoint again that was disabled."), s.updateEndpoint)
	remove := add(http.MethodDelete, endpointPath, "delete_webhook_endpoint", "Remove a webhook endpoint", "What was to be sent to it is not sent any more.")
	remove.status = http.StatusNoContent
	handle(s, remove, s.deleteEndpoint)
	ping := add(http.MethodPost, endpointPath+"/test", "test_webhook_endpoint", "Send a ping",
		"Queues an event of type `ping` and gives its delivery; read the delivery to see how it went.")
	ping.may = usher.ActSendAgain
	handle(s, ping, s.testEndpoint)
	handle(s, add(http.MethodPost, endpointPath+"/rotate_secret", "rotate_webhook_secret", "Make a new secret",
		"The answer holds the new secret, which is shown only now. The old one signs as well until the next change, so that you can change over without missing anything."), s.rotateSecret)
	replay := add(http.MethodPost, endpointPath+"/replay", "replay_webhooks", "Send again",
		"Queues again what the endpoint was sent: one event, or everything since a moment.")
	replay.may = usher.ActSendAgain
	handle(s, replay, s.replay)
}

// Endpoint is where events are sent.
type Endpoint struct {
	ID        string            `json:"id" doc:"Id of the endpoint." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e64"`
	URL       string            `json:"url" doc:"Where events are sent." example:"https://client.example/hooks/usher"`
	Dialect   string            `json:"dialect" doc:"Whose shapes are sent." example:"native"`
	Events    []string          `json:"events" nullable:"false" doc:"Types of event it gets; [\"*\"] is all." example:"[\"*\"]"`
	Origin    string            `json:"origin" enum:"same,any" doc:"same: only sessions that came in through the dialect. any: those of every dialect." example:"same"`
	Order     string            `json:"order" enum:"session" doc:"Events of one session come in their order; sessions do not wait for each other." example:"session"`
	Auth      shownAuth         `json:"auth" doc:"How usher proves itself, beside the signature. Secrets are not shown."`
	Names     []string          `json:"names,omitempty" nullable:"false" doc:"Names of messages in the words of the dialect, where it gets only some." example:"[\"KycIdentification.Approved\"]"`
	Headers   map[string]string `json:"headers,omitempty" doc:"Headers of your own." example:"{\"X-Tenant\":\"north\"}"`
	Enabled   bool              `json:"enabled" doc:"Whether it gets anything." example:"true"`
	Disabled  string            `json:"disabled_reason,omitempty" doc:"Why it gets nothing." example:"it failed for 120 hours"`
	CreatedAt stamp             `json:"created_at" doc:"When it was registered."`
	UpdatedAt stamp             `json:"updated_at" doc:"When it changed last."`
}

// secretEndpoint is an endpoint with the secret that is shown once.
type secretEndpoint struct {
	Endpoint

	Secret string `json:"secret" doc:"Signs what is sent; verify with it. Shown only now." example:"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"`
}

type shownAuth struct {
	Type     string `json:"type" enum:"none,basic,header,oauth2,hmac" doc:"The way." example:"basic"`
	Username string `json:"username,omitempty" doc:"Of basic." example:"usher"`
	Name     string `json:"name,omitempty" doc:"Name of the header." example:"X-Api-Key"`
	TokenURL string `json:"token_url,omitempty" doc:"Of oauth2: where tokens are got." example:"https://client.example/oauth/token"`
	ClientID string `json:"client_id,omitempty" doc:"Of oauth2." example:"usher"`
}

func endpointOf(e usher.Endpoint) Endpoint {
	out := Endpoint{
		ID: e.ID, URL: e.URL, Dialect: e.Dialect, Events: text(e.Events), Origin: "same", Order: "session",
		Auth: shownAuth{
			Type: e.Auth.Type, Username: e.Auth.Username, Name: e.Auth.Name, TokenURL: e.Auth.TokenURL, ClientID: e.Auth.ClientID,
		},
		Names: e.Names, Headers: e.Headers, Enabled: e.Disabled == "", Disabled: e.Disabled, CreatedAt: stamp{e.CreatedAt}, UpdatedAt: stamp{e.UpdatedAt},
	}
	if len(out.Events) == 0 {
		out.Events = []string{"*"}
	}
	if e.AnyOrigin {
		out.Origin = "any"
	}
	if out.Auth.Type == "" {
		out.Auth.Type = "none"
	}
	return out
}

// secretEndpointOf shows the secret that signs from now on.
func secretEndpointOf(e usher.Endpoint) secretEndpoint {
	out := secretEndpoint{Endpoint: endpointOf(e)}
	if len(e.Secrets) > 0 {
		out.Secret = e.Secrets[0]
	}
	return out
}

func (s *server) createEndpoint(ctx context.Context, p api.Principal, in *struct{ Body newEndpoint }) (*made[secretEndpoint], error) {
	if err := in.Body.check(s.Config); err != nil {
		return nil, err
	}
	e, err := s.Service.CreateEndpoint(ctx, p.Tenant(), in.Body.domain())
	if err != nil {
		return nil, err
	}
	return &made[secretEndpoint]{Location: "/v1/webhook_endpoints/" + e.ID, Body: secretEndpointOf(e)}, nil
}

func (s *server) listEndpoints(ctx context.Context, p api.Principal, _ *struct{}) (*answer[page[Endpoint]], error) {
	list, err := s.Service.Endpoints(ctx, p.Tenant())
	if err != nil {
		return nil, err
	}
	return &answer[page[Endpoint]]{Body: page[Endpoint]{Data: each(list, endpointOf)}}, nil
}

func (s *server) getEndpoint(ctx context.Context, p api.Principal, in *ByID) (*answer[Endpoint], error) {
	e, err := s.Service.Endpoint(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[Endpoint]{Body: endpointOf(e)}, nil
}

type updateEndpointInput struct {
	ByID

	Body endpointPatch
}

func (s *server) updateEndpoint(ctx context.Context, p api.Principal, in *updateEndpointInput) (*answer[Endpoint], error) {
	if err := in.Body.check(s.Config); err != nil {
		return nil, err
	}
	e, err := s.Service.Endpoint(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.words(e.Dialect, in.Body.Names, in.Body.Auth); err != nil {
		return nil, err
	}
	e, err = s.Service.UpdateEndpoint(ctx, p.Tenant(), in.ID, func(e *usher.Endpoint) { *e = in.Body.apply(*e) })
	if err != nil {
		return nil, err
	}
	return &answer[Endpoint]{Body: endpointOf(e)}, nil
}

func (s *server) deleteEndpoint(ctx context.Context, p api.Principal, in *ByID) (*struct{}, error) {
	return nil, s.Service.DeleteEndpoint(ctx, p.Tenant(), in.ID)
}

func (s *server) testEndpoint(ctx context.Context, p api.Principal, in *ByID) (*answer[Delivery], error) {
	d, err := s.Service.TestEndpoint(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[Delivery]{Body: deliveryOf(d)}, nil
}

func (s *server) rotateSecret(ctx context.Context, p api.Principal, in *ByID) (*answer[secretEndpoint], error) {
	e, err := s.Service.RotateSecret(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[secretEndpoint]{Body: secretEndpointOf(e)}, nil
}

type replayBody struct {
	EventID string `json:"event_id,omitempty" maxLength:"100" doc:"One event; this or since." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e63"`
	Since   stamp  `json:"since,omitzero" doc:"Everything from this moment on; this or event_id."`
}

type replayInput struct {
	ByID

	Body replayBody
}

type replayed struct {
	Queued int `json:"queued" doc:"How many deliveries were queued." example:"12"`
}

func (s *server) replay(ctx context.Context, p api.Principal, in *replayInput) (*answer[replayed], error) {
	b := in.Body
	if (b.EventID == "") == b.Since.IsZero() {
		return nil, usher.Invalid("event_id", "give either event_id or since")
	}
	var since time.Time
	if !b.Since.IsZero() {
		since = b.Since.UTC()
	}
	n, err := s.Service.Replay(ctx, p.Tenant(), in.ID, b.EventID, since)
	if err != nil {
		return nil, err
	}
	return &answer[replayed]{Body: replayed{Queued: n}}, nil
}
