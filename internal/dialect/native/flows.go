package native

import (
	"context"
	"net/http"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	flowtext "github.com/usher-kyc/usher/internal/flow"
)

const tagFlows = "flows"

func (s *server) flowRoutes() {
	handle(s, route{
		method: http.MethodGet, path: "/v1/flows", id: "list_flows", tag: tagFlows, may: usher.ActSeeSettings, summary: "List flows",
		about: "The newest version of each.",
	}, s.listFlows)
	handle(s, route{
		method: http.MethodGet, path: "/v1/flows/{name}", id: "get_flow", tag: tagFlows, may: usher.ActSeeSettings, summary: "Read a flow",
		about: "The newest version, with the text it was read from.",
	}, s.getFlow)
	handle(s, route{
		method: http.MethodPut, path: "/v1/flows/{name}", id: "publish_flow", tag: tagFlows, may: usher.ActManageFlows, command: true,
		summary: "Publish a new version of a flow",
		about:   "Sessions that have begun stay on the version they began with.",
	}, s.publishFlow)
	handle(s, route{
		method: http.MethodPost, path: "/v1/flows/check", id: "check_flow", tag: tagFlows, may: usher.ActSeeSettings, summary: "Check a flow",
		about: "Says what is wrong with a flow and how to mend it, without keeping it.",
	}, s.checkFlow)
}

// Flow is the list of steps a session goes through.
type Flow struct {
	Name      string     `json:"name" doc:"Name of the flow." example:"continuous"`
	Version   int        `json:"version" doc:"Version, from 1." example:"1"`
	Purpose   string     `json:"purpose" enum:"onboarding,identity_verification,proof_of_address" doc:"What its sessions are for." example:"onboarding"`
	ExpiresIn int64      `json:"expires_in" doc:"Seconds from link to deadline." example:"172800"`
	Attempts  int        `json:"attempts" doc:"Goes a session may take." example:"5"`
	Reissue   bool       `json:"reissue" doc:"Whether an expired session may get a new link." example:"false"`
	Steps     []flowStep `json:"steps" nullable:"false" doc:"The steps in their order."`
}

type flowStep struct {
	ID     string   `json:"id" doc:"Name of the step." example:"run"`
	Kind   string   `json:"kind" enum:"consent,details,contact,document,selfie,proof_of_address,run,decide,account" doc:"What it does." example:"run"`
	Checks []string `json:"checks,omitempty" nullable:"false" doc:"Checks of a run step." example:"[\"document\",\"face\"]"`
}

type flowWithSource struct {
	Flow

	Source string `json:"source" doc:"The text (YAML) that the flow was read from." example:"name: short\nsteps:\n  - document: {}\n  - run: [document]\n  - decide: {automatic: approve}\n"`
}

func flowOf(f usher.Flow) Flow {
	return Flow{
		Name: f.Name, Version: f.Version, Purpose: string(f.Purpose), ExpiresIn: int64(f.Expires.Seconds()), Attempts: f.Attempts,
		Reissue: f.Reissue, Steps: each(f.Steps, func(s usher.Step) flowStep {
			return flowStep{ID: s.ID, Kind: string(s.Kind), Checks: text(s.Checks)}
		}),
	}
}

type flowText struct {
	Source string `json:"source" minLength:"1" maxLength:"100000" doc:"The flow as YAML text." example:"name: short\nsteps:\n  - document: {}\n  - run: [document]\n  - decide: {automatic: approve}\n"`
}

// ByName is the part of a request that names a flow.
type ByName struct {
	Name string `path:"name" maxLength:"100" doc:"Name of the flow." example:"continuous"`
}

func (s *server) listFlows(ctx context.Context, p api.Principal, _ *struct{}) (*answer[page[Flow]], error) {
	list, err := s.Service.Flows(ctx, p.Tenant())
	if err != nil {
		return nil, err
	}
	return &answer[page[Flow]]{Body: page[Flow]{Data: each(list, flowOf)}}, nil
}

func (s *server) getFlow(ctx context.Context, p api.Principal, in *ByName) (*answer[flowWithSource], error) {
	f, err := s.Service.Flow(ctx, p.Tenant(), in.Name)
	if err != nil {
		return nil, err
	}
	source, err := s.Service.FlowSource(ctx, p.Tenant(), in.Name)
	if err != nil {
		return nil, err
	}
	return &answer[flowWithSource]{Body: flowWithSource{Flow: flowOf(f), Source: source}}, nil
}

type publishFlowInput struct {
	ByName

	Body flowText
}

func (s *server) publishFlow(ctx context.Context, p api.Principal, in *publishFlowInput) (*answer[flowWithSource], error) {
	f, problems := flowtext.Parse(in.Body.Source, s.Known)
	if err := flowProblems(problems); err != nil {
		return nil, err
	}
	if f.Name != in.Name {
		return nil, usher.Invalid("source", "the flow's name and the one in the address differ")
	}
	f, err := s.Service.PublishFlow(ctx, p.Tenant(), f, in.Body.Source)
	if err != nil {
		return nil, err
	}
	return &answer[flowWithSource]{Body: flowWithSource{Flow: flowOf(f), Source: in.Body.Source}}, nil
}

// flowProblems tells all problems of a flow at once.
func flowProblems(problems []flowtext.Problem) error {
	var all invalids
	for _, p := range problems {
		all = append(all, &usher.Error{Code: usher.CodeInvalid, Field: "source", Detail: "flow_problem", Message: p.String()})
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

type flowVerdict struct {
	OK       bool          `json:"ok" doc:"Whether the flow can be published." example:"false"`
	Problems []flowProblem `json:"problems" nullable:"false" doc:"What is wrong, in the order of the steps."`
}

type flowProblem struct {
	Line    int    `json:"line" doc:"Line of the text, from 1." example:"4"`
	Message string `json:"message" doc:"What is wrong." example:"unknown check \"documnt\""`
	Cure    string `json:"cure" doc:"What to do about it." example:"use one of [age document face]"`
}

func (s *server) checkFlow(_ context.Context, _ api.Principal, in *struct{ Body flowText }) (*answer[flowVerdict], error) {
	_, problems := flowtext.Parse(in.Body.Source, s.Known)
	return &answer[flowVerdict]{Body: flowVerdict{
		OK: len(problems) == 0, Problems: each(problems, func(p flowtext.Problem) flowProblem { return flowProblem(p) }),
	}}, nil
}
