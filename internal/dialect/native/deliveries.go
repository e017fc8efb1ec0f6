package native

import (
	"context"
	"net/http"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

func (s *server) deliveryRoutes() {
	handle(s, route{
		method: http.MethodGet, path: "/v1/deliveries", id: "list_deliveries", tag: tagWebhooks, may: usher.ActSeeSettings,
		summary: "List deliveries", about: "Newest first.",
	}, s.listDeliveries)
	handle(s, route{
		method: http.MethodGet, path: "/v1/deliveries/{id}", id: "get_delivery", tag: tagWebhooks, may: usher.ActSeeSettings,
		summary: "Read a delivery with every try",
	}, s.getDelivery)
	handle(s, route{
		method: http.MethodPost, path: "/v1/deliveries/{id}/resend", id: "resend_delivery", tag: tagWebhooks, may: usher.ActSendAgain,
		summary: "Send a delivery again", about: "Queues the same bytes again.",
	}, s.resend)
}

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	ID          string `json:"id" doc:"Id of the delivery; sent in the header webhook-id." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e65"`
	EndpointID  string `json:"endpoint_id" doc:"Endpoint it goes to." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e64"`
	EventID     string `json:"event_id,omitempty" doc:"Event it tells; none of a ping." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e63"`
	EventType   string `json:"event_type" doc:"Type of the event." example:"session.approved"`
	EventName   string `json:"event_name" doc:"Name of the event in the words of the endpoint's dialect." example:"session.approved"`
	ApplicantID string `json:"applicant_id,omitempty" doc:"Applicant it is about." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
	SessionID   string `json:"session_id,omitempty" doc:"Session it is about." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e60"`
	Status      string `json:"status" enum:"pending,delivered,dead" doc:"Where it stands; dead after the last try failed." example:"delivered"`
	Attempts    int    `json:"attempts" doc:"How often it was tried." example:"1"`
	NextTryAt   stamp  `json:"next_try_at,omitzero" doc:"When it is tried next, while pending."`
	CreatedAt   stamp  `json:"created_at" doc:"When it was queued."`
	DoneAt      stamp  `json:"done_at,omitzero" doc:"When it was delivered or given up."`
}

type deliveryLog struct {
	Delivery

	Tries []try `json:"tries" nullable:"false" doc:"Every try, oldest first."`
}

type try struct {
	Number    int    `json:"number" doc:"Which try, from 1." example:"1"`
	At        stamp  `json:"at" doc:"When."`
	Status    int    `json:"status" doc:"HTTP status of the answer, 0 without one." example:"204"`
	LatencyMS int64  `json:"latency_ms" doc:"Time till the answer, in milliseconds." example:"31"`
	Answer    string `json:"answer,omitempty" doc:"First KB of the answer." example:"ok"`
	Error     string `json:"error,omitempty" doc:"Why there was no answer." example:"connection refused"`
}

func deliveryOf(d usher.Delivery) Delivery {
	out := Delivery{
		ID: d.ID, EndpointID: d.EndpointID, EventID: d.EventID, EventType: string(d.EventType), EventName: d.Message.Event,
		ApplicantID: d.ApplicantID, SessionID: d.SessionID, Status: string(d.Status), Attempts: d.Attempts, CreatedAt: stamp{d.CreatedAt},
		DoneAt: stamp{d.DoneAt},
	}
	if d.Status == usher.DeliveryPending {
		out.NextTryAt = stamp{d.DueAt}
	}
	return out
}

func tryOf(a usher.DeliveryAttempt) try {
	return try{Number: a.Number, At: stamp{a.At}, Status: a.Status, LatencyMS: a.LatencyMS, Answer: a.Answer, Error: a.Error}
}

type listDeliveriesInput struct {
	Paged

	EndpointID string `query:"endpoint_id" maxLength:"100" doc:"Only those to one endpoint." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e64"`
	SessionID  string `query:"session_id" maxLength:"100" doc:"Only those about one session." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e60"`
	Status     string `query:"status" enum:"pending,delivered,dead" doc:"Only those that stand there." example:"dead"`
}

func (s *server) listDeliveries(ctx context.Context, p api.Principal, in *listDeliveriesInput) (*answer[page[Delivery]], error) {
	found, err := s.Service.ListDeliveries(ctx, p.Tenant(), usher.DeliveryFilter{
		Paging: in.paging(), EndpointID: in.EndpointID, SessionID: in.SessionID, Status: usher.DeliveryStatus(in.Status),
	})
	if err != nil {
		return nil, api.CursorError(err)
	}
	return &answer[page[Delivery]]{Body: pageOf(found, deliveryOf)}, nil
}

func (s *server) getDelivery(ctx context.Context, p api.Principal, in *ByID) (*answer[deliveryLog], error) {
	d, tries, err := s.Service.Delivery(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[deliveryLog]{Body: deliveryLog{Delivery: deliveryOf(d), Tries: each(tries, tryOf)}}, nil
}

func (s *server) resend(ctx context.Context, p api.Principal, in *ByID) (*answer[Delivery], error) {
	d, err := s.Service.Resend(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[Delivery]{Body: deliveryOf(d)}, nil
}
